//! When to try again, and what to say of it: pauses double up to a bound, and
//! the log has one line when trouble begins or changes and one when it ends.

use std::time::{Duration, Instant};

use crate::trouble::Trouble;

/// The state of tries. Without jitter: a sink does not compete with many.
#[derive(Debug)]
pub struct Retry {
    min: Duration,
    max: Duration,
    since: Option<Since>,
}

#[derive(Debug)]
struct Since {
    trouble: Trouble,
    began: Instant,
    failed: Instant,
    failures: u32,
}

impl Retry {
    /// Pauses from `min` to `max`.
    pub const fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max,
            since: None,
        }
    }

    /// A try failed.
    pub fn failed(&mut self, trouble: Trouble, table: &str, reason: &str) {
        let now = Instant::now();
        let known = self.since.as_ref().is_some_and(|s| s.trouble == trouble);
        if !known {
            tracing::warn!(
                kind = trouble.label(),
                table,
                reason,
                "clickhouse does not take rows; they wait, and are sent again until it does"
            );
        }
        let since = self.since.get_or_insert(Since {
            trouble,
            began: now,
            failed: now,
            failures: 0,
        });
        since.trouble = trouble;
        since.failed = now;
        since.failures = since.failures.saturating_add(1);
    }

    /// A try succeeded.
    pub fn succeeded(&mut self) {
        if let Some(since) = self.since.take() {
            tracing::info!(
                seconds = since.began.elapsed().as_secs_f64(),
                failures = since.failures,
                "clickhouse takes rows again"
            );
        }
    }

    /// Whether the last try failed.
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// How long to wait from now until the next try.
    pub fn pause(&self) -> Duration {
        self.since.as_ref().map_or(Duration::ZERO, |since| {
            self.delay(since.failures)
                .saturating_sub(since.failed.elapsed())
        })
    }

    fn delay(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.min.saturating_mul(1 << doublings).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_bound() {
        let retry = Retry::new(Duration::from_millis(100), Duration::from_secs(5));
        let delays: Vec<_> = [1, 2, 3, 6, 7, u32::MAX]
            .map(|failures| retry.delay(failures).as_millis())
            .into();
        assert_eq!(delays, [100, 200, 400, 3200, 5000, 5000]);
    }

    #[test]
    fn a_success_ends_the_waiting() {
        let mut retry = Retry::new(Duration::from_mins(1), Duration::from_mins(1));
        assert!(retry.pause().is_zero());
        retry.failed(Trouble::Overloaded, "t", "too many parts");
        assert!(retry.is_waiting() && !retry.pause().is_zero());
        retry.succeeded();
        assert!(!retry.is_waiting() && retry.pause().is_zero());
    }
}
