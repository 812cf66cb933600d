//! A partition that a worker owns: its fold, and what leaves it.

use std::sync::Arc;

use throughline_core::partition::{Changes, Conservation, Counters, Limits};
use throughline_core::{Backing, Body, Partition, Topology, names::Names};
use throughline_proto::home_partition;
use throughline_stream::{Outgoing, Record};

use crate::error::ProcessorError;
use crate::rows::{Context, Outbox};
use crate::rules::Attribution;
use crate::store::{Changing, Loaded};
use crate::stored::{self, Meta};
use crate::wire::{self, Incoming};
use crate::worker::Config;

/// A partition that a worker owns.
pub struct Owned<B> {
    number: u32,
    partition: Partition<B>,
    outbox: Outbox,
    /// The offset of the next record to apply.
    next_offset: i64,
    /// How many names are stored.
    stored_names: [usize; 4],
    /// Records were applied since the last checkpoint.
    dirty: bool,
}

/// What a checkpoint of one partition amounts to.
#[derive(Default)]
pub struct Leaving {
    /// Records for `events` and `rollups`.
    pub records: Vec<Outgoing>,
    /// Messages to other partitions.
    pub messages: usize,
    /// Rows.
    pub rows: usize,
    /// Keys to be stored.
    pub keys: usize,
    /// What was done since the last checkpoint.
    pub counters: Counters,
}

impl<B: Backing<Error = ProcessorError>> Owned<B> {
    /// Goes on from what is stored, unless that was made under other terms.
    pub fn new(
        number: u32,
        config: &Config,
        rules: &Arc<Attribution>,
        backing: B,
        loaded: Option<Loaded>,
    ) -> Result<Self, ProcessorError> {
        let (names, meta) = match loaded {
            Some(Loaded { meta, names }) => {
                check(number, config, rules, &meta)?;
                rules.rate_through(meta.rated_through);
                (Names::restore(names, rules.as_ref()), meta)
            }
            None => (Names::default(), Meta::default()),
        };
        let topology = Topology {
            own: number,
            partitions: config.events_partitions,
            home: |ident, partitions| home_partition(throughline_proto::Ident(ident.0), partitions),
        };
        let limits = Limits {
            max_touches: config.max_touches,
            max_items: config.max_items,
        };
        let partition = Partition::new(
            topology,
            limits,
            Arc::clone(rules) as Arc<dyn throughline_core::Rules>,
            backing,
            names,
            meta.lamport,
            meta.conservation,
        );
        Ok(Self {
            number,
            partition,
            outbox: Outbox::default(),
            next_offset: meta.next_offset,
            stored_names: meta.names,
            dirty: false,
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

    /// As much changed since the last checkpoint as should be in memory at all.
    pub fn is_full(&self, config: &Config) -> bool {
        let (nodes, chunks) = self.partition.changed();
        nodes >= config.cached_nodes || chunks >= config.cached_chunks
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
        if record.offset < self.next_offset {
            return Ok((0, Vec::new()));
        }
        let garbled = |reason: throughline_proto::flat::Malformed| ProcessorError::Garbled {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            reason: reason.0,
        };
        let value = record.value.as_deref().unwrap_or_default();
        let (names, core_rules) = self.partition.names_mut();
        let mut incoming = Incoming::read(value, names, core_rules).map_err(garbled)?;
        let mut youngest = 0;
        self.partition
            .apply_messages(incoming.lamport(), |names, rules| {
                let message = incoming.next(names, rules)?.map_err(garbled);
                if let Ok(message) = &message
                    && let Body::Event { fact, .. } | Body::Call { fact, .. } = &message.body
                {
                    youngest = fact.key.at.max(youngest);
                }
                Some(message)
            })?;
        let (names, rows) = self.partition.rows();
        let context = context(self.number, names, config, rules);
        for row in rows {
            self.outbox.add(row, context);
        }
        self.next_offset = record.offset + 1;
        self.dirty = true;
        let home = self.rollups_home(config);
        let full = self.outbox.full();
        let full = full.map(|value| outgoing(&config.rollups_topic, home, value));
        Ok((youngest, full.collect()))
    }

    /// Rows of one partition stay in order, though nothing depends on it.
    fn rollups_home(&self, config: &Config) -> u32 {
        self.number % config.rollups_partitions.max(1)
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
        self.dirty = false;
        let mut leaving = Leaving {
            messages: changes.messages.values().map(Vec::len).sum(),
            counters: changes.counters,
            ..Leaving::default()
        };
        let names = self.partition.names();
        let lamport = self.partition.lamport();
        for (home, messages) in &changes.messages {
            for value in wire::encode(messages, lamport, names, config.record_bytes) {
                let record = outgoing(&config.events_topic, *home, value);
                leaving.records.push(record);
            }
        }
        let number = self.number;
        for chunk in &changes.chunks {
            let (names, cells) = self.partition.changed_cells(*chunk);
            for (key, cell) in cells {
                self.outbox
                    .add_cell(key, cell, context(number, names, config, rules));
            }
        }
        let names = self.partition.names();
        let (rows, values) = self.outbox.finish(context(number, names, config, rules));
        leaving.rows = rows;
        let home = self.rollups_home(config);
        for value in values {
            let record = outgoing(&config.rollups_topic, home, value);
            leaving.records.push(record);
        }
        leaving.keys = self.store(config, rules, &changes, batch);
        leaving
    }

    /// Adds the changed state to a batch; tells how many keys it has.
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
            if let Some(node) = partition.node(*ident) {
                put(&stored::node_key(*ident), &|out| {
                    stored::encode_node(node, out);
                });
            }
        }
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
        for key in &changes.chunks {
            if let Some(chunk) = partition.chunk(*key) {
                put(&stored::chunk_key(*key), &|out| {
                    stored::encode_chunk(chunk, out);
                });
            }
        }
        let fresh = partition.names().since(self.stored_names);
        stored::encode_names(&fresh, self.stored_names, |key, value| {
            partition.backing().put(key, value, batch);
            keys += 1;
        });
        self.stored_names = partition.names().counts();
        let rated_through = rules.rated_through();
        let meta = Meta {
            lamport: partition.lamport(),
            next_offset: self.next_offset,
            partitions: config.events_partitions,
            generation: rules.generation(),
            rules: rules.fingerprint(),
            rated_through,
            rates: rules.rates_fingerprint(rated_through),
            names: self.stored_names,
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
    if meta.generation != configured || !same {
        let stored = meta.generation;
        return Err(ProcessorError::Rules {
            partition,
            stored,
            configured,
        });
    }
    Ok(())
}

const fn context<'a>(
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
    }
}

fn outgoing(topic: &Arc<str>, partition: u32, value: Vec<u8>) -> Outgoing {
    Outgoing {
        topic: Arc::clone(topic),
        partition: Some(partition as i32),
        value: Some(value),
        ..Outgoing::default()
    }
}
