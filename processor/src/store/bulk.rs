//! A partition's state as a whole: read as it stood at one moment, and written
//! at once.

use fjall::{Iter, Keyspace, Readable as _, Snapshot, UserKey, UserValue};

use super::{FjallStore, failing};
use crate::error::ProcessorError;
use crate::lease::Lease;
use crate::stored::{self, Meta};

/// A key and its value.
pub type Entry = (UserKey, UserValue);

/// A partition's state as a checkpoint left it. Checkpoints are written whole,
/// so every moment shows the state between two of them; later ones change
/// nothing here. What they replace stays on disk for as long as this lives.
pub struct View {
    keyspace: Keyspace,
    moment: Snapshot,
    store: FjallStore,
    partition: u32,
    /// The header, as it stands there.
    header: Vec<u8>,
}

impl View {
    /// The partition of `events`.
    pub const fn partition(&self) -> u32 {
        self.partition
    }

    /// Clock, position, rules, sums, as they are stored.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The same, read.
    pub fn meta(&self) -> Result<Meta, ProcessorError> {
        Meta::decode(&self.header).map_err(|reason| ProcessorError::Damaged {
            partition: self.partition,
            what: "header",
            reason: reason.0,
        })
    }

    /// All keys and values, in the order of the keys. They are read as they
    /// are asked for.
    pub fn entries(&self) -> Entries {
        Entries {
            entries: self.moment.iter(&self.keyspace),
            store: self.store.clone(),
        }
    }
}

/// Reads all keys and values of a [`View`].
pub struct Entries {
    entries: Iter,
    store: FjallStore,
}

impl Iterator for Entries {
    type Item = Result<Entry, ProcessorError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?.into_inner();
        Some(entry.map_err(failing(&self.store.path, "reading")))
    }
}

/// A partition that nobody else of this process has, to be replaced.
pub struct Restoring {
    store: FjallStore,
    partition: u32,
    _lease: Lease,
}

impl Restoring {
    /// The offset of the next record to apply, if the partition is there.
    pub fn next_offset(&self) -> Result<Option<i64>, ProcessorError> {
        self.store.next_offset(self.partition)
    }

    /// Replaces the partition by these entries, which come in the order of
    /// their keys. They are seen when the last one is written, and not at all
    /// when one of them is an error or the process dies: then the partition is
    /// empty. Gives the number of keys.
    pub fn replace<E: From<ProcessorError>>(
        &self,
        mut entries: impl Iterator<Item = Result<Entry, E>>,
    ) -> Result<u64, E> {
        let store = &self.store;
        store.clear(self.partition)?;
        let keyspace = store.backing(self.partition)?.keyspace;
        let failing = || failing(&store.path, "restoring a partition");
        let mut ingestion = keyspace
            .start_ingestion()
            .map_err(failing())
            .map_err(E::from)?;
        let mut keys = 0;
        entries.try_for_each(|entry| {
            let (key, value) = entry?;
            keys += 1;
            ingestion
                .write(key, value)
                .map_err(failing())
                .map_err(E::from)
        })?;
        ingestion.finish().map_err(failing()).map_err(E::from)?;
        Ok(keys)
    }
}

impl FjallStore {
    /// The partitions that workers of this process have.
    pub fn held(&self) -> Vec<u32> {
        self.leases.taken().into_iter().collect()
    }

    /// A partition's state as it is now; `None` where nothing is stored of it.
    pub fn view(&self, partition: u32) -> Result<Option<View>, ProcessorError> {
        let keyspace = self.backing(partition)?.keyspace;
        let moment = self.database.snapshot();
        let header = moment
            .get(&keyspace, stored::META_KEY)
            .map_err(failing(&self.path, "reading"))?;
        Ok(header.map(|header| View {
            keyspace,
            moment,
            store: self.clone(),
            partition,
            header: header.to_vec(),
        }))
    }

    /// Takes a partition to restore it; waits for a worker that has it.
    pub fn restoring(&self, partition: u32) -> Restoring {
        Restoring {
            store: self.clone(),
            partition,
            _lease: self.leases.take(partition),
        }
    }

    /// Stores these entries of a partition.
    #[cfg(test)]
    #[allow(clippy::unwrap_used)]
    pub(crate) fn put_for_test(&self, partition: u32, entries: &[(&[u8], &[u8])]) {
        use super::{Changing as _, Store as _};
        let backing = self.backing(partition).unwrap();
        let mut batch = self.batch();
        for (key, value) in entries {
            backing.put(key, value, &mut batch);
        }
        self.commit(batch).unwrap();
    }
}
