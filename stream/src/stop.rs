//! One flag by which everything is told to stop, and one deadline for it.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A request to stop, shared by all workers of a process.
///
/// It has two steps. Once *requested*, workers take nothing new and finish
/// what they have begun; once *expired*, waits for a broker that is away give
/// up. What is then left undone is done again after the next start.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    deadline: Arc<OnceLock<Instant>>,
}

impl Stop {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everything to stop within `patience`. Only the first call counts.
    pub fn request(&self, patience: Duration) {
        let now = Instant::now();
        let _ = self.deadline.set(now.checked_add(patience).unwrap_or(now));
    }

    /// Whether to take nothing new.
    pub fn is_requested(&self) -> bool {
        self.deadline.get().is_some()
    }

    /// Whether to wait for nothing more.
    pub fn is_expired(&self) -> bool {
        self.deadline
            .get()
            .is_some_and(|deadline| Instant::now() >= *deadline)
    }

    /// Sleeps, or less when a stop is requested meanwhile. Says whether one is.
    pub fn sleep(&self, time: Duration) -> bool {
        const STEP: Duration = Duration::from_millis(20);
        let mut left = time;
        while !left.is_zero() && !self.is_requested() {
            let step = left.min(STEP);
            std::thread::sleep(step);
            left -= step;
        }
        self.is_requested()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_requested_before_it_expires() {
        let stop = Stop::new();
        assert!(!stop.is_requested() && !stop.is_expired());
        stop.clone().request(Duration::from_hours(1));
        assert!(stop.is_requested() && !stop.is_expired());
        assert!(stop.sleep(Duration::from_hours(1)));

        let at_once = Stop::new();
        at_once.request(Duration::ZERO);
        assert!(at_once.is_expired());
    }
}
