//! The share of rejected records among the newest ones, and whether it is an
//! alarm. Nothing stops for it: a gauge is raised, for whoever watches.
//!
//! The window is counted in records, not in time, so that a quiet night keeps
//! what was last seen, and it is one for all workers of the process, as the
//! gauges are. It moves by whole cycles of workers: a topic's window holds its
//! newest cycles with `window_records` records or more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use metrics::gauge;
use throughline_proto::topics::RawTopic;
use throughline_stream::metric_names as names;

/// When rejected records are an alarm.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ShareLimits {
    /// The largest share of a topic's window that may be rejected, 0 to 1.
    pub max_share: f64,
    /// How many of a topic's newest records the window holds.
    pub window_records: u64,
}

impl Default for ShareLimits {
    fn default() -> Self {
        Self {
            max_share: 0.05,
            window_records: 1_000,
        }
    }
}

/// The windows of all topics, shared by the workers of a process.
#[derive(Clone, Debug)]
pub struct RejectedShares {
    limits: ShareLimits,
    windows: Arc<Mutex<[Window; RawTopic::ALL.len()]>>,
}

impl RejectedShares {
    /// Empty windows.
    pub fn new(limits: ShareLimits) -> Self {
        Self {
            limits,
            windows: Arc::default(),
        }
    }

    /// Takes in a cycle's records of a topic and sets the topic's gauges.
    pub(crate) fn report(&self, topic: RawTopic, cycle: Counted) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = &mut windows[topic as usize];
        window.add(cycle, self.limits.window_records);
        // The gauges are set under the lock, or an older state could come last.
        let name = topic.name();
        gauge!(names::INGEST_REJECTED_SHARE, "topic" => name).set(window.share());
        let is_exceeded = window.exceeds(self.limits);
        gauge!(names::INGEST_REJECTED_SHARE_EXCEEDED, "topic" => name).set(if is_exceeded {
            1.0
        } else {
            0.0
        });
    }
}

/// Records, and those of them that were rejected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) records: u64,
    pub(crate) rejected: u64,
}

/// The newest cycles of a topic. Each has a record at least, so there are no
/// more of them than the window has records.
#[derive(Debug, Default)]
struct Window {
    cycles: VecDeque<Counted>,
    total: Counted,
}

impl Window {
    fn add(&mut self, cycle: Counted, window_records: u64) {
        if cycle.records == 0 {
            return;
        }
        self.cycles.push_back(cycle);
        self.total.records += cycle.records;
        self.total.rejected += cycle.rejected;
        while let Some(oldest) = self.cycles.front().copied()
            && self.total.records - oldest.records >= window_records
        {
            self.total.records -= oldest.records;
            self.total.rejected -= oldest.rejected;
            self.cycles.pop_front();
        }
    }

    fn share(&self) -> f64 {
        match self.total.records {
            0 => 0.0,
            records => self.total.rejected as f64 / records as f64,
        }
    }

    /// Until the window is full it is judged as if only good records were
    /// missing, or the first bad record of all would be an alarm.
    fn exceeds(&self, limits: ShareLimits) -> bool {
        let records = self.total.records.max(limits.window_records);
        self.total.rejected as f64 > limits.max_share * records as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ShareLimits = ShareLimits {
        max_share: 0.25,
        window_records: 8,
    };

    fn window(cycles: &[(u64, u64)]) -> Window {
        let mut window = Window::default();
        for (records, rejected) in cycles {
            let cycle = Counted {
                records: *records,
                rejected: *rejected,
            };
            window.add(cycle, LIMITS.window_records);
        }
        window
    }

    #[track_caller]
    fn check(cycles: &[(u64, u64)], share: f64, is_exceeded: bool) {
        let window = window(cycles);
        assert!((window.share() - share).abs() < 1e-9, "{}", window.share());
        assert_eq!(window.exceeds(LIMITS), is_exceeded, "{cycles:?}");
    }

    #[test]
    fn the_alarm_is_raised_above_the_limit_and_falls_again() {
        check(&[], 0.0, false);
        check(&[(8, 2)], 0.25, false);
        check(&[(8, 3)], 0.375, true);
        check(&[(8, 8), (4, 0)], 8.0 / 12.0, true);
        check(&[(8, 8), (4, 0), (4, 0)], 0.0, false);
    }

    #[test]
    fn a_few_records_are_no_alarm_before_the_window_is_full() {
        check(&[(1, 1)], 1.0, false);
        check(&[(1, 1), (1, 1)], 1.0, false);
        check(&[(1, 1), (1, 1), (1, 1)], 1.0, true);
    }

    #[test]
    fn the_window_is_bounded_and_a_large_cycle_fills_it_alone() {
        let cycles: Vec<_> = (0..1000).map(|_| (1, 0)).collect();
        assert_eq!(window(&cycles).cycles.len(), 8);
        check(&[(8, 8), (1000, 10)], 0.01, false);
        assert_eq!(window(&[(8, 8), (1000, 10)]).cycles.len(), 1);
        assert_eq!(window(&[(0, 0)]).cycles.len(), 0);
    }
}
