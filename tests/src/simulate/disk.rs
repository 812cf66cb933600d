//! What an instance of a partition keeps: its values as they would stand on disk, in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use throughline_core::cell::{Chunk, ChunkKey};
use throughline_core::cost::Cost;
use throughline_core::number::{NumberKey, NumberState};
use throughline_core::{Backing, Ident, Node};
use throughline_processor::stored::{self, Meta};
use throughline_processor::{Changing, Loaded, ProcessorError, Stored};
use throughline_proto::flat::Malformed;

/// Keys and values. A clone is a snapshot.
pub type Disk = BTreeMap<Vec<u8>, Rc<[u8]>>;

/// Keys and values that are to be written at once; without a value, the key goes.
pub type Batch = Vec<(Vec<u8>, Option<Rc<[u8]>>)>;

/// The disk of one instance.
#[derive(Clone, Default)]
pub struct SharedDisk(Rc<RefCell<Disk>>);

impl SharedDisk {
    /// A disk that holds what a snapshot holds.
    pub fn new(snapshot: Disk) -> Self {
        Self(Rc::new(RefCell::new(snapshot)))
    }

    /// All of it, as it is now.
    pub fn snapshot(&self) -> Disk {
        self.0.borrow().clone()
    }

    /// Writes a batch.
    pub fn write(&self, batch: Batch) {
        let mut disk = self.0.borrow_mut();
        for (key, value) in batch {
            match value {
                Some(value) => disk.insert(key, value),
                None => disk.remove(&key),
            };
        }
    }

    /// What is known of the partition as a whole; nothing on an empty disk.
    pub fn load(&self) -> Result<Option<Loaded>, ProcessorError> {
        let Some(meta) = self.read(&stored::META_KEY, Meta::decode)? else {
            return Ok(None);
        };
        let disk = self.0.borrow();
        let get = |key: &[u8]| Ok(disk.get(key).map(|value| value.to_vec()));
        let names = stored::decode_names::<ProcessorError>(meta.names, get)?.map_err(damaged)?;
        let closed = (0..meta.closed).map(|index| {
            let ident = self.read(&stored::closed_key(index), stored::decode_closed)?;
            ident.ok_or_else(|| damaged(Malformed("an entry of the list of hubs is missing")))
        });
        let closed = closed.collect::<Result<_, _>>()?;
        let all = |space| self.keys(space, &[], usize::MAX);
        let erasures = stored::decode_erasures(all, |key| self.value(key))?;
        Ok(Some(Loaded {
            meta,
            names,
            closed,
            erasures: erasures.map_err(damaged)?,
        }))
    }

    /// A value, decoded.
    pub fn read<T>(
        &self,
        key: &[u8],
        decode: impl Fn(&[u8]) -> Result<T, Malformed>,
    ) -> Result<Option<T>, ProcessorError> {
        let disk = self.0.borrow();
        let value = disk.get(key);
        value
            .map(|value| decode(value).map_err(damaged))
            .transpose()
    }
}

fn damaged(reason: Malformed) -> ProcessorError {
    ProcessorError::Damaged {
        partition: 0,
        what: "value",
        reason: reason.0,
    }
}

impl Changing<Batch> for SharedDisk {
    fn put(&self, key: &[u8], value: &[u8], batch: &mut Batch) {
        batch.push((key.to_vec(), Some(value.into())));
    }

    fn remove(&self, key: &[u8], batch: &mut Batch) {
        batch.push((key.to_vec(), None));
    }
}

impl Stored for SharedDisk {
    const KEEPS: bool = true;

    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProcessorError> {
        Ok(self.0.borrow().get(key).map(|value| value.to_vec()))
    }

    fn keys(&self, space: u8, after: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ProcessorError> {
        let disk = self.0.borrow();
        let keys = disk.keys().filter(|key| key.first() == Some(&space));
        let keys = keys.filter(|key| key.as_slice() > after);
        Ok(keys.take(limit).cloned().collect())
    }
}

impl Backing for SharedDisk {
    type Error = ProcessorError;

    fn node(&mut self, ident: Ident) -> Result<Option<Node>, ProcessorError> {
        self.read(&stored::node_key(ident), stored::decode_node)
    }

    fn number(&mut self, key: NumberKey) -> Result<Option<NumberState>, ProcessorError> {
        self.read(&stored::number_key(key), stored::decode_number)
    }

    fn number_keys(
        &mut self,
        after: Option<NumberKey>,
        limit: usize,
    ) -> Result<Vec<NumberKey>, ProcessorError> {
        let after = after.map(stored::number_key).unwrap_or_default();
        let keys = self.keys(stored::NUMBERS, &after, limit)?;
        Ok(keys
            .iter()
            .filter_map(|key| stored::number_of(key))
            .collect())
    }

    fn cost(&mut self, ident: Ident) -> Result<Option<Cost>, ProcessorError> {
        self.read(&stored::cost_key(ident), stored::decode_cost)
    }

    fn chunk(&mut self, key: ChunkKey) -> Result<Option<Chunk>, ProcessorError> {
        self.read(&stored::chunk_key(key), stored::decode_chunk)
    }
}
