//! Writing a snapshot.

use std::time::{Duration, Instant};

use throughline_stream::Stop;

use super::chunk::Chunk;
use super::keep;
use super::manifest::{ChunkEntry, Manifest};
use super::name::{self, Name};
use super::place::{Found, Place};
use crate::error::ProcessorError;
use crate::store::{FjallStore, View};
use crate::stored::Meta;

/// A snapshot that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saved {
    /// Where it stands.
    pub name: String,
    /// The offset of the next record to apply.
    pub next_offset: i64,
    /// How many keys it has.
    pub keys: u64,
    /// The size of its state.
    pub bytes: u64,
    /// The size of what was written.
    pub stored_bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// Writes a snapshot of a partition's state as it is now, and deletes what is
/// older than the newest `keep` of them. `None`: there is no state, or the
/// storage holds as new a snapshot already.
pub fn save(
    place: &Place,
    store: &FjallStore,
    partition: u32,
    keep: usize,
    stop: &Stop,
) -> Result<Option<Saved>, ProcessorError> {
    let Some(view) = store.view(partition)? else {
        return Ok(None);
    };
    let name = name_of(&view.meta()?);
    let there = place.list(partition, stop)?;
    let is_there = |found: &Found| found.name >= name && found.is_complete();
    let saved = if there.iter().any(is_there) {
        None
    } else {
        Some(write(place, &view, stop)?)
    };
    keep::tidy(place, partition, keep, stop);
    Ok(saved)
}

/// Writes what this view shows, whatever else is there.
pub(super) fn write(place: &Place, view: &View, stop: &Stop) -> Result<Saved, ProcessorError> {
    let begun = Instant::now();
    let meta = view.meta()?;
    let name = name_of(&meta);
    let mut manifest = Manifest::new(place.topic(), view.partition(), view.header(), &meta);
    let directory = place.path(view.partition(), name);
    let mut chunk = Chunk::default();
    let mut put = |chunk: &mut Chunk| -> Result<(), ProcessorError> {
        let (keys, bytes) = (chunk.keys(), chunk.bytes() as u64);
        let stored = chunk.take();
        let entry = ChunkEntry {
            fingerprint: name::fingerprint(&stored),
            stored_bytes: stored.len() as u64,
            bytes,
            keys,
        };
        let path = directory.clone().join(name::chunk(&entry.fingerprint));
        place.put(&path, stored, stop)?;
        manifest.add(entry);
        Ok(())
    };
    for entry in view.entries() {
        let (key, value) = entry?;
        if chunk.is_full_for(&key, &value) {
            put(&mut chunk)?;
        }
        chunk.add(&key, &value);
    }
    put(&mut chunk)?;
    let content = manifest.encode();
    let path = directory.clone().join(name::manifest(&content));
    let chunks = manifest.chunks.iter().map(|chunk| chunk.stored_bytes);
    let stored_bytes = chunks.sum::<u64>() + content.len() as u64;
    place.put(&path, content, stop)?;
    Ok(Saved {
        name: place.show(&directory),
        next_offset: name.next_offset,
        keys: manifest.keys,
        bytes: manifest.bytes,
        stored_bytes,
        took: begun.elapsed(),
    })
}

const fn name_of(meta: &Meta) -> Name {
    Name {
        generation: meta.generation,
        next_offset: meta.next_offset,
    }
}
