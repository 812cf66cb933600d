//! The record of `events` by which a partition forgets its erased persons.
//!
//! The worker that has the partition writes it when nothing more is under way,
//! or when it was put off for long enough. So what is forgotten, and when, is a
//! function of the log like all else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The first byte: a batch of events begins with the number of its layout.
const MARK: u8 = b'P';

/// The value of the record.
pub fn encode() -> Vec<u8> {
    vec![MARK]
}

/// Whether a record is one.
pub fn is_purge(value: &[u8]) -> bool {
    value == [MARK]
}

/// When erased persons' facts are forgotten.
#[derive(Clone, Debug)]
pub enum When {
    /// When somebody says so who sees that nothing is under way any more.
    Told(Arc<Told>),
    /// When no record has come for `quiet`, at the latest after `delay`.
    /// Not so while a backlog is worked off.
    Later {
        /// How long no record has come.
        quiet: Duration,
        /// How long it may be put off.
        delay: Duration,
    },
}

/// Between the workers of a process and whoever sees the whole line.
#[derive(Debug, Default)]
pub struct Told {
    is_told: AtomicBool,
    waiting: AtomicUsize,
}

impl Told {
    /// How many journeys have facts that are to be forgotten.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// From now on they are, as soon as nothing is left to be read.
    pub fn tell(&self) {
        self.is_told.store(true, Ordering::Release);
    }

    /// A worker has so many, where it had `before`.
    pub(crate) fn update(&self, before: usize, now: usize) {
        self.waiting.fetch_add(now, Ordering::AcqRel);
        self.waiting.fetch_sub(before, Ordering::AcqRel);
    }
}

/// What a worker knows of the persons that a partition is to forget.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// When the oldest one was seen by this worker.
    since: Option<Instant>,
    /// The record is on its way.
    is_requested: bool,
    /// When a record came last.
    last_record: Instant,
}

impl Default for Waiting {
    /// Nothing is known yet.
    fn default() -> Self {
        Self {
            since: None,
            is_requested: false,
            last_record: Instant::now(),
        }
    }
}

impl Waiting {
    /// A record was applied, after which `waiting` journeys have facts to be forgotten.
    pub fn applied(&mut self, waiting: usize, is_purge: bool) {
        self.last_record = Instant::now();
        if is_purge || waiting == 0 {
            self.since = None;
            self.is_requested = false;
        }
        if waiting > 0 {
            self.since.get_or_insert(self.last_record);
        }
    }

    /// Whether the record is to be written now; it counts as written then.
    pub fn is_due(&mut self, when: &When) -> bool {
        let (false, Some(since)) = (self.is_requested, self.since) else {
            return false;
        };
        let is_due = match when {
            When::Told(told) => told.is_told.load(Ordering::Acquire),
            When::Later { quiet, delay } => {
                self.last_record.elapsed() >= *quiet || since.elapsed() >= *delay
            }
        };
        self.is_requested = is_due;
        is_due
    }
}
