//! A partition that a worker owns: its fold, and what leaves it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use throughline_core::cell::ChunkKey;
use throughline_core::identity::Linking;
use throughline_core::message::Message;
use throughline_core::partition::{Changes, Conservation, Counters, Limits};
use throughline_core::{Backing, Body, Partition, Topology, names::Names};
use throughline_proto::flat::Malformed;
use throughline_proto::{IdentKind, home_partition};
use throughline_stream::{Outgoing, Record};

use crate::error::ProcessorError;
use crate::facts::{ident_from_wire, ident_to_wire};
use crate::purge::Waiting;
use crate::rows::{Context, Outbox};
use crate::rules::Attribution;
use crate::store::{Changing, Loaded, Stored};
use crate::stored::{self, Meta, Progress};
use crate::wire::{self, Incoming};
use crate::worker::Config;
use crate::{announcement, purge, restate};

/// A partition that a worker owns.
pub struct Owned<B> {
    pub(crate) number: u32,
    pub(crate) partition: Partition<B>,
    pub(crate) outbox: Outbox,
    /// Chunks of cells whose rows are held back.
    held_chunks: BTreeSet<ChunkKey>,
    /// The offset of the next record to apply.
    pub(crate) next_offset: i64,
    /// A fingerprint of the record before it.
    pub(crate) last_record: u64,
    /// How many names are stored.
    pub(crate) stored_names: [usize; 4],
    /// How many closed nodes are stored.
    stored_closed: usize,
    /// Records were applied since the last checkpoint.
    pub(crate) dirty: bool,
    /// Messages and rows that left since then.
    left: (usize, usize),
    /// How far it is on its way to the generation of the rules.
    pub(crate) progress: Progress,
    /// What is stored of that.
    stored_progress: Progress,
    /// A checkpoint has to come before it is restated further.
    pub(crate) must_be_stored: bool,
    /// Keys that were restated since the last checkpoint.
    pub(crate) restated_keys: usize,
    /// Stored keys that go.
    pub(crate) removed: Vec<Vec<u8>>,
    /// The models of kept credit are others than stored.
    pub(crate) must_store_models: bool,
    /// Erased persons whose facts are to be forgotten.
    waiting: Waiting,
}

/// What a checkpoint of one partition amounts to.
#[derive(Default)]
pub struct Leaving {
    /// Records for `events` and `rollups`.
    pub records: Vec<Outgoing>,
    /// Messages to other partitions, those that left before among them.
    pub messages: usize,
    /// Rows, likewise.
    pub rows: usize,
    /// Keys to be stored.
    pub keys: usize,
    /// Stored keys that were restated since the last checkpoint.
    pub restated: usize,
    /// Persons were erased from the state.
    pub has_erased: bool,
    /// What was done since the last checkpoint.
    pub counters: Counters,
}

impl<B: Backing<Error = ProcessorError> + Stored> Owned<B> {
    /// Goes on from what is stored, unless that was made under other terms.
    pub fn new(
        number: u32,
        config: &Config,
        rules: &Arc<Attribution>,
        backing: B,
        loaded: Option<Loaded>,
    ) -> Result<Self, ProcessorError> {
        let meta = loaded.as_ref().map(|loaded| &loaded.meta);
        let progress = restate::begin(number, rules.generation(), &backing, meta)?;
        let (names, meta, closed, erasures) = match loaded {
            Some(Loaded {
                meta,
                names,
                closed,
                erasures,
            }) => {
                if meta.max_partners != config.max_partners {
                    return Err(ProcessorError::Partners {
                        partition: number,
                        stored: meta.max_partners,
                        configured: config.max_partners,
                    });
                }
                check(number, config, rules, &meta)?;
                rules.rate_through(meta.rated_through);
                let names = Names::restore(names, rules.as_ref());
                (names, meta, closed, erasures)
            }
            None => Default::default(),
        };
        let topology = Topology {
            own: number,
            partitions: config.events_partitions,
            home: |ident, partitions| home_partition(throughline_proto::Ident(ident.0), partitions),
        };
        let limits = Limits {
            max_touches: config.max_touches,
            max_items: config.max_items,
            linking: Linking {
                max_partners: config.max_partners,
                // A good client may have any number of deals.
                is_partner: |ident| ident_to_wire(ident).kind() != Some(IdentKind::Deal),
                pseudonym: |ident| ident_from_wire(ident_to_wire(ident).pseudonym()),
            },
        };
        let mut partition = Partition::new(
            topology,
            limits,
            Arc::clone(rules) as Arc<dyn throughline_core::Rules>,
            backing,
            names,
            meta.lamport,
            meta.conservation,
        );
        partition.restore_closed(closed);
        partition.restore_erasures(erasures);
        let mut waiting = Waiting::default();
        waiting.applied(partition.awaiting_purge(), false);
        restate::resume(&mut partition, &progress);
        Ok(Self {
            number,
            outbox: Outbox::default(),
            held_chunks: BTreeSet::new(),
            next_offset: meta.next_offset,
            last_record: meta.last_record,
            stored_names: meta.names,
            stored_closed: meta.closed,
            dirty: false,
            left: (0, 0),
            stored_progress: restate::stored_progress(number, partition.backing())?,
            progress,
            must_be_stored: false,
            restated_keys: 0,
            removed: Vec::new(),
            must_store_models: false,
            waiting,
            partition,
        })
    }

    /// The offset of the next record to apply.
    pub const fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Records were applied since the last checkpoint.
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The fold itself, to read.
    pub const fn fold(&self) -> &Partition<B> {
        &self.partition
    }

    /// The sums that must agree.
    pub const fn conservation(&self) -> Conservation {
        self.partition.conservation()
    }

    /// As much changed since the last checkpoint as should be in memory at all,
    /// or nothing can be done before there is one.
    pub fn is_full(&self, config: &Config) -> bool {
        let (nodes, chunks) = self.partition.changed();
        let nodes = nodes + self.restated_keys;
        self.must_be_stored || nodes >= config.cached_nodes || chunks >= config.cached_chunks
    }

    /// How many journeys wait to be forgotten, and how many identifiers were.
    pub fn erased(&self) -> (usize, usize) {
        (self.partition.awaiting_purge(), self.partition.erased())
    }

    /// How many nodes and chunks of cells are in memory.
    pub fn cached(&self) -> (usize, usize) {
        self.partition.cached()
    }

    /// Applies a record, unless the state holds it already. Gives the time of
    /// its youngest event (0 without one) and the records of rows that are full.
    pub fn apply(
        &mut self,
        record: &Record,
        config: &Config,
        rules: &Attribution,
    ) -> Result<(i64, Vec<Outgoing>), ProcessorError> {
        let value = record.value.as_deref().unwrap_or_default();
        if record.offset < self.next_offset {
            let is_last = record.offset + 1 == self.next_offset;
            if is_last && self.last_record != 0 && self.last_record != fingerprint(value) {
                return Err(ProcessorError::AnotherLog {
                    topic: record.topic.to_string(),
                    partition: record.partition,
                    offset: record.offset,
                });
            }
            return Ok((0, Vec::new()));
        }
        let garbled = |reason: Malformed| ProcessorError::Garbled {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            reason: reason.0,
        };
        if let Some(generation) = announcement::decode(value) {
            self.announced(generation.map_err(garbled)?, record, rules)?;
            return Ok((0, Vec::new()));
        }
        let is_purge = purge::is_purge(value);
        let youngest = if is_purge {
            self.partition.purge()?;
            self.must_store_models = true;
            0
        } else {
            self.apply_messages(value, garbled)?
        };
        let (names, rows) = self.partition.rows();
        let context = context(self.number, names, config, rules);
        for row in rows {
            self.outbox.add(row, context);
        }
        self.next_offset = record.offset;
        self.passed(value);
        self.dirty = true;
        self.waiting
            .applied(self.partition.awaiting_purge(), is_purge);
        Ok((youngest, self.full_rows(config)))
    }

    /// Applies a batch of events or messages; gives the time of its youngest event.
    fn apply_messages(
        &mut self,
        value: &[u8],
        garbled: impl Fn(Malformed) -> ProcessorError,
    ) -> Result<i64, ProcessorError> {
        let (names, core_rules) = self.partition.names_mut();
        let mut incoming = Incoming::read(value, names, core_rules).map_err(&garbled)?;
        let mut youngest = 0;
        self.partition
            .apply_messages(incoming.lamport(), |names, rules| {
                let message = incoming.next(names, rules)?.map_err(&garbled);
                if let Ok(message) = &message
                    && let Body::Event { fact, .. } | Body::Call { fact, .. } = &message.body
                {
                    youngest = fact.key.at.max(youngest);
                }
                Some(message)
            })?;
        Ok(youngest)
    }

    /// The record by which erased persons are forgotten, when it is time for it.
    pub fn purge(&mut self, config: &Config) -> Option<Outgoing> {
        let is_due = !self.is_on_the_way() && self.waiting.is_due(&config.purge);
        is_due.then(|| outgoing(&config.events_topic, self.number, purge::encode()))
    }

    /// The record at the next offset is applied.
    pub(crate) fn passed(&mut self, value: &[u8]) {
        self.next_offset += 1;
        self.last_record = fingerprint(value);
    }

    /// The records of rows that are full.
    pub(crate) fn full_rows(&mut self, config: &Config) -> Vec<Outgoing> {
        let home = self.rollups_home(config);
        let full = self.outbox.full();
        let full = full.map(|value| outgoing(&config.rollups_topic, home, value));
        full.collect()
    }

    /// Rows of one partition stay in order, though nothing depends on it.
    fn rollups_home(&self, config: &Config) -> u32 {
        self.number % config.rollups_partitions.max(1)
    }

    /// Messages and rows that may leave before the state that they come from is
    /// stored: whoever begins again from an older one makes the same of the
    /// same records.
    pub fn leave(&mut self, config: &Config, rules: &Attribution) -> Vec<Outgoing> {
        let leaving = self.partition.take_leaving();
        for chunk in leaving.chunks {
            self.add_cells(chunk, config, rules);
        }
        self.pack(&leaving.messages, config, rules)
    }

    /// The records with messages and with the rows that were taken.
    fn pack(
        &mut self,
        messages: &BTreeMap<u32, Vec<Message>>,
        config: &Config,
        rules: &Attribution,
    ) -> Vec<Outgoing> {
        let names = self.partition.names();
        let lamport = self.partition.lamport();
        let mut records = Vec::new();
        for (home, messages) in messages {
            self.left.0 += messages.len();
            for value in wire::encode(messages, lamport, names, config.record_bytes) {
                records.push(outgoing(&config.events_topic, *home, value));
            }
        }
        let (rows, values) = self
            .outbox
            .finish(context(self.number, names, config, rules));
        self.left.1 += rows;
        let home = self.rollups_home(config);
        let values = values.into_iter();
        records.extend(values.map(|value| outgoing(&config.rollups_topic, home, value)));
        records
    }

    /// What has to leave the partition now: messages and rows; and its state,
    /// which is added to `batch`.
    pub fn checkpoint<Batch>(
        &mut self,
        config: &Config,
        rules: &Attribution,
        batch: &mut Batch,
    ) -> Leaving
    where
        B: Changing<Batch>,
    {
        let changes = self.partition.take_changes();
        let messages = self.partition.take_leaving().messages;
        self.dirty = false;
        self.must_be_stored = false;
        let mut leaving = Leaving {
            has_erased: !changes.erased.is_empty(),
            counters: changes.counters,
            restated: std::mem::take(&mut self.restated_keys),
            ..Leaving::default()
        };
        let mut scratch = Vec::new();
        for chunk in &changes.chunks {
            self.add_cells(*chunk, config, rules);
            // While the chunk is at hand.
            if B::KEEPS
                && let Some(cells) = self.partition.chunk(*chunk)
            {
                scratch.clear();
                stored::encode_chunk(cells, &mut scratch);
                let key = stored::chunk_key(*chunk);
                self.partition.backing().put(&key, &scratch, batch);
                leaving.keys += 1;
            }
        }
        leaving.records = self.pack(&messages, config, rules);
        (leaving.messages, leaving.rows) = std::mem::take(&mut self.left);
        if B::KEEPS {
            leaving.keys += self.store(config, rules, &changes, batch);
        }
        leaving
    }

    /// Adds the changed cells of a chunk to the rows that leave.
    fn add_cells(&mut self, chunk: ChunkKey, config: &Config, rules: &Attribution) {
        if config.cells_at_end {
            self.held_chunks.insert(chunk);
            return;
        }
        self.add_cells_now(chunk, config, rules);
    }

    fn add_cells_now(&mut self, chunk: ChunkKey, config: &Config, rules: &Attribution) {
        let restating = self.is_restating();
        let (names, cells) = self.partition.changed_cells(chunk);
        for (key, cell) in cells {
            if restating {
                // It is not whole yet: see `Stage::Cells`.
                continue;
            }
            self.outbox
                .add_cell(key, cell, context(self.number, names, config, rules));
        }
    }

    /// The rows of the cells that were held back: see [`Config::cells_at_end`].
    pub fn last_cells(
        &mut self,
        config: &Config,
        rules: &Attribution,
    ) -> impl Iterator<Item = Outgoing> {
        for chunk in std::mem::take(&mut self.held_chunks) {
            self.add_cells_now(chunk, config, rules);
        }
        let names = self.partition.names();
        let (_, values) = self
            .outbox
            .finish(context(self.number, names, config, rules));
        let home = self.rollups_home(config);
        let values = values.into_iter();
        values.map(move |value| outgoing(&config.rollups_topic, home, value))
    }

    /// Adds the changed state, but for cells, to a batch; tells how many keys it
    /// has.
    fn store<Batch>(
        &mut self,
        config: &Config,
        rules: &Attribution,
        changes: &Changes,
        batch: &mut Batch,
    ) -> usize
    where
        B: Changing<Batch>,
    {
        let partition = &self.partition;
        let mut keys = 0;
        let mut scratch = Vec::new();
        let mut put = |key: &[u8], encode: &dyn Fn(&mut Vec<u8>)| {
            scratch.clear();
            encode(&mut scratch);
            partition.backing().put(key, &scratch, batch);
            keys += 1;
        };
        for ident in &changes.nodes {
            match partition.node(*ident) {
                Some(node) => put(&stored::node_key(*ident), &|out| {
                    stored::encode_node(node, out);
                }),
                None => self.removed.push(stored::node_key(*ident).to_vec()),
            }
        }
        let with_models = std::mem::take(&mut self.must_store_models);
        let removed = &mut self.removed;
        stored::encode_erasures(partition, changes, with_models, &mut put, removed);
        for key in &changes.numbers {
            if let Some(number) = partition.number(*key) {
                put(&stored::number_key(*key), &|out| {
                    stored::encode_number(number, out);
                });
            }
        }
        for ident in &changes.costs {
            if let Some(cost) = partition.cost(*ident) {
                put(&stored::cost_key(*ident), &|out| {
                    stored::encode_cost(cost, out);
                });
            }
        }
        let closed = partition.closed().iter().enumerate();
        for (index, ident) in closed.skip(self.stored_closed) {
            put(&stored::closed_key(index), &|out| {
                stored::encode_closed(*ident, out);
            });
        }
        self.stored_closed = partition.closed().len();
        let fresh = partition.names().since(self.stored_names);
        stored::encode_names(&fresh, self.stored_names, |key, value| {
            partition.backing().put(key, value, batch);
            keys += 1;
        });
        self.stored_names = partition.names().counts();
        for key in &self.removed {
            partition.backing().remove(key, batch);
        }
        keys += self.removed.len();
        self.removed.clear();
        if self.progress != self.stored_progress {
            let value = self.progress.encode();
            partition
                .backing()
                .put(&stored::PROGRESS_KEY, &value, batch);
            self.stored_progress = self.progress.clone();
        }
        let rated_through = rules.rated_through();
        let meta = Meta {
            lamport: partition.lamport(),
            next_offset: self.next_offset,
            last_record: self.last_record,
            partitions: config.events_partitions,
            generation: rules.generation(),
            rules: rules.fingerprint(),
            rated_through,
            rates: rules.rates_fingerprint(rated_through),
            names: self.stored_names,
            closed: self.stored_closed,
            max_partners: config.max_partners,
            conservation: partition.conservation(),
        };
        partition
            .backing()
            .put(&stored::META_KEY, &meta.encode(), batch);
        keys + 1
    }

    /// Gives up memory of what is stored and was not used lately.
    pub fn evict(&mut self, config: &Config) {
        self.partition
            .evict(config.cached_nodes, config.cached_chunks);
    }
}

/// By which a record of the log is known again; 0 of none.
fn fingerprint(value: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(value).max(1)
}

/// Refuses state that was made under other terms.
pub(crate) fn check(
    partition: u32,
    config: &Config,
    rules: &Attribution,
    meta: &Meta,
) -> Result<(), ProcessorError> {
    let configured = config.events_partitions;
    if meta.partitions != configured {
        return Err(ProcessorError::Partitions {
            partition,
            stored: meta.partitions,
            configured,
        });
    }
    let configured = rules.generation();
    let same = meta.rules == rules.fingerprint()
        && meta.rates == rules.rates_fingerprint(meta.rated_through);
    // What an older one made is restated.
    if meta.generation > configured || meta.generation == configured && !same {
        let stored = meta.generation;
        return Err(ProcessorError::Rules {
            partition,
            stored,
            configured,
        });
    }
    Ok(())
}

pub(crate) const fn context<'a>(
    partition: u32,
    names: &'a Names,
    config: &Config,
    rules: &'a Attribution,
) -> Context<'a> {
    Context {
        names,
        rules,
        partition,
        max_bytes: config.record_bytes,
        tables: config.tables,
    }
}

pub(crate) fn outgoing(topic: &Arc<str>, partition: u32, value: Vec<u8>) -> Outgoing {
    Outgoing {
        topic: Arc::clone(topic),
        partition: Some(partition as i32),
        value: Some(value),
        ..Outgoing::default()
    }
}
