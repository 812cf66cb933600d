//! The record of `events` by which a partition forgets its erased persons.
//!
//! The worker that has the partition writes it when nothing more is under way,
//! or when it was put off for long enough. So what is forgotten, and when, is a
//! function of the log like all else.

use std::time::{Duration, Instant};

use crate::worker::Config;

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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// As soon as nothing is left to be read; nothing else counts as done before.
    Idle,
    /// When no record has come for `quiet`, at the latest after `delay`.
    Later {
        /// How long no record has come.
        quiet: Duration,
        /// How long it may be put off.
        delay: Duration,
    },
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

    /// There are some, and the record is not on its way.
    pub const fn is_open(&self) -> bool {
        self.since.is_some() && !self.is_requested
    }

    /// Whether the record is to be written now; it counts as written then.
    pub fn is_due(&mut self, config: &Config, is_idle: bool) -> bool {
        let (true, Some(since)) = (self.is_open(), self.since) else {
            return false;
        };
        let is_due = match config.purge {
            When::Idle => is_idle,
            When::Later { quiet, delay } => {
                self.last_record.elapsed() >= quiet || since.elapsed() >= delay
            }
        };
        self.is_requested = is_due;
        is_due
    }
}
