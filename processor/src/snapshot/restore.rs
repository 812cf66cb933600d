//! Reading a snapshot back into a store.

use std::ops::Range;
use std::time::{Duration, Instant};

use object_store::path::Path;
use throughline_stream::Stop;

use super::chunk;
use super::error::SnapshotError;
use super::manifest::{ChunkEntry, Manifest};
use super::name;
use super::place::{Found, Place};
use crate::error::ProcessorError;
use crate::metrics as report;
use crate::owned;
use crate::rules::Attribution;
use crate::store::{Entry, FjallStore, Restoring};
use crate::stored;
use crate::worker::Config;

/// A snapshot that was restored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// Where it stands.
    pub name: String,
    /// The offset of the next record to apply.
    pub next_offset: i64,
    /// How many keys it has.
    pub keys: u64,
    /// The size of its state.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// What came of looking for a snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Newest {
    /// It is in the store.
    Restored(Restored),
    /// There is none that can be used.
    None {
        /// How many there are that cannot be used, each named in a warning.
        refused: usize,
        /// The newest of those that end before the log begins, with the offset
        /// they end at.
        too_old: Option<(String, i64)>,
    },
}

/// Puts the newest usable snapshot of a partition into a store, in place of what
/// the store holds of it. `log` is what the partition's log holds: a snapshot
/// must end within it; without it (for a look at the state alone) any will do.
///
/// Usable is what was made with the configured partitions, generation and rules
/// and is intact. What is not is named in a warning, and the next older one is
/// taken. Storage that is away is an error; so is state of other rules, as it
/// would be in the store.
pub fn restore_into(
    store: &FjallStore,
    place: &Place,
    config: &Config,
    rules: &Attribution,
    partition: u32,
    log: Option<&Range<i64>>,
    stop: &Stop,
) -> Result<Newest, ProcessorError> {
    let into = store.restoring(partition);
    let terms = Terms { config, rules };
    replace(&into, place, terms, partition, log, stop)
}

/// What state must have been made by.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub config: &'a Config,
    pub rules: &'a Attribution,
}

/// The same with a partition that is taken already.
pub(super) fn replace(
    into: &Restoring,
    place: &Place,
    terms: Terms<'_>,
    partition: u32,
    log: Option<&Range<i64>>,
    stop: &Stop,
) -> Result<Newest, ProcessorError> {
    let mut refused = 0;
    let mut too_old = None;
    for found in place.list(partition, stop)? {
        let path = place.path(partition, found.name);
        let shown = place.show(&path);
        let (generation, offset) = (found.name.generation, found.name.next_offset);
        if !found.is_complete() {
            continue;
        }
        if generation != terms.rules.generation() {
            let configured = terms.rules.generation();
            tracing::info!(
                partition,
                snapshot = shown,
                configured,
                "a snapshot of another generation is of no use"
            );
            continue;
        }
        if log.is_some_and(|log| offset < log.start) {
            // All that follow are older still.
            too_old = Some((shown, offset));
            break;
        }
        if let Some(log) = log.filter(|log| offset > log.end) {
            return Err(SnapshotError::AnotherLog {
                name: shown,
                offset,
                topic: place.topic().to_owned(),
                partition,
                end: log.end,
                directory: place.shown_directory(partition),
            }
            .into());
        }
        match restore(into, place, terms, partition, &path, &found, stop) {
            Ok(restored) => {
                report::restored(&restored);
                return Ok(Newest::Restored(restored));
            }
            Err(ProcessorError::Snapshot(error @ SnapshotError::Damaged { .. })) => {
                refused += 1;
                report::refused_snapshot();
                tracing::warn!(%error, partition, "a snapshot was passed by; trying an older one");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Newest::None { refused, too_old })
}

fn restore(
    into: &Restoring,
    place: &Place,
    terms: Terms<'_>,
    partition: u32,
    path: &Path,
    found: &Found,
    stop: &Stop,
) -> Result<Restored, ProcessorError> {
    let begun = Instant::now();
    let name = place.show(path);
    let damaged = |reason: String| SnapshotError::Damaged {
        name: name.clone(),
        reason,
    };
    let manifest = read_manifest(place, found, stop, &damaged)?;
    let meta = manifest.meta().map_err(&damaged)?;
    if (meta.generation, meta.next_offset) != (found.name.generation, found.name.next_offset) {
        return Err(damaged("its manifest is of another snapshot".to_owned()).into());
    }
    owned::check(partition, terms.config, terms.rules, &meta)?;
    let header = manifest.header().unwrap_or_default();
    let mut found_header = false;
    let chunks = manifest.chunks.iter().flat_map(|chunk| {
        let entries = read_chunk(place, path, chunk, stop, &damaged);
        let (entries, error) = match entries {
            Ok(entries) => (entries, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        entries.into_iter().map(Ok).chain(error)
    });
    let mut last = None;
    let entries = chunks.map(|entry| {
        let (key, value) = entry?;
        found_header |= *key == stored::META_KEY && *value == *header;
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err(damaged("its keys are not in order".to_owned()).into());
        }
        last = Some(key.clone());
        Ok::<Entry, ProcessorError>((key, value))
    });
    let keys = into.replace(entries)?;
    if keys != manifest.keys || !found_header {
        into.replace(std::iter::empty::<Result<Entry, ProcessorError>>())?;
        return Err(damaged("its keys are not those of its manifest".to_owned()).into());
    }
    Ok(Restored {
        name,
        next_offset: meta.next_offset,
        keys,
        bytes: manifest.bytes,
        took: begun.elapsed(),
    })
}

/// Reads the manifest. Where two wrote the same snapshot there may be two, of
/// which either will do.
fn read_manifest(
    place: &Place,
    found: &Found,
    stop: &Stop,
    damaged: &dyn Fn(String) -> SnapshotError,
) -> Result<Manifest, ProcessorError> {
    let mut reason = "its manifest is gone".to_owned();
    for object in &found.manifests {
        let Some(content) = place.get(&object.location, stop)? else {
            continue;
        };
        let file = object.location.filename().unwrap_or_default();
        match Manifest::decode(file, &content) {
            Ok(manifest) => return Ok(manifest),
            Err(problem) => reason = problem,
        }
    }
    Err(damaged(reason).into())
}

fn read_chunk(
    place: &Place,
    directory: &Path,
    chunk: &ChunkEntry,
    stop: &Stop,
    damaged: &dyn Fn(String) -> SnapshotError,
) -> Result<Vec<Entry>, ProcessorError> {
    let file = name::chunk(&chunk.fingerprint);
    let path = directory.clone().join(file.as_str());
    let Some(stored) = place.get(&path, stop)? else {
        return Err(damaged(format!("its chunk {file} is missing")).into());
    };
    if name::fingerprint(&stored) != chunk.fingerprint {
        return Err(damaged(format!("its chunk {file} is not what was written")).into());
    }
    let entries = chunk::read(&stored, chunk.bytes as usize);
    entries.map_err(|reason| damaged(format!("{reason} ({file})")).into())
}
