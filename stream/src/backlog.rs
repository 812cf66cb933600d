//! Whether records come as they are written, or from a backlog. Workers go
//! about a backlog in another manner: nothing of it is fresh anyway, so it is
//! worked off in larger pieces. No figure depends on it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::record::{Header, Record};

/// Records that were written longer ago, when they are read, are a backlog.
const AGE_MS: i64 = 2_000;

/// What says that a record was made of old ones: the broker knows only when it
/// was made.
const HEADER: &str = "throughline-backlog";

/// Whether a record that is read now was written long ago, or made of one that was.
pub fn is_backlog(record: &Record) -> bool {
    is_old(record.timestamp_ms) || record.headers.iter().any(|header| header.name == HEADER)
}

/// The headers of a record that is made of others now, the newest of which was
/// written at this time (0: not known).
pub fn headers(newest_ms: i64) -> Vec<Header> {
    let header = || Header {
        name: HEADER.to_owned(),
        value: None,
    };
    let is_old = newest_ms > 0 && is_old(newest_ms);
    is_old.then(header).into_iter().collect()
}

fn is_old(timestamp_ms: i64) -> bool {
    now_ms() - timestamp_ms > AGE_MS
}

/// The machine's clock, epoch milliseconds: only to tell how fresh something is.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_millis() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_old_records_is_a_backlog() {
        let made_of = |newest_ms| Record {
            topic: "events".into(),
            partition: 0,
            offset: 0,
            timestamp_ms: now_ms(),
            key: None,
            value: None,
            headers: headers(newest_ms),
        };
        assert!(is_backlog(&made_of(now_ms() - AGE_MS - 1)));
        assert!(!is_backlog(&made_of(now_ms())));
        assert!(!is_backlog(&made_of(0)));
    }
}
