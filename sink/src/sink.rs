//! The sink as a role: rows from topics into ClickHouse.
//!
//! records → blocks by table → inserts → commit. Positions are committed only
//! when every row read up to them is acknowledged. While ClickHouse is away,
//! the blocks at hand wait, nothing more is read, and the backlog stays in
//! Kafka.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use throughline_stream::backlog::{is_backlog, now_ms};
use throughline_stream::{
    Blocked, Polled, Position, Record, Role, Source, Step, Stop, TopicPartition, metric_names,
};

use crate::blocks::{Block, Blocks};
use crate::client::{ClickHouse, chain};
use crate::config::Config;
use crate::error::SinkError;
use crate::insert::{Sent, insert};
use crate::retry::Retry;
use crate::rows::{self, dead_letters::dead_letter};
use crate::table::Table;
use crate::trouble::{Verdict, judge};

/// Records of one poll. With the size of a record of rows it bounds by how
/// much the blocks can exceed their limits.
const MAX_POLLED_RECORDS: usize = 64;
/// The longest a step waits for records, or for the next try.
const MAX_WAIT: Duration = Duration::from_millis(100);
/// While there is a backlog, blocks are inserted when they are full, or when
/// the first row has waited so long: nothing is fresh anyway, and few large
/// parts cost ClickHouse less than many small ones.
const BACKLOG_DELAY: Duration = Duration::from_secs(3);

/// Writes the rows of `rollups` and the records of `dead-letters`.
pub struct Sink<S> {
    config: Config,
    clickhouse: ClickHouse,
    source: S,
    stop: Stop,
    blocks: Blocks,
    /// Where to go on once all rows below are in their tables.
    positions: BTreeMap<TopicPartition, i64>,
    /// When the first of the waiting rows was read.
    waiting_since: Option<Instant>,
    /// What was read last was written long ago.
    is_behind: bool,
    /// The earliest timestamp of a waiting record, epoch milliseconds.
    oldest_ms: Option<i64>,
    /// Blocks that are sealed and not acknowledged.
    sealed: Vec<Block>,
    retry: Retry,
    blocked: Blocked,
}

impl<S: Source> Sink<S> {
    /// A sink of the source's topics. Nothing is asked of ClickHouse yet.
    pub fn new(config: Config, source: S, stop: Stop) -> Result<Self, SinkError> {
        Ok(Self {
            clickhouse: ClickHouse::new(&config.connection)?,
            retry: Retry::new(
                Duration::from_millis(config.retry_min_ms),
                Duration::from_millis(config.retry_max_ms),
            ),
            config,
            source,
            stop,
            blocks: Blocks::default(),
            positions: BTreeMap::new(),
            waiting_since: None,
            is_behind: false,
            oldest_ms: None,
            sealed: Vec::new(),
            blocked: Blocked::new("sink", "clickhouse"),
        })
    }

    fn take(&mut self, records: &[Record]) -> Result<(), SinkError> {
        let mut bytes = 0;
        for record in records {
            bytes += record.value.as_ref().map_or(0, Vec::len);
            self.take_one(record)?;
            let at = TopicPartition {
                topic: record.topic.clone(),
                partition: record.partition,
            };
            self.positions.insert(at, record.offset + 1);
            let oldest = self.oldest_ms.get_or_insert(record.timestamp_ms);
            *oldest = record.timestamp_ms.min(*oldest);
        }
        metrics::counter!(metric_names::SINK_RECORDS_TOTAL).increment(records.len() as u64);
        metrics::counter!(metric_names::SINK_READ_BYTES_TOTAL).increment(bytes as u64);
        self.waiting_since.get_or_insert_with(Instant::now);
        self.is_behind = records.last().is_some_and(is_backlog);
        Ok(())
    }

    fn take_one(&mut self, record: &Record) -> Result<(), SinkError> {
        let undecodable = |reason: String| SinkError::Undecodable {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            reason,
        };
        if *record.topic == *self.config.dead_letters_topic {
            return self
                .blocks
                .append(Table::DeadLetters, [Ok(record)], |record, out| {
                    dead_letter(record, out);
                    Ok(())
                })
                .map_err(|error| undecodable(error.to_string()));
        }
        let Some(value) = record.value.as_deref() else {
            return Ok(());
        };
        rows::append(value, &mut self.blocks).map_err(|error| undecodable(error.to_string()))
    }

    /// How long the waiting rows may still wait; nothing when they are due.
    fn time_left(&self) -> Option<Duration> {
        let full = self.blocks.max_rows() >= self.config.max_rows
            || self.blocks.bytes() >= self.config.max_bytes;
        if full {
            return None;
        }
        let mut limit = Duration::from_millis(self.config.max_delay_ms);
        if self.is_behind {
            limit = limit.max(BACKLOG_DELAY);
        }
        match self.waiting_since {
            None => Some(MAX_WAIT),
            Some(since) => limit
                .checked_sub(since.elapsed())
                .filter(|left| !left.is_zero()),
        }
    }

    /// Sends everything that was read, and commits when all of it is taken.
    fn flush(&mut self) -> Result<(), SinkError> {
        self.sealed.extend(self.blocks.take());
        let blocks = std::mem::take(&mut self.sealed);
        let mut failures = Vec::new();
        let insert = || insert(&self.clickhouse, blocks, &self.stop);
        for sent in self.blocked.wait(insert) {
            match sent {
                Sent::Done(block) => {
                    count_inserted(&block);
                    self.blocks.recycle(block);
                }
                Sent::Failed(block, error) => {
                    failures.push((block.table, error));
                    self.sealed.push(block);
                }
            }
        }
        let up = if failures.is_empty() { 1.0 } else { 0.0 };
        metrics::gauge!(metric_names::SINK_CLICKHOUSE_UP).set(up);
        if failures.is_empty() {
            self.retry.succeeded();
            return self.commit();
        }
        self.refused(&failures)
    }

    /// Some blocks were not taken: they wait for the next try, unless there is
    /// no point in one.
    fn refused(&mut self, failures: &[(Table, clickhouse::error::Error)]) -> Result<(), SinkError> {
        let mut first = None;
        for (table, error) in failures {
            match judge(error) {
                Verdict::Permanent => {
                    return Err(SinkError::Rejected {
                        table: table.name(),
                        reason: chain(error),
                    });
                }
                Verdict::Retry(trouble) => {
                    first.get_or_insert((trouble, table, error));
                }
            }
        }
        if let Some((trouble, table, error)) = first {
            metrics::counter!(metric_names::SINK_RETRIES_TOTAL, "kind" => trouble.label())
                .increment(1);
            self.retry.failed(trouble, table.name(), &chain(error));
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        let positions: Vec<_> = std::mem::take(&mut self.positions)
            .into_iter()
            .map(|(at, next_offset)| Position { at, next_offset })
            .collect();
        self.waiting_since = None;
        if let Some(oldest) = self.oldest_ms.take() {
            metrics::gauge!(metric_names::SINK_FRESHNESS_SECONDS)
                .set((now_ms() - oldest).max(0) as f64 / 1000.0);
        }
        self.source.commit(&positions)?;
        Ok(())
    }

    fn has_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Partitions that go away: what was read of them is finished when that
    /// is possible at once. Else their next owner reads it again, and the
    /// rows that still wait here are merely written twice.
    fn revoked(&mut self, partitions: &[TopicPartition]) -> Result<(), SinkError> {
        if self.has_waiting() && !self.retry.is_waiting() {
            self.flush()?;
        }
        self.positions.retain(|at, _| !partitions.contains(at));
        Ok(())
    }
}

impl<S: Source> Role for Sink<S> {
    type Error = SinkError;

    fn step(&mut self) -> Result<Step, SinkError> {
        if !self.sealed.is_empty() {
            let pause = self.retry.pause().min(MAX_WAIT);
            if pause.is_zero() {
                self.flush()?;
            } else {
                self.stop.sleep(pause);
            }
            return Ok(Step::Worked);
        }
        let wait = self.time_left().unwrap_or_default().min(MAX_WAIT);
        match self.source.poll(MAX_POLLED_RECORDS, wait)? {
            Polled::Assigned(_) => return Ok(Step::Worked),
            Polled::Revoked(partitions) => {
                self.revoked(&partitions)?;
                return Ok(Step::Worked);
            }
            Polled::Records(records) if records.is_empty() => self.is_behind = false,
            Polled::Records(records) => self.take(&records)?,
        }
        if !self.has_waiting() {
            return Ok(Step::Idle);
        }
        if self.time_left().is_none() {
            self.flush()?;
        }
        Ok(Step::Worked)
    }

    /// Writes what was read. When ClickHouse is away and a stop is requested,
    /// one try is enough: the rows are still in Kafka.
    fn finish(&mut self) -> Result<(), SinkError> {
        while self.has_waiting() {
            self.flush()?;
            if self.sealed.is_empty() {
                break;
            }
            if self.stop.sleep(self.retry.pause()) {
                tracing::warn!(
                    blocks = self.sealed.len(),
                    "stopped before clickhouse took all rows; the next start reads them again"
                );
                break;
            }
        }
        Ok(())
    }
}

fn count_inserted(block: &Block) {
    let table = block.table.name();
    metrics::counter!(metric_names::SINK_ROWS_TOTAL, "table" => table).increment(block.rows as u64);
    metrics::counter!(metric_names::SINK_INSERTED_BYTES_TOTAL, "table" => table)
        .increment(block.size() as u64);
    metrics::histogram!(metric_names::SINK_BLOCK_ROWS, "table" => table).record(block.rows as f64);
}
