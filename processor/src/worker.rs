//! A processor worker: the partitions it was given, and their checkpoints.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use metrics::gauge;
use throughline_core::partition::{Changes, Limits};
use throughline_core::{Body, Partition, Topology, names::Names};
use throughline_proto::home_partition;
use throughline_stream::{
    Outgoing, Polled, Position, Publish, Record, Role, Source, Step, TopicPartition, metric_names,
};

use crate::error::ProcessorError;
use crate::metrics as report;
use crate::rows;
use crate::rules::Attribution;
use crate::store::{Loaded, Store};
use crate::stored::{self, Meta, Write};
use crate::wire;

/// Records that were written longer ago are worked off in larger checkpoints, milliseconds.
const CATCHING_UP_MS: i64 = 2_000;
/// How much longer the interval between checkpoints is then.
const CATCHING_UP_FACTOR: u32 = 8;

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
    /// The most records of `events` between two checkpoints.
    pub checkpoint_records: usize,
    /// How long a poll waits for records.
    pub poll_wait: Duration,
    /// About how large a record of `events` or `rollups` may become.
    pub record_bytes: usize,
    /// Identifiers kept in memory, a partition.
    pub cached_nodes: usize,
    /// Rollup cells kept in memory, a partition.
    pub cached_cells: usize,
    /// Touches kept of one client; of more, the newest.
    pub max_touches: usize,
    /// Hits, calls and contacts kept of one client, touches or not.
    pub max_items: usize,
}

/// A partition that this worker owns.
struct Owned<B> {
    partition: Partition<B>,
    /// The offset of the next record to apply.
    next_offset: i64,
    /// How many names are stored.
    stored_names: [usize; 4],
    /// Records were applied since the last checkpoint.
    dirty: bool,
}

/// A processor worker.
pub struct Processor<S: Store> {
    config: Config,
    rules: Arc<Attribution>,
    store: S,
    source: Box<dyn Source + Send>,
    publish: Box<dyn Publish + Send>,
    partitions: BTreeMap<u32, Owned<S::Backing>>,
    /// When the oldest record that no checkpoint covers was applied.
    waiting_since: Option<Instant>,
    uncovered_records: usize,
    /// The time of the youngest event since the last checkpoint.
    youngest: i64,
    /// The records that come were written long ago.
    catching_up: bool,
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
        Self {
            config,
            rules,
            store,
            source,
            publish,
            partitions: BTreeMap::new(),
            waiting_since: None,
            uncovered_records: 0,
            youngest: 0,
            catching_up: false,
        }
    }

    fn take_over(&mut self, at: &TopicPartition) -> Result<(), ProcessorError> {
        let number = at.partition as u32;
        let (backing, loaded) = self.store.open(number)?;
        let (names, meta) = match loaded {
            Some(Loaded { meta, names }) => {
                self.check(number, &meta)?;
                (Names::restore(names, self.rules.as_ref()), meta)
            }
            None => (Names::default(), Meta::default()),
        };
        let topology = Topology {
            own: number,
            partitions: self.config.events_partitions,
            home: |ident, partitions| home_partition(throughline_proto::Ident(ident.0), partitions),
        };
        let limits = Limits {
            max_touches: self.config.max_touches,
            max_items: self.config.max_items,
        };
        let partition = Partition::new(
            topology,
            limits,
            Arc::clone(&self.rules) as Arc<dyn throughline_core::Rules>,
            backing,
            names,
            meta.lamport,
            meta.conservation,
        );
        tracing::debug!(
            partition = number,
            offset = meta.next_offset,
            "partition taken over"
        );
        let owned = Owned {
            partition,
            next_offset: meta.next_offset,
            stored_names: meta.names,
            dirty: false,
        };
        self.partitions.insert(number, owned);
        Ok(())
    }

    /// Refuses state that was made under other terms.
    fn check(&self, partition: u32, meta: &Meta) -> Result<(), ProcessorError> {
        let configured = self.config.events_partitions;
        if meta.partitions != configured {
            return Err(ProcessorError::Partitions {
                partition,
                stored: meta.partitions,
                configured,
            });
        }
        let configured = self.rules.generation();
        if meta.generation != configured || meta.rules != self.rules.fingerprint() {
            let stored = meta.generation;
            return Err(ProcessorError::Rules {
                partition,
                stored,
                configured,
            });
        }
        Ok(())
    }

    fn apply(&mut self, records: &[Record]) -> Result<(), ProcessorError> {
        let begun = Instant::now();
        let mut bytes = 0;
        for record in records {
            let Some(owned) = self.partitions.get_mut(&(record.partition as u32)) else {
                continue;
            };
            if record.offset < owned.next_offset {
                // The state holds it already.
                continue;
            }
            let value = record.value.as_deref().unwrap_or_default();
            bytes += value.len();
            let (names, rules) = owned.partition.names_mut();
            let batch =
                wire::decode(value, names, rules).map_err(|reason| ProcessorError::Garbled {
                    topic: record.topic.to_string(),
                    partition: record.partition,
                    offset: record.offset,
                    reason,
                })?;
            let times = batch.messages.iter().map(|message| match &message.body {
                Body::Event { fact, .. } | Body::Call { fact, .. } => fact.key.at,
                _ => 0,
            });
            self.youngest = times.fold(self.youngest, i64::max);
            owned.partition.apply(batch)?;
            owned.next_offset = record.offset + 1;
            owned.dirty = true;
        }
        let written = records.last().map_or(0, |record| record.timestamp_ms);
        self.catching_up = now_ms() - written > CATCHING_UP_MS;
        self.waiting_since.get_or_insert(begun);
        self.uncovered_records += records.len();
        report::applied(records.len(), bytes, begun.elapsed().as_secs_f64());
        Ok(())
    }

    fn checkpoint_is_due(&self) -> bool {
        self.uncovered_records >= self.config.checkpoint_records
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

    /// Lets out what was done: messages and rows, then the state, then the offset.
    fn checkpoint(&mut self) -> Result<(), ProcessorError> {
        if self.waiting_since.take().is_none() {
            return Ok(());
        }
        let begun = Instant::now();
        self.uncovered_records = 0;
        let (mut messages, mut rows, mut bytes) = (0, 0, 0);
        let mut writes = BTreeMap::new();
        let mut positions = Vec::new();
        for (number, owned) in self.partitions.iter_mut().filter(|(_, owned)| owned.dirty) {
            let changes = owned.partition.take_changes();
            messages += changes.messages.values().map(Vec::len).sum::<usize>();
            rows += changes.rows.len();
            for record in outgoing(&self.config, &self.rules, *number, owned, &changes) {
                bytes += record.value.as_ref().map_or(0, Vec::len);
                self.publish.send(record)?;
            }
            report::partition(
                *number,
                changes.counters,
                owned.partition.conservation(),
                owned.partition.cached(),
            );
            if S::KEEPS {
                writes.insert(
                    *number,
                    state_writes(&self.config, &self.rules, owned, &changes),
                );
            }
            let topic = Arc::clone(&self.config.events_topic);
            positions.push(Position {
                at: TopicPartition {
                    topic,
                    partition: *number as i32,
                },
                next_offset: owned.next_offset,
            });
            owned.dirty = false;
        }
        self.publish.flush()?;
        let keys = writes.values().map(Vec::len).sum();
        if S::KEEPS {
            self.store.commit(writes)?;
            for owned in self.partitions.values_mut() {
                owned
                    .partition
                    .evict(self.config.cached_nodes, self.config.cached_cells);
            }
        }
        self.source.commit(&positions)?;
        report::checkpoint(begun.elapsed().as_secs_f64(), messages, rows, bytes, keys);
        self.report_freshness();
        Ok(())
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
        let room = self
            .config
            .checkpoint_records
            .saturating_sub(self.uncovered_records)
            .max(1);
        let wait = match self.waiting_since {
            Some(since) => self.checkpoint_interval().saturating_sub(since.elapsed()),
            None => self.config.poll_wait,
        };
        let step = match self.source.poll(room, wait.min(self.config.poll_wait))? {
            Polled::Assigned(partitions) => {
                for at in &partitions {
                    self.take_over(at)?;
                }
                Step::Worked
            }
            Polled::Revoked(partitions) => {
                self.checkpoint()?;
                for at in &partitions {
                    self.partitions.remove(&(at.partition as u32));
                }
                Step::Worked
            }
            Polled::Records(records) if records.is_empty() => {
                // Nothing more waits: what was done may as well be let out.
                self.catching_up = false;
                let step = if self.waiting_since.is_some() {
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
                self.apply(&records)?;
                Step::Worked
            }
        };
        if self.checkpoint_is_due() {
            self.checkpoint()?;
        }
        Ok(step)
    }

    fn finish(&mut self) -> Result<(), ProcessorError> {
        self.checkpoint()
    }
}

/// The records of one partition's checkpoint: messages, then rows.
fn outgoing<B>(
    config: &Config,
    rules: &Attribution,
    number: u32,
    owned: &Owned<B>,
    changes: &Changes,
) -> Vec<Outgoing>
where
    B: throughline_core::Backing,
{
    let names = owned.partition.names();
    let lamport = owned.partition.lamport();
    let mut records = Vec::new();
    for (home, messages) in &changes.messages {
        for value in wire::encode(messages, lamport, names, config.record_bytes) {
            records.push(record(&config.events_topic, *home, value));
        }
    }
    let context = rows::Context {
        names,
        rules,
        partition: number,
        max_bytes: config.record_bytes,
    };
    // Rows of one partition stay in order, though nothing depends on it.
    let home = number % config.rollups_partitions.max(1);
    for value in rows::encode(&changes.rows, &context) {
        records.push(record(&config.rollups_topic, home, value));
    }
    records
}

fn record(topic: &Arc<str>, partition: u32, value: Vec<u8>) -> Outgoing {
    Outgoing {
        topic: Arc::clone(topic),
        partition: Some(partition as i32),
        value: Some(value),
        ..Outgoing::default()
    }
}

/// The writes of one partition's checkpoint.
fn state_writes<B>(
    config: &Config,
    rules: &Attribution,
    owned: &mut Owned<B>,
    changes: &Changes,
) -> Vec<Write>
where
    B: throughline_core::Backing,
{
    let partition = &owned.partition;
    let mut writes: Vec<Write> = Vec::new();
    for ident in &changes.nodes {
        let value = partition.node(*ident).map(stored::encode_node);
        writes.push((stored::node_key(*ident), value));
    }
    for key in &changes.numbers {
        let value = partition.number(*key).map(stored::encode_number);
        writes.push((stored::number_key(*key), value));
    }
    for ident in &changes.costs {
        let value = partition.cost(*ident).map(|cost| stored::encode_cost(cost));
        writes.push((stored::cost_key(*ident), value));
    }
    for key in &changes.cells {
        let value = partition.cell(*key).map(stored::encode_cell);
        writes.push((stored::cell_key(*key), value));
    }
    stored::encode_names(
        &partition.names().since(owned.stored_names),
        owned.stored_names,
        &mut writes,
    );
    owned.stored_names = partition.names().counts();
    let meta = Meta {
        lamport: partition.lamport(),
        next_offset: owned.next_offset,
        partitions: config.events_partitions,
        generation: rules.generation(),
        rules: rules.fingerprint(),
        names: owned.stored_names,
        conservation: partition.conservation(),
    };
    writes.push((stored::meta_key(), Some(meta.encode())));
    writes
}

/// The machine's clock: for freshness and pace only, never for a figure.
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_millis() as i64
}
