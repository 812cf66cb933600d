//! A processor worker: the partitions it was given, and their checkpoints.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::gauge;
use throughline_proto::rollups::Table;
use throughline_stream::backlog::{is_backlog, now_ms};
use throughline_stream::{
    Blocked, Outgoing, Polled, Position, Publish, Record, Role, Source, Step, TopicPartition,
    metric_names,
};

use crate::error::ProcessorError;
use crate::metrics as report;
use crate::owned::Owned;
use crate::purge::When;
use crate::rules::Attribution;
use crate::scrubber::Scrubber;
use crate::store::Store;

/// The interval between checkpoints while a backlog is worked off, in those
/// between others.
const CATCHING_UP_FACTOR: u32 = 4;
/// When no record came for so long, a backlog is over: a pause of ingest between
/// two of its batches is shorter.
const BACKLOG_PAUSE: Duration = Duration::from_millis(250);

/// What a processor worker is configured by.
#[derive(Clone, Debug)]
pub struct Config {
    /// The broker's name of `events`.
    pub events_topic: Arc<str>,
    /// How many partitions `events` was created with.
    pub events_partitions: u32,
    /// The broker's name of `rollups`.
    pub rollups_topic: Arc<str>,
    /// How many partitions `rollups` has.
    pub rollups_partitions: u32,
    /// The longest time between two checkpoints while there is work.
    pub checkpoint_interval: Duration,
    /// How long messages and rows wait for more of them, but for a backlog's:
    /// these leave at a checkpoint, or when a record is full.
    pub publish_interval: Duration,
    /// The most records of `events` between two checkpoints.
    pub checkpoint_records: usize,
    /// How long a poll waits for records.
    pub poll_wait: Duration,
    /// About how large a record of `events` or `rollups` may become.
    pub record_bytes: usize,
    /// The tables whose rows leave; nobody asks for those of others.
    pub tables: &'static [Table],
    /// Rows of cells leave when the worker finishes, and none before: so each
    /// leaves once, where nobody looks in between.
    pub cells_at_end: bool,
    /// Identifiers kept in memory, a partition.
    pub cached_nodes: usize,
    /// Chunks of rollup cells (those of one hour and up to 64 dimensions) kept
    /// in memory, a partition.
    pub cached_chunks: usize,
    /// Touches kept of one client; of more, the newest.
    pub max_touches: usize,
    /// Hits, leads, calls and contacts kept of one client, touches or not.
    pub max_items: usize,
    /// An identifier that events name together with more others than this is a
    /// hub: it links nobody.
    pub max_partners: usize,
    /// When the facts of erased persons are forgotten.
    pub purge: When,
}

/// A processor worker.
pub struct Processor<S: Store> {
    config: Config,
    rules: Arc<Attribution>,
    store: S,
    source: Box<dyn Source + Send>,
    publish: Box<dyn Publish + Send>,
    partitions: BTreeMap<u32, Owned<S::Backing>>,
    /// Records of partitions that are being restated, in order: what came with
    /// the poll in which that began.
    held: Vec<Record>,
    /// When the oldest record that no checkpoint covers was applied.
    waiting_since: Option<Instant>,
    /// When the oldest record was applied whose messages and rows are here still.
    held_since: Option<Instant>,
    uncovered_records: usize,
    /// Bytes of rows that left since the last checkpoint.
    published_bytes: usize,
    /// The time of the youngest event since the last checkpoint.
    youngest: i64,
    /// The records that come were written long ago.
    catching_up: bool,
    /// When the last ones came.
    quiet_since: Instant,
    scrubber: Scrubber,
    /// While the store writes checkpoints.
    storing: Blocked,
    /// How many journeys of erased persons others were told of.
    told_of: usize,
}

impl<S: Store> Processor<S> {
    /// A worker without partitions; its source assigns them.
    pub fn new(
        config: Config,
        rules: Arc<Attribution>,
        store: S,
        source: Box<dyn Source + Send>,
        publish: Box<dyn Publish + Send>,
    ) -> Self {
        report::stored_at(now_ms());
        Self {
            config,
            rules,
            store,
            source,
            publish,
            partitions: BTreeMap::new(),
            held: Vec::new(),
            waiting_since: None,
            held_since: None,
            uncovered_records: 0,
            published_bytes: 0,
            youngest: 0,
            catching_up: false,
            quiet_since: Instant::now(),
            scrubber: Scrubber::new(),
            storing: Blocked::new("processor", "store"),
            told_of: 0,
        }
    }

    fn take_over(&mut self, at: &TopicPartition) -> Result<(), ProcessorError> {
        let number = at.partition as u32;
        // It would wait for itself.
        self.give_up(number);
        let (backing, loaded) = self.store.open(number)?;
        let owned = Owned::new(number, &self.config, &self.rules, backing, loaded)?;
        let offset = owned.next_offset();
        tracing::debug!(partition = number, offset, "partition taken over");
        if let Some(record) = owned.announcement(&self.config, &self.rules) {
            self.publish.send(record)?;
        }
        if owned.is_restating() {
            self.source.hold(at, true)?;
        }
        self.partitions.insert(number, owned);
        Ok(())
    }

    fn give_up(&mut self, number: u32) {
        self.partitions.remove(&number);
        self.held.retain(|record| record.partition as u32 != number);
    }

    fn apply(&mut self, records: Vec<Record>) -> Result<(), ProcessorError> {
        let begun = Instant::now();
        let (mut bytes, mut applied) = (0, 0);
        // What other partitions sent is always new.
        let of_backlog = records.iter().any(is_backlog);
        for record in records {
            let Some(owned) = self.partitions.get_mut(&(record.partition as u32)) else {
                continue;
            };
            if owned.is_restating() {
                self.held.push(record);
                continue;
            }
            applied += 1;
            bytes += record.value.as_ref().map_or(0, Vec::len);
            let (youngest, rows) = owned.apply(&record, &self.config, &self.rules)?;
            self.youngest = self.youngest.max(youngest);
            let at = TopicPartition {
                topic: record.topic,
                partition: record.partition,
            };
            if owned.is_restating() {
                self.source.hold(&at, true)?;
            }
            self.send(rows)?;
        }
        if applied == 0 {
            return Ok(());
        }
        self.catching_up = of_backlog;
        self.waiting_since.get_or_insert(begun);
        self.held_since.get_or_insert(begun);
        self.uncovered_records += applied;
        report::applied(applied, bytes, begun.elapsed().as_secs_f64());
        Ok(())
    }

    fn send(&mut self, records: Vec<Outgoing>) -> Result<(), ProcessorError> {
        for record in records {
            self.published_bytes += record.value.as_ref().map_or(0, Vec::len);
            self.publish.send(record)?;
        }
        Ok(())
    }

    /// Does a step for the first partition that is being restated, between two
    /// polls, so that the group hears of this worker. Tells whether there is one.
    fn restate(&mut self) -> Result<bool, ProcessorError> {
        let begun = Instant::now();
        let restating = |(_, owned): &(&u32, &mut Owned<S::Backing>)| owned.is_restating();
        let Some((number, owned)) = self.partitions.iter_mut().find(restating) else {
            return Ok(false);
        };
        let number = *number;
        let rows = owned.restate(&self.config, &self.rules)?;
        let (is_done, is_full) = (!owned.is_restating(), owned.is_full(&self.config));
        self.send(rows)?;
        self.waiting_since.get_or_insert(begun);
        // A cell changes with nearly every step, and is written once a checkpoint.
        self.catching_up = true;
        if is_full {
            self.checkpoint()?;
        }
        if is_done {
            let at = TopicPartition {
                topic: Arc::clone(&self.config.events_topic),
                partition: number as i32,
            };
            self.source.hold(&at, false)?;
            let held = std::mem::take(&mut self.held);
            self.apply(held)?;
        }
        Ok(true)
    }

    /// Has erased persons forgotten where it is time for it. Tells whether a
    /// record says so now.
    fn purge(&mut self) -> Result<bool, ProcessorError> {
        let mut requested = false;
        for owned in self.partitions.values_mut() {
            if let Some(record) = owned.purge(&self.config) {
                self.publish.send(record)?;
                requested = true;
            }
        }
        if requested {
            self.publish.flush()?;
        }
        Ok(requested)
    }

    fn tell_of_erasures(&mut self) {
        if let When::Told(told) = &self.config.purge {
            let waiting = self.partitions.values();
            let waiting = waiting.map(|owned| owned.fold().awaiting_purge()).sum();
            told.update(self.told_of, waiting);
            self.told_of = waiting;
        }
    }

    fn checkpoint_is_due(&self) -> bool {
        self.uncovered_records >= self.config.checkpoint_records
            || self
                .partitions
                .values()
                .any(|owned| owned.is_full(&self.config))
            || self
                .waiting_since
                .is_some_and(|since| since.elapsed() >= self.checkpoint_interval())
    }

    /// What is late anyway may as well wait for company: a journey that changes
    /// twice between two checkpoints is written once.
    fn checkpoint_interval(&self) -> Duration {
        let factor = if self.catching_up {
            CATCHING_UP_FACTOR
        } else {
            1
        };
        self.config.checkpoint_interval * factor
    }

    /// How long messages and rows may stay here still; nothing when they are due,
    /// and no time at all when a checkpoint lets them out.
    fn time_to_publish(&self) -> Option<Duration> {
        let since = self.held_since.filter(|_| !self.catching_up)?;
        Some(self.config.publish_interval.saturating_sub(since.elapsed()))
    }

    /// Lets messages and rows out. Whether they arrived is asked at the checkpoint.
    fn publish(&mut self) -> Result<(), ProcessorError> {
        self.held_since = None;
        let partitions = self.partitions.values_mut();
        let mut records = Vec::new();
        for owned in partitions.filter(|owned| owned.is_dirty()) {
            records.extend(owned.leave(&self.config, &self.rules));
        }
        self.report_freshness();
        self.send(records)
    }

    /// Lets out what was done: messages and rows, then the state, then the offset.
    fn checkpoint(&mut self) -> Result<(), ProcessorError> {
        if self.waiting_since.take().is_none() {
            return Ok(());
        }
        self.held_since = None;
        let begun = Instant::now();
        self.uncovered_records = 0;
        let mut done = report::Checkpoint {
            bytes: std::mem::take(&mut self.published_bytes),
            ..report::Checkpoint::default()
        };
        let dirty = self.partitions.iter().filter(|(_, owned)| owned.is_dirty());
        let dirty: Vec<u32> = dirty.map(|(number, _)| *number).collect();
        // Together they wait but once; one by one they take less memory, of
        // which a backlog needs much.
        let together = if self.catching_up {
            1
        } else {
            dirty.len().max(1)
        };
        let mut positions = Vec::new();
        for numbers in dirty.chunks(together) {
            positions.extend(self.checkpoint_of(numbers, &mut done)?);
        }
        self.source.commit(&positions)?;
        report::checkpoint(&done, begun.elapsed());
        report::stored_at(now_ms());
        self.report_freshness();
        Ok(())
    }

    /// Lets out what was done by some partitions, but for their offsets, which it
    /// gives.
    fn checkpoint_of(
        &mut self,
        numbers: &[u32],
        done: &mut report::Checkpoint,
    ) -> Result<Vec<Position>, ProcessorError> {
        let mut batch = self.store.batch();
        let mut positions = Vec::new();
        for number in numbers {
            let Some(owned) = self.partitions.get_mut(number) else {
                continue;
            };
            let leaving = owned.checkpoint(&self.config, &self.rules, &mut batch);
            done.messages += leaving.messages;
            done.rows += leaving.rows;
            done.keys += leaving.keys;
            done.restated += leaving.restated;
            if leaving.has_erased {
                self.scrubber.erased(*number);
            }
            for record in leaving.records {
                done.bytes += record.value.as_ref().map_or(0, Vec::len);
                self.publish.send(record)?;
            }
            report::partition(
                *number,
                leaving.counters,
                owned.conservation(),
                owned.cached(),
                owned.erased(),
                owned.is_on_the_way(),
            );
            let topic = Arc::clone(&self.config.events_topic);
            let partition = *number as i32;
            positions.push(Position {
                at: TopicPartition { topic, partition },
                next_offset: owned.next_offset(),
            });
        }
        self.publish.flush()?;
        self.storing.wait(|| self.store.commit(batch))?;
        if S::KEEPS {
            for number in numbers {
                if let Some(owned) = self.partitions.get_mut(number) {
                    owned.evict(&self.config);
                }
            }
        }
        Ok(positions)
    }

    fn report_freshness(&mut self) {
        if self.youngest > 0 {
            let age = (now_ms() - self.youngest).max(0) as f64 / 1000.0;
            gauge!(metric_names::PROCESSOR_FRESHNESS_SECONDS).set(age);
        }
        self.youngest = 0;
    }
}

impl<S: Store> Role for Processor<S> {
    type Error = ProcessorError;

    fn step(&mut self) -> Result<Step, ProcessorError> {
        let is_restating = self.restate()?;
        let room = self
            .config
            .checkpoint_records
            .saturating_sub(self.uncovered_records)
            .max(1);
        let wait = match self.waiting_since {
            _ if is_restating => Duration::ZERO,
            Some(since) => self.checkpoint_interval().saturating_sub(since.elapsed()),
            None => self.config.poll_wait,
        };
        let wait = self.time_to_publish().map_or(wait, |left| wait.min(left));
        let step = match self.source.poll(room, wait.min(self.config.poll_wait))? {
            Polled::Assigned(mut partitions) => {
                // The order in which workers of a process wait for each other.
                partitions.sort_unstable_by_key(|at| at.partition);
                for at in &partitions {
                    self.take_over(at)?;
                }
                // What was announced must be in the log, whatever becomes of it here.
                self.publish.flush()?;
                Step::Worked
            }
            Polled::Revoked(partitions) => {
                self.checkpoint()?;
                for at in &partitions {
                    self.give_up(at.partition as u32);
                }
                Step::Worked
            }
            Polled::Records(records) if records.is_empty() => {
                // When nothing more waits, what was done may as well be let out.
                let is_quiet = self.quiet_since.elapsed() >= BACKLOG_PAUSE;
                self.catching_up = is_restating || self.catching_up && !is_quiet;
                let is_purging = self.purge()?;
                let step = if self.waiting_since.is_some() || is_restating || is_purging {
                    Step::Worked
                } else {
                    Step::Idle
                };
                if step == Step::Worked && !S::KEEPS {
                    self.checkpoint()?;
                }
                step
            }
            Polled::Records(records) => {
                self.apply(records)?;
                self.quiet_since = Instant::now();
                if !self.catching_up {
                    self.purge()?;
                }
                Step::Worked
            }
        };
        if self.checkpoint_is_due() {
            self.checkpoint()?;
        } else if self.time_to_publish().is_some_and(|left| left.is_zero()) {
            self.publish()?;
        }
        self.scrubber.look(&self.store, &self.config.purge);
        self.tell_of_erasures();
        Ok(step)
    }

    fn finish(&mut self) -> Result<(), ProcessorError> {
        self.checkpoint()?;
        if self.config.cells_at_end {
            for owned in self.partitions.values_mut() {
                for record in owned.last_cells(&self.config, &self.rules) {
                    self.publish.send(record)?;
                }
            }
            self.publish.flush()?;
        }
        self.scrubber.finish(&self.store);
        Ok(())
    }
}
