//! Whether records come as they are written, or from a backlog. Workers go
//! about a backlog in another manner: nothing of it is fresh anyway, so it is
//! worked off in larger pieces. No figure depends on it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Records that were written longer ago, when they are read, are a backlog.
const AGE_MS: i64 = 2_000;

/// Whether a record that is read now was written long ago.
pub fn is_backlog(timestamp_ms: i64) -> bool {
    now_ms() - timestamp_ms > AGE_MS
}

/// The machine's clock, epoch milliseconds: only to tell how fresh something is.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_millis() as i64
}
