//! The thread that writes snapshots, one after the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use throughline_stream::Stop;

use super::error::SnapshotError;
use super::place::Place;
use super::save::save;
use crate::error::ProcessorError;
use crate::metrics as report;
use crate::store::FjallStore;

/// How often it is looked whether a snapshot is due.
const GLANCE: Duration = Duration::from_millis(500);
/// How long after a warning the next one may come.
const WARN_AGAIN: Duration = Duration::from_mins(1);

/// When snapshots are written, and how many are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// How long after one the next snapshot of a partition is due.
    pub interval: Duration,
    /// How many are kept of a partition.
    pub keep: usize,
}

/// Writes snapshots of the partitions that this process has. The fold does not
/// know of it, and does not wait for it.
pub struct Maker {
    place: Place,
    store: FjallStore,
    schedule: Schedule,
    stop: Stop,
    /// Since when no snapshot of a partition was looked after.
    since: BTreeMap<u32, Instant>,
    /// When the newest snapshot of a partition was found or written, or the
    /// partition was first had.
    newest: BTreeMap<u32, Instant>,
    warned: Option<Instant>,
}

impl Maker {
    /// Snapshots of what is in this store.
    pub const fn new(place: Place, store: FjallStore, schedule: Schedule, stop: Stop) -> Self {
        Self {
            place,
            store,
            schedule,
            stop,
            since: BTreeMap::new(),
            newest: BTreeMap::new(),
            warned: None,
        }
    }

    /// Works until a stop is requested. Nothing that fails here is a reason to
    /// end: the log holds everything.
    pub fn run(mut self) {
        while !self.stop.sleep(GLANCE.min(self.schedule.interval)) {
            let held = self.store.held();
            for partition in &held {
                self.since.entry(*partition).or_insert_with(Instant::now);
                self.newest.entry(*partition).or_insert_with(Instant::now);
            }
            self.since.retain(|partition, _| held.contains(partition));
            self.newest.retain(|partition, since| {
                let is_held = held.contains(partition);
                let age = if is_held {
                    since.elapsed()
                } else {
                    Duration::ZERO
                };
                report::snapshot_age(*partition, age);
                is_held
            });
            if let Some(partition) = self.due() {
                self.write(partition);
            }
        }
    }

    /// The partition that has waited longest, if it has waited long enough.
    fn due(&self) -> Option<u32> {
        let (partition, since) = self.since.iter().min_by_key(|(_, since)| **since)?;
        (since.elapsed() >= self.schedule.interval).then_some(*partition)
    }

    fn write(&mut self, partition: u32) {
        let begun = Instant::now();
        let keep = self.schedule.keep;
        match save(&self.place, &self.store, partition, keep, &self.stop) {
            Ok(saved) => {
                self.since.insert(partition, begun);
                self.newest.insert(partition, begun);
                self.warned = None;
                if let Some(saved) = saved {
                    report::saved(&saved);
                    tracing::debug!(
                        partition,
                        snapshot = saved.name,
                        keys = saved.keys,
                        bytes = saved.stored_bytes,
                        seconds = saved.took.as_secs_f64(),
                        "wrote a snapshot"
                    );
                }
            }
            Err(ProcessorError::Snapshot(SnapshotError::Stopped)) => {}
            Err(error) => {
                report::failed_snapshot();
                // What ails one partition's snapshots mostly ails all.
                let now = Instant::now();
                self.since.values_mut().for_each(|since| *since = now);
                if self.warned.is_none_or(|at| at.elapsed() >= WARN_AGAIN) {
                    self.warned = Some(now);
                    let next = self.schedule.interval.as_secs_f64();
                    tracing::warn!(
                        %error,
                        partition,
                        "no snapshot was written; the fold goes on, and the next attempt is in {next} s"
                    );
                }
            }
        }
    }
}
