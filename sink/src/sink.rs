//! The sink as a role: rows from topics into ClickHouse.
//!
//! records → blocks by table → inserts → commit. Inserts run beside the reading,
//! a bounded number at once. Positions are committed only when every row read up
//! to them is acknowledged. While ClickHouse is away, the blocks at hand wait,
//! nothing more is read, and the backlog stays in Kafka.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use throughline_stream::backlog::{is_backlog, now_ms};
use throughline_stream::{
    Blocked, Polled, Position, Record, Role, Source, Step, Stop, TopicPartition, metric_names,
};

use crate::blocks::{Block, Blocks};
use crate::client::{ClickHouse, reason_of};
use crate::config::Config;
use crate::error::SinkError;
use crate::insert::{Inserter, Running, Sent};
use crate::retry::Retry;
use crate::rows::{self, dead_letters::dead_letter};
use crate::table::Table;
use crate::trouble::{Verdict, judge};

/// Records of one poll. With the size of a record of rows it bounds by how
/// much the blocks can exceed their limits.
const MAX_POLLED_RECORDS: usize = 64;
/// The longest a step waits for records, for answers, or for the next try.
const MAX_WAIT: Duration = Duration::from_millis(100);
/// The longest it waits for records while inserts run: what they acknowledge is
/// to be committed.
const MAX_WAIT_INSERTING: Duration = Duration::from_millis(20);
/// While there is a backlog, blocks are inserted when they are full, or when
/// the first row has waited so long: nothing is fresh anyway, and few large
/// parts cost ClickHouse less than many small ones.
const BACKLOG_DELAY: Duration = Duration::from_secs(3);
/// Loads of blocks that are under way at once.
const MAX_LOADS: usize = 2;

/// Writes the rows of `rollups` and the records of `dead-letters`.
pub struct Sink<S> {
    config: Config,
    inserter: Inserter,
    source: S,
    stop: Stop,
    blocks: Blocks,
    /// Where to go on once all rows below are in their tables.
    positions: BTreeMap<TopicPartition, i64>,
    /// Rows of figures in the blocks.
    figures: Gathering,
    /// All rows in the blocks.
    rows: Gathering,
    /// What was read last was written long ago.
    is_behind: bool,
    /// What is under way, in the order in which it was read.
    loads: VecDeque<Load>,
    retry: Retry,
    blocked: Blocked,
}

/// Rows that wait for company.
#[derive(Clone, Copy, Default)]
struct Gathering {
    /// When the first of them was read.
    since: Option<Instant>,
    /// The earliest timestamp of their records, epoch milliseconds.
    oldest_ms: Option<i64>,
}

/// Blocks on their way to ClickHouse.
struct Load {
    running: Option<Running>,
    /// Those that were not taken.
    refused: Vec<Block>,
    /// Where to go on once these and all before are taken. None of a load of
    /// figures, beside which other rows of the same records wait.
    positions: BTreeMap<TopicPartition, i64>,
    oldest_ms: Option<i64>,
}

impl Gathering {
    fn add(&mut self, records: &[Record]) {
        self.since.get_or_insert_with(Instant::now);
        let oldest = records.iter().map(|record| record.timestamp_ms).min();
        self.oldest_ms = self.oldest_ms.into_iter().chain(oldest).min();
    }

    /// How long it may still wait; nothing when there is nothing.
    fn time_left(&self, limit: Duration) -> Option<Duration> {
        self.since
            .map(|since| limit.saturating_sub(since.elapsed()))
    }
}

impl Load {
    /// All of it is in its tables.
    fn is_done(&self) -> bool {
        self.running.is_none() && self.refused.is_empty()
    }
}

impl<S: Source> Sink<S> {
    /// A sink of the source's topics. Nothing is asked of ClickHouse yet.
    pub fn new(config: Config, source: S, stop: Stop) -> Result<Self, SinkError> {
        let clickhouse = ClickHouse::new(&config.connection)?;
        Ok(Self {
            inserter: Inserter::new(&clickhouse, stop.clone())?,
            retry: Retry::new(
                Duration::from_millis(config.retry_min_ms),
                Duration::from_millis(config.retry_max_ms),
            ),
            config,
            source,
            stop,
            blocks: Blocks::default(),
            positions: BTreeMap::new(),
            figures: Gathering::default(),
            rows: Gathering::default(),
            is_behind: false,
            loads: VecDeque::new(),
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
        }
        self.figures.add(records);
        self.rows.add(records);
        metrics::counter!(metric_names::SINK_RECORDS_TOTAL).increment(records.len() as u64);
        metrics::counter!(metric_names::SINK_READ_BYTES_TOTAL).increment(bytes as u64);
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

    /// How long figures, and how long all rows, may still wait.
    fn time_left(&self) -> [Option<Duration>; 2] {
        let full = self.blocks.max_rows() >= self.config.max_rows
            || self.blocks.bytes() >= self.config.max_bytes;
        let limit = |delay_ms| match Duration::from_millis(delay_ms) {
            _ if full => Duration::ZERO,
            delay if self.is_behind => delay.max(BACKLOG_DELAY),
            delay => delay,
        };
        [
            self.figures.time_left(limit(self.config.figures_delay_ms)),
            self.rows.time_left(limit(self.config.max_delay_ms)),
        ]
    }

    /// Sends what is due, if anything is.
    fn send_due(&mut self) {
        let is_due = |left: Option<Duration>| left.is_some_and(|left| left.is_zero());
        let [figures, rows] = self.time_left();
        if is_due(rows) {
            self.send_all();
        } else if is_due(figures) {
            let Gathering { oldest_ms, .. } = std::mem::take(&mut self.figures);
            // The deals come with their figures, so that the books agree, unless
            // ClickHouse has enough to do: then they wait like all other rows.
            let with_deals = !self.is_inserting();
            let wanted = |table: Table| table.has_figures() || (with_deals && table.has_deals());
            self.send(wanted, oldest_ms, BTreeMap::new());
        }
    }

    /// Sends everything that was read.
    fn send_all(&mut self) {
        self.figures = Gathering::default();
        let Gathering { oldest_ms, .. } = std::mem::take(&mut self.rows);
        let positions = std::mem::take(&mut self.positions);
        self.send(|_| true, oldest_ms, positions);
    }

    fn send(
        &mut self,
        wanted: impl Fn(Table) -> bool,
        oldest_ms: Option<i64>,
        positions: BTreeMap<TopicPartition, i64>,
    ) {
        let blocks = self.blocks.take(wanted);
        if !blocks.is_empty() || !positions.is_empty() {
            self.loads.push_back(Load {
                running: Some(self.inserter.start(blocks)),
                refused: Vec::new(),
                positions,
                oldest_ms,
            });
        }
    }

    /// Takes the answers that come within so long, and commits what is taken.
    fn settle(&mut self, wait: Duration) -> Result<(), SinkError> {
        let until = Instant::now() + wait;
        let mut failures = Vec::new();
        let mut has_answers = false;
        for load in &mut self.loads {
            let Some(running) = &mut load.running else {
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            let Some(answers) = self.inserter.wait(running, left) else {
                continue;
            };
            load.running = None;
            has_answers = true;
            for sent in answers {
                match sent {
                    Sent::Done(block) => {
                        count_inserted(&block);
                        self.blocks.recycle(block);
                    }
                    Sent::Failed(block, error) => {
                        failures.push((block.table, error));
                        load.refused.push(block);
                    }
                }
            }
        }
        if has_answers {
            let up = if failures.is_empty() { 1.0 } else { 0.0 };
            metrics::gauge!(metric_names::SINK_CLICKHOUSE_UP).set(up);
            if !self.has_refused() {
                self.retry.succeeded();
            }
        }
        self.refused(&failures)?;
        self.commit()
    }

    fn has_refused(&self) -> bool {
        self.loads.iter().any(|load| !load.refused.is_empty())
    }

    fn is_inserting(&self) -> bool {
        self.loads.iter().any(|load| load.running.is_some())
    }

    /// Sends the blocks once more that were not taken.
    fn send_again(&mut self) {
        for load in &mut self.loads {
            if load.running.is_none() && !load.refused.is_empty() {
                let blocks = std::mem::take(&mut load.refused);
                load.running = Some(self.inserter.start(blocks));
            }
        }
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
                        reason: reason_of(error),
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
            self.retry.failed(trouble, table.name(), &reason_of(error));
        }
        Ok(())
    }

    /// Commits up to the first load that is not done.
    fn commit(&mut self) -> Result<(), SinkError> {
        let mut positions = BTreeMap::new();
        while self.loads.front().is_some_and(Load::is_done) {
            let Some(load) = self.loads.pop_front() else {
                break;
            };
            if let Some(oldest) = load.oldest_ms {
                metrics::gauge!(metric_names::SINK_FRESHNESS_SECONDS)
                    .set((now_ms() - oldest).max(0) as f64 / 1000.0);
            }
            positions.extend(load.positions);
        }
        if positions.is_empty() {
            return Ok(());
        }
        let positions: Vec<_> = positions
            .into_iter()
            .map(|(at, next_offset)| Position { at, next_offset })
            .collect();
        self.source.commit(&positions)?;
        Ok(())
    }

    /// Waits for the answers to all that is under way.
    fn settle_all(&mut self) -> Result<(), SinkError> {
        while self.is_inserting() {
            self.settle(MAX_WAIT)?;
        }
        Ok(())
    }

    /// Partitions that go away: what was read of them is finished when that
    /// is possible at once. Else their next owner reads it again, and the
    /// rows that still wait here are merely written twice.
    fn revoked(&mut self, partitions: &[TopicPartition]) -> Result<(), SinkError> {
        if !self.retry.is_waiting() {
            self.send_all();
            self.settle_all()?;
        }
        let stays = |at: &TopicPartition| !partitions.contains(at);
        self.positions.retain(|at, _| stays(at));
        for load in &mut self.loads {
            load.positions.retain(|at, _| stays(at));
        }
        Ok(())
    }
}

impl<S: Source> Role for Sink<S> {
    type Error = SinkError;

    fn step(&mut self) -> Result<Step, SinkError> {
        self.settle(Duration::ZERO)?;
        if self.has_refused() {
            let pause = self.retry.pause().min(MAX_WAIT);
            if pause.is_zero() {
                self.send_again();
            } else {
                self.stop.sleep(pause);
            }
            return Ok(Step::Worked);
        }
        if self.loads.len() >= MAX_LOADS || self.retry.is_waiting() {
            let began = Instant::now();
            self.settle(MAX_WAIT)?;
            self.blocked.add(began.elapsed());
            return Ok(Step::Worked);
        }
        let longest = if self.loads.is_empty() {
            MAX_WAIT
        } else {
            MAX_WAIT_INSERTING
        };
        let left = self.time_left().into_iter().flatten();
        let wait = left.fold(longest, Duration::min);
        match self.source.poll(MAX_POLLED_RECORDS, wait)? {
            Polled::Assigned(_) => return Ok(Step::Worked),
            Polled::Revoked(partitions) => {
                self.revoked(&partitions)?;
                return Ok(Step::Worked);
            }
            Polled::Records(records) if records.is_empty() => {
                // The end of a backlog need not wait for company that does not come.
                if std::mem::take(&mut self.is_behind) {
                    self.send_all();
                }
            }
            Polled::Records(records) => self.take(&records)?,
        }
        self.send_due();
        if self.rows.since.is_none() && self.loads.is_empty() {
            return Ok(Step::Idle);
        }
        Ok(Step::Worked)
    }

    /// Writes what was read. When ClickHouse is away and a stop is requested,
    /// one try is enough: the rows are still in Kafka.
    fn finish(&mut self) -> Result<(), SinkError> {
        self.settle_all()?;
        self.send_all();
        self.settle_all()?;
        while self.has_refused() {
            if self.stop.sleep(self.retry.pause()) {
                let blocks: usize = self.loads.iter().map(|load| load.refused.len()).sum();
                tracing::warn!(
                    blocks,
                    "stopped before clickhouse took all rows; the next start reads them again"
                );
                break;
            }
            self.send_again();
            self.settle_all()?;
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
