//! The role: poll, convert, publish, wait for the acknowledgements, commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use throughline_stream::{
    Polled, Position, Publish, Record, Role, Source, Step, StreamError, TopicPartition,
};

use crate::config::{Config, Limits};
use crate::convert::{Converter, runs};
use crate::tally::StageTimes;
use crate::tenant::TenantError;

/// Why ingest cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Settings that cannot be used.
    #[error("invalid settings: {}", list(.0))]
    Settings(Vec<TenantError>),
    /// The stream failed. The worker must be made anew: what it had not
    /// committed is read again.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

fn list(errors: &[TenantError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

/// Reads raw topics and writes `events`.
#[derive(Debug)]
pub struct Ingest<S, P> {
    source: S,
    publish: P,
    converter: Converter,
    positions: BTreeMap<TopicPartition, i64>,
    pub(crate) limits: Limits,
    /// Something may have been lost on its way out, so nothing is committed any more.
    has_failed: bool,
}

/// What a cycle's polls gave.
#[derive(Clone, Copy, Default)]
struct Gathered {
    records: usize,
    is_rebalanced: bool,
}

impl<S: Source, P: Publish> Ingest<S, P> {
    /// A worker that has read nothing yet.
    pub fn new(config: Config, source: S, publish: P) -> Result<Self, IngestError> {
        let limits = config.limits;
        let converter = Converter::new(config).map_err(IngestError::Settings)?;
        Ok(Self {
            source,
            publish,
            converter,
            positions: BTreeMap::new(),
            limits,
            has_failed: false,
        })
    }

    fn cycle(&mut self) -> Result<Step, IngestError> {
        let mut times = StageTimes::default();
        let gathered = self.gather(&mut times)?;
        if gathered.records > 0 {
            self.settle(times)?;
        }
        Ok(if gathered.records > 0 || gathered.is_rebalanced {
            Step::Worked
        } else {
            Step::Idle
        })
    }

    /// Polls until there is enough for a cycle or no time left; converts what comes.
    fn gather(&mut self, times: &mut StageTimes) -> Result<Gathered, IngestError> {
        let linger = Duration::from_millis(self.limits.linger_ms);
        let mut wait = Duration::from_millis(self.limits.poll_wait_ms);
        // Time begins to count with the first record, not with an assignment before it.
        let mut deadline = None;
        let mut gathered = Gathered::default();
        while gathered.records < self.limits.cycle_records {
            let began = Instant::now();
            let room = self.limits.cycle_records - gathered.records;
            let polled = self.source.poll(room, wait)?;
            let polled_at = Instant::now();
            times.poll += polled_at - began;
            match polled {
                Polled::Assigned(_) => gathered.is_rebalanced = true,
                // What was read may still be committed, but only before the next poll.
                Polled::Revoked(_) => {
                    gathered.is_rebalanced = true;
                    break;
                }
                Polled::Records(records) if records.is_empty() => break,
                Polled::Records(records) => {
                    gathered.records += records.len();
                    self.converter.convert(&records, &mut self.publish)?;
                    self.remember(&records);
                    times.convert += polled_at.elapsed();
                    deadline.get_or_insert(polled_at + linger);
                }
            }
            if let Some(deadline) = deadline {
                wait = deadline.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    break;
                }
            }
        }
        Ok(gathered)
    }

    /// Remembers how far each partition was read: the last record of each run counts.
    fn remember(&mut self, records: &[Record]) {
        for last in runs(records).filter_map(<[Record]>::last) {
            let at = TopicPartition {
                topic: Arc::clone(&last.topic),
                partition: last.partition,
            };
            self.positions.insert(at, last.offset + 1);
        }
    }

    /// Publishes what is open, waits until it is safe, and commits.
    fn settle(&mut self, mut times: StageTimes) -> Result<(), IngestError> {
        let began = Instant::now();
        self.converter.publish_all(&mut self.publish)?;
        self.publish.flush()?;
        let flushed = Instant::now();
        times.publish = flushed - began;
        let positions: Vec<Position> = std::mem::take(&mut self.positions)
            .into_iter()
            .map(|(at, next_offset)| Position { at, next_offset })
            .collect();
        if !positions.is_empty() {
            self.source.commit(&positions)?;
        }
        times.commit = flushed.elapsed();
        self.converter.report(times);
        Ok(())
    }
}

impl<S: Source, P: Publish> Role for Ingest<S, P> {
    type Error = IngestError;

    fn step(&mut self) -> Result<Step, IngestError> {
        let stepped = self.cycle();
        self.has_failed |= stepped.is_err();
        stepped
    }

    fn finish(&mut self) -> Result<(), IngestError> {
        if self.has_failed {
            return Ok(());
        }
        self.settle(StageTimes::default())
    }
}
