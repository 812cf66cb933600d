//! Where a partition's state is kept: on disk (fjall), or in memory only.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use throughline_core::cell::{Chunk, ChunkKey};
use throughline_core::cost::Cost;
use throughline_core::names::StoredNames;
use throughline_core::number::{NumberKey, NumberState};
use throughline_core::partition::StoredErasures;
use throughline_core::{Backing, Ident, Node};
use throughline_proto::flat::Malformed;

use crate::error::ProcessorError;
use crate::lease::{Lease, Leases};
use crate::restate;
use crate::stored::{self, Meta};

mod bulk;
mod scrub;
mod unfinished;

pub use bulk::{Entry, Restoring, View};

/// Keeps the state of partitions.
pub trait Store: Clone + Send + 'static {
    /// Changes that are to be written at once.
    type Batch;
    /// What a partition reads its state through, and adds its changes.
    type Backing: Backing<Error = ProcessorError> + Changing<Self::Batch> + Stored;

    /// A partition's state, with what is known of it as a whole unless it is
    /// new. Waits for another worker on this store that has the partition: see
    /// [`lease`](crate::lease).
    fn open(&self, partition: u32) -> Result<(Self::Backing, Option<Loaded>), ProcessorError>;

    /// No changes yet.
    fn batch(&self) -> Self::Batch;

    /// Writes the changes of several partitions at once: all of them or, if
    /// the process dies, none. They are on disk when it returns.
    fn commit(&self, batch: Self::Batch) -> Result<(), ProcessorError>;

    /// Sees to it that what was removed from the state of some partitions stands
    /// in no file any more. This may take long; the state may be used meanwhile.
    fn scrub(&self, partitions: &[u32]) -> Result<(), ProcessorError>;

    /// Whether state can be read back, so that memory may be given up.
    const KEEPS: bool;
}

/// Where the changes of one partition are added to those of others.
pub trait Changing<Batch> {
    /// Adds the new value of a key.
    fn put(&self, key: &[u8], value: &[u8], batch: &mut Batch);

    /// Adds that a key goes.
    fn remove(&self, key: &[u8], batch: &mut Batch);
}

/// The stored keys and values of one partition as such.
pub trait Stored {
    /// Whether anything is ever stored.
    const KEEPS: bool;

    /// The value of a key.
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProcessorError>;

    /// Up to `limit` keys that begin with a byte, in their order, after one of
    /// them (empty: from the first).
    fn keys(&self, space: u8, after: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ProcessorError>;
}

/// What is known of a stored partition as a whole.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Clock, position, rules, sums.
    pub meta: Meta,
    /// Interned names.
    pub names: StoredNames,
    /// Pseudonyms of nodes that take no more links.
    pub closed: Vec<Ident>,
    /// Erased persons.
    pub erasures: StoredErasures,
}

/// Keeps nothing: the partition itself holds all of its state.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryStore;

/// Has nothing to read.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Store for MemoryStore {
    type Batch = ();
    type Backing = Nothing;
    const KEEPS: bool = false;

    fn open(&self, _partition: u32) -> Result<(Nothing, Option<Loaded>), ProcessorError> {
        Ok((Nothing, None))
    }

    fn batch(&self) {}

    fn commit(&self, _batch: ()) -> Result<(), ProcessorError> {
        Ok(())
    }

    fn scrub(&self, _partitions: &[u32]) -> Result<(), ProcessorError> {
        Ok(())
    }
}

impl Changing<()> for Nothing {
    fn put(&self, _key: &[u8], _value: &[u8], _batch: &mut ()) {}

    fn remove(&self, _key: &[u8], _batch: &mut ()) {}
}

impl Stored for Nothing {
    const KEEPS: bool = false;

    fn value(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, ProcessorError> {
        Ok(None)
    }

    fn keys(&self, _: u8, _: &[u8], _: usize) -> Result<Vec<Vec<u8>>, ProcessorError> {
        Ok(Vec::new())
    }
}

impl Backing for Nothing {
    type Error = ProcessorError;

    fn node(&mut self, _ident: Ident) -> Result<Option<Node>, ProcessorError> {
        Ok(None)
    }

    fn number(&mut self, _key: NumberKey) -> Result<Option<NumberState>, ProcessorError> {
        Ok(None)
    }

    fn number_keys(
        &mut self,
        _after: Option<NumberKey>,
        _limit: usize,
    ) -> Result<Vec<NumberKey>, ProcessorError> {
        Ok(Vec::new())
    }

    fn cost(&mut self, _ident: Ident) -> Result<Option<Cost>, ProcessorError> {
        Ok(None)
    }

    fn chunk(&mut self, _key: ChunkKey) -> Result<Option<Chunk>, ProcessorError> {
        Ok(None)
    }
}

/// How the store on disk uses the machine.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The directory; made when it does not exist. It belongs to one process.
    pub path: PathBuf,
    /// Memory for blocks read from disk.
    pub cache_bytes: u64,
}

/// How much a partition's changes may take before they are sorted to disk;
/// there are two such tables at times. A small one is also faster to fill.
const MEMTABLE_BYTES: u64 = 8 * 1024 * 1024;
/// What a partition's keyspace is named, before its number.
const KEYSPACE_PREFIX: &str = "events-";

/// Keeps state on disk, a keyspace a partition. Cloned handles share it.
#[derive(Clone)]
pub struct FjallStore {
    database: Database,
    keyspaces: Arc<Mutex<BTreeMap<u32, Keyspace>>>,
    leases: Arc<Leases>,
    /// Held by who rewrites files.
    scrubbing: Arc<Mutex<()>>,
    path: Arc<Path>,
}

impl FjallStore {
    /// Opens the store, or makes it.
    pub fn open(options: &StoreOptions) -> Result<Self, ProcessorError> {
        let path: Arc<Path> = options.path.as_path().into();
        // Some damage to a journal makes the store's own reader panic.
        let open = || {
            // Of several workers one does not compact, and hands such work back
            // as fast as it can for as long as another compacts.
            let builder = Database::builder(&path)
                .cache_size(options.cache_bytes)
                .worker_threads(1);
            let opened = catch_unwind(AssertUnwindSafe(|| builder.open()));
            opened.unwrap_or(Err(fjall::Error::Unrecoverable))
        };
        let database = match open() {
            Err(error) if !matches!(error, fjall::Error::Locked) => {
                match unfinished::remove(&path) {
                    Ok(true) => open(),
                    Ok(false) | Err(_) => Err(error),
                }
            }
            opened => opened,
        };
        let database = database.map_err(failing(&path, "opening it"))?;
        Ok(Self {
            database,
            keyspaces: Arc::default(),
            leases: Arc::default(),
            scrubbing: Arc::default(),
            path,
        })
    }

    /// The offset of the next record to apply; `None` for a partition that is
    /// not in the store.
    pub fn next_offset(&self, partition: u32) -> Result<Option<i64>, ProcessorError> {
        let backing = self.backing(partition)?;
        Ok(backing.meta()?.map(|meta| meta.next_offset))
    }

    /// Whether the figures of a partition are those of a generation; not so
    /// while it is on its way there.
    pub fn is_at_generation(
        &self,
        partition: u32,
        generation: u32,
    ) -> Result<bool, ProcessorError> {
        let backing = self.backing(partition)?;
        let meta = backing.meta()?;
        restate::is_there(partition, generation, &backing, meta.as_ref())
    }

    fn clear(&self, partition: u32) -> Result<(), ProcessorError> {
        // Under the lock throughout, or somebody could find what is just deleted.
        let mut keyspaces = self.keyspaces();
        let keyspace = self.keyspace(&mut keyspaces, partition)?;
        keyspaces.remove(&partition);
        self.database
            .delete_keyspace(keyspace)
            .map_err(failing(&self.path, "clearing a partition"))
    }

    fn keyspaces(&self) -> MutexGuard<'_, BTreeMap<u32, Keyspace>> {
        self.keyspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn keyspace(
        &self,
        keyspaces: &mut BTreeMap<u32, Keyspace>,
        partition: u32,
    ) -> Result<Keyspace, ProcessorError> {
        if let Some(keyspace) = keyspaces.get(&partition) {
            return Ok(keyspace.clone());
        }
        let name = format!("{KEYSPACE_PREFIX}{partition}");
        let keyspace = self
            .database
            .keyspace(&name, || {
                KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES)
            })
            .map_err(failing(&self.path, "opening a partition"))?;
        keyspaces.insert(partition, keyspace.clone());
        Ok(keyspace)
    }

    fn backing(&self, partition: u32) -> Result<FjallBacking, ProcessorError> {
        let keyspace = self.keyspace(&mut self.keyspaces(), partition)?;
        Ok(FjallBacking {
            keyspace,
            partition,
            path: Arc::clone(&self.path),
            lease: None,
        })
    }
}

impl Store for FjallStore {
    type Batch = OwnedWriteBatch;
    type Backing = FjallBacking;
    const KEEPS: bool = true;

    fn open(&self, partition: u32) -> Result<(FjallBacking, Option<Loaded>), ProcessorError> {
        let lease = self.leases.take(partition);
        let mut backing = self.backing(partition)?;
        backing.lease = Some(lease);
        let loaded = match backing.meta()? {
            Some(meta) => {
                let names = stored::decode_names(meta.names, |key| backing.get(key))?
                    .map_err(|reason| backing.damaged("list of names", reason))?;
                let closed = (0..meta.closed).map(|index| backing.closed(index));
                let closed = closed.collect::<Result<_, _>>()?;
                let all = |space| backing.keys(space, &[], usize::MAX);
                let erasures = stored::decode_erasures(all, |key| backing.get(key))?
                    .map_err(|reason| backing.damaged("list of erased persons", reason))?;
                Some(Loaded {
                    meta,
                    names,
                    closed,
                    erasures,
                })
            }
            None => None,
        };
        Ok((backing, loaded))
    }

    fn batch(&self) -> OwnedWriteBatch {
        self.database
            .batch()
            .durability(Some(PersistMode::SyncData))
    }

    fn commit(&self, batch: OwnedWriteBatch) -> Result<(), ProcessorError> {
        batch
            .commit()
            .map_err(failing(&self.path, "writing a checkpoint"))
    }

    fn scrub(&self, partitions: &[u32]) -> Result<(), ProcessorError> {
        self.scrub_files(partitions)
    }
}

impl Changing<OwnedWriteBatch> for FjallBacking {
    fn put(&self, key: &[u8], value: &[u8], batch: &mut OwnedWriteBatch) {
        batch.insert(&self.keyspace, key, value);
    }

    fn remove(&self, key: &[u8], batch: &mut OwnedWriteBatch) {
        batch.remove(&self.keyspace, key);
    }
}

impl Stored for FjallBacking {
    const KEEPS: bool = true;

    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProcessorError> {
        self.get(key)
    }

    fn keys(&self, space: u8, after: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ProcessorError> {
        let first = if after.is_empty() {
            Bound::Included(vec![space])
        } else {
            Bound::Excluded(after.to_vec())
        };
        let end = Bound::Excluded(vec![space + 1]);
        let keys = self.keyspace.range((first, end)).take(limit);
        let keys = keys.map(|item| item.key().map(|key| key.to_vec()));
        keys.collect::<Result<_, _>>()
            .map_err(failing(&self.path, "reading"))
    }
}

/// Reads one partition's state from disk.
pub struct FjallBacking {
    keyspace: Keyspace,
    partition: u32,
    path: Arc<Path>,
    /// Keeps the partition from other workers that have this store.
    lease: Option<Lease>,
}

impl FjallBacking {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProcessorError> {
        let value = self
            .keyspace
            .get(key)
            .map_err(failing(&self.path, "reading"))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn meta(&self) -> Result<Option<Meta>, ProcessorError> {
        self.read(&stored::META_KEY, "header", Meta::decode)
    }

    fn closed(&self, index: usize) -> Result<Ident, ProcessorError> {
        let missing = || self.damaged("list of hubs", Malformed("an entry is missing"));
        let key = stored::closed_key(index);
        let ident = self.read(&key, "list of hubs", stored::decode_closed)?;
        ident.ok_or_else(missing)
    }

    fn read<T>(
        &self,
        key: &[u8],
        what: &'static str,
        decode: impl Fn(&[u8]) -> Result<T, Malformed>,
    ) -> Result<Option<T>, ProcessorError> {
        let value = self
            .keyspace
            .get(key)
            .map_err(failing(&self.path, "reading"))?;
        value
            .map(|value| decode(&value).map_err(|reason| self.damaged(what, reason)))
            .transpose()
    }

    fn damaged(&self, what: &'static str, reason: Malformed) -> ProcessorError {
        ProcessorError::Damaged {
            partition: self.partition,
            what,
            reason: reason.0,
        }
    }
}

impl Backing for FjallBacking {
    type Error = ProcessorError;

    fn node(&mut self, ident: Ident) -> Result<Option<Node>, ProcessorError> {
        self.read(&stored::node_key(ident), "journey", stored::decode_node)
    }

    fn number(&mut self, key: NumberKey) -> Result<Option<NumberState>, ProcessorError> {
        self.read(&stored::number_key(key), "number", stored::decode_number)
    }

    fn number_keys(
        &mut self,
        after: Option<NumberKey>,
        limit: usize,
    ) -> Result<Vec<NumberKey>, ProcessorError> {
        let after = after.map(stored::number_key).unwrap_or_default();
        let keys = self.keys(stored::NUMBERS, &after, limit)?;
        let unreadable = || self.damaged("key of a number", Malformed("another length"));
        let keys = keys.iter().map(|key| stored::number_of(key));
        keys.map(|key| key.ok_or_else(unreadable)).collect()
    }

    fn cost(&mut self, ident: Ident) -> Result<Option<Cost>, ProcessorError> {
        self.read(&stored::cost_key(ident), "cost", stored::decode_cost)
    }

    fn chunk(&mut self, key: ChunkKey) -> Result<Option<Chunk>, ProcessorError> {
        self.read(
            &stored::chunk_key(key),
            "rollup cells",
            stored::decode_chunk,
        )
    }
}

fn failing(path: &Path, context: &'static str) -> impl Fn(fjall::Error) -> ProcessorError {
    let path = path.to_owned();
    move |source| ProcessorError::Store {
        path: path.clone(),
        context,
        source: Box::new(source),
    }
}
