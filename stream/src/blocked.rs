//! How long workers wait for others, so that an operator sees what holds the
//! line up: a role that mostly waits for records is not it, and what a busy one
//! waits for is.

use std::time::{Duration, Instant};

use metrics::{Counter, counter};

use crate::metric_names;

/// Time that workers of one role wait for one thing.
#[derive(Clone, Debug)]
pub struct Blocked(Counter);

impl Blocked {
    /// Known from now on, with no time yet. `on` is what is waited for, in a word.
    pub fn new(role: &str, on: &'static str) -> Self {
        let blocked = counter!(
            metric_names::STREAM_BLOCKED_MICROSECONDS_TOTAL,
            "role" => role.to_owned(), "on" => on
        );
        blocked.increment(0);
        Self(blocked)
    }

    /// Waits by doing this.
    pub fn wait<T>(&self, wait: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let result = wait();
        self.add(since.elapsed());
        result
    }

    /// So long was waited.
    pub fn add(&self, time: Duration) {
        self.0.increment(time.as_micros() as u64);
    }
}

/// The role of a worker by its client's name, `throughline-ROLE-NUMBER`.
pub(crate) fn role_of(client: &str) -> &str {
    let worker = client.strip_prefix("throughline-").unwrap_or(client);
    worker.rsplit_once('-').map_or(worker, |(role, _)| role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_counted_by_role() {
        for (client, role) in [
            ("throughline-ingest-0", "ingest"),
            ("throughline-produce", "produce"),
            ("test", "test"),
        ] {
            assert_eq!(role_of(client), role);
        }
    }

    #[test]
    fn waiting_gives_what_came_of_it() {
        assert_eq!(Blocked::new("ingest", "records").wait(|| 7), 7);
    }
}
