//! One instance of a partition: a life between two crashes, or a zombie beside its successor.
//!
//! The fold, the records it writes and the values it stores are the processor's own. What the simulation decides is
//! when each step of a checkpoint happens, and which of them do not happen any more.

use std::sync::Arc;

use throughline_processor::{Config, Owned, ProcessorError};
use throughline_proto::topics;
use throughline_stream::{Outgoing, Record};

use super::disk::{Batch, Disk, SharedDisk};
use super::setup::Setup;

/// Where a published record goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Destination {
    /// The log of a partition.
    Log(u32),
    /// The table of rows.
    Rows,
}

/// A record on its way.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Where to.
    pub to: Destination,
    /// Its value.
    pub value: Arc<[u8]>,
    /// The Lamport time of the sender when it was published.
    pub lamport: u64,
}

/// How far an instance is with its checkpoint.
#[derive(Debug)]
pub enum Phase {
    /// It applies records.
    Applying,
    /// Its messages and rows are published, but nothing is acknowledged; its state is still to be stored.
    Publishing(Batch),
    /// Its messages and rows are acknowledged, its state is still to be stored.
    Acknowledged(Batch),
    /// Only a deliberate fault leads here: its state is stored, its messages and rows are not acknowledged.
    StoredTooEarly,
}

/// An instance of a partition.
pub struct Instance {
    /// The partition.
    pub partition: u32,
    /// Its fold.
    pub owned: Owned<SharedDisk>,
    /// Its disk.
    pub disk: SharedDisk,
    /// How far its checkpoint is.
    pub phase: Phase,
    /// What it published and was not acknowledged.
    pub unacknowledged: Vec<Parcel>,
    /// Another instance has its partition as well.
    pub zombie: bool,
    /// Only a deliberate fault leads here: half of the next record is applied.
    pub halfway: bool,
}

impl Instance {
    /// A life that goes on from a snapshot, or from nothing.
    pub fn open(
        setup: &Setup,
        config: &Config,
        partition: u32,
        snapshot: Disk,
    ) -> Result<Self, ProcessorError> {
        let disk = SharedDisk::new(snapshot);
        let loaded = disk.load()?;
        let owned = Owned::new(partition, config, &setup.rules, disk.clone(), loaded)?;
        Ok(Self {
            partition,
            owned,
            disk,
            phase: Phase::Applying,
            unacknowledged: Vec::new(),
            zombie: false,
            halfway: false,
        })
    }

    /// The index of the next record of the log. Each has two offsets, so that a deliberate fault may stop between.
    pub fn next(&self) -> usize {
        self.owned.next_offset() as usize / 2
    }

    /// Applies a record at an offset.
    pub fn apply(
        &mut self,
        setup: &Setup,
        config: &Config,
        offset: i64,
        value: &[u8],
    ) -> Result<(), ProcessorError> {
        let record = Record {
            topic: Arc::clone(&config.events_topic),
            partition: self.partition as i32,
            offset,
            timestamp_ms: 0,
            key: None,
            value: Some(value.to_vec()),
            headers: Vec::new(),
        };
        let (_, rows) = self.owned.apply(&record, config, &setup.rules)?;
        let lamport = self.owned.fold().lamport();
        self.unacknowledged
            .extend(rows.into_iter().map(|record| parcel(record, lamport)));
        Ok(())
    }

    /// Publishes messages and rows before a checkpoint.
    pub fn leave(&mut self, setup: &Setup, config: &Config) {
        let records = self.owned.leave(config, &setup.rules);
        let lamport = self.owned.fold().lamport();
        let records = records.into_iter();
        self.unacknowledged
            .extend(records.map(|record| parcel(record, lamport)));
    }

    /// Begins a checkpoint: publishes messages and rows. Gives the state to be stored.
    pub fn publish(&mut self, setup: &Setup, config: &Config) -> Batch {
        let mut batch = Batch::new();
        let leaving = self.owned.checkpoint(config, &setup.rules, &mut batch);
        let lamport = self.owned.fold().lamport();
        let records = leaving.records.into_iter();
        self.unacknowledged
            .extend(records.map(|record| parcel(record, lamport)));
        batch
    }

    /// Stores the state, and gives up memory.
    pub fn store(&mut self, config: &Config, batch: Batch) {
        self.disk.write(batch);
        self.owned.evict(config);
    }
}

fn parcel(record: Outgoing, lamport: u64) -> Parcel {
    let partition = record.partition.unwrap_or(0) as u32;
    let to = if record.topic.as_ref() == topics::EVENTS {
        Destination::Log(partition)
    } else {
        Destination::Rows
    };
    Parcel {
        to,
        value: record.value.unwrap_or_default().into(),
        lamport,
    }
}
