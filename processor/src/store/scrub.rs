//! What was removed from a store, out of its files.
//!
//! A store that is written by appending keeps what was overwritten or removed: in
//! tables until they are merged, in the journal until that is full. When a person
//! is erased, that is not enough.

use std::sync::PoisonError;

use fjall::{Keyspace, KeyspaceCreateOptions};

use super::{FjallStore, failing};
use crate::error::ProcessorError;

/// A journal is given up when it is larger than this.
const JOURNAL_BYTES: usize = 64_000_000;
/// What fills the journal is written in pieces of this size.
const PIECE_BYTES: usize = 1 << 20;
/// Where it is written.
const FILLER: &str = "filler";
/// The key that is written last.
const LAST: [u8; 9] = [0xff; 9];
/// Journals go one after the other, as the tables of their keyspaces are written.
const ROUNDS: usize = 10;

impl FjallStore {
    /// Rewrites the tables of some partitions, and begins another journal.
    pub(super) fn scrub_files(&self, partitions: &[u32]) -> Result<(), ProcessorError> {
        let _one_at_a_time = self
            .scrubbing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let failing = failing(&self.path, "removing what was erased");
        for partition in partitions {
            let keyspace = self.keyspace(&mut self.keyspaces(), *partition)?;
            keyspace.rotate_memtable_and_wait().map_err(&failing)?;
            keyspace.major_compact().map_err(&failing)?;
        }
        let filler = self
            .database
            .keyspace(FILLER, KeyspaceCreateOptions::default);
        let filler = filler.map_err(&failing)?;
        let mut seed = 0;
        for piece in 0..=JOURNAL_BYTES / PIECE_BYTES {
            filler
                .insert(piece.to_be_bytes(), incompressible(&mut seed))
                .map_err(&failing)?;
        }
        // The journal ends with the first table that is written once it is full, and goes when all that it holds
        // stands in tables.
        for _ in 0..ROUNDS {
            filler.insert(LAST, []).map_err(&failing)?;
            filler.rotate_memtable_and_wait().map_err(&failing)?;
            if self.database.journal_count() <= 1 {
                break;
            }
            let keyspaces: Vec<Keyspace> = self.keyspaces().values().cloned().collect();
            for keyspace in keyspaces {
                keyspace.rotate_memtable_and_wait().map_err(&failing)?;
            }
        }
        self.database.delete_keyspace(filler).map_err(&failing)
    }
}

/// Bytes that no compression makes fewer, other ones each time.
fn incompressible(seed: &mut u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PIECE_BYTES);
    while bytes.len() < PIECE_BYTES {
        *seed += 1;
        bytes.extend(xxhash_rust::xxh3::xxh3_64(&seed.to_le_bytes()).to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::{Changing as _, Store as _, StoreOptions};

    const SECRET: &[u8] = b"somebody who is to be forgotten";

    fn files_with_secret(directory: &Path) -> usize {
        let mut found = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found += files_with_secret(&path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                let mut windows = bytes.windows(SECRET.len());
                found += usize::from(windows.any(|window| window == SECRET));
            }
        }
        found
    }

    #[test]
    fn what_was_removed_stands_in_no_file_while_the_store_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let store = FjallStore::open(&StoreOptions {
            path: directory.path().join("store"),
            cache_bytes: 1 << 20,
        });
        let store = store.unwrap();
        let backings = [0, 1, 2].map(|partition| store.backing(partition).unwrap());
        for round in 0..3_u8 {
            let mut batch = store.batch();
            for backing in &backings {
                backing.put(&[b'n', round], SECRET, &mut batch);
                backing.put(&[b'u', round], b"somebody else", &mut batch);
            }
            store.commit(batch).unwrap();
            assert!(files_with_secret(directory.path()) > 0);
            let mut batch = store.batch();
            for backing in &backings {
                backing.remove(&[b'n', round], &mut batch);
            }
            store.commit(batch).unwrap();
            std::thread::scope(|scope| {
                let scrubbers: Vec<_> = [&[0, 1][..], &[1, 2]]
                    .map(|partitions| scope.spawn(|| store.scrub(partitions)))
                    .into();
                let mut number = 0_u32;
                while !scrubbers
                    .iter()
                    .all(std::thread::ScopedJoinHandle::is_finished)
                {
                    let mut batch = store.batch();
                    backings[0].put(&number.to_be_bytes(), b"more", &mut batch);
                    store.commit(batch).unwrap();
                    number += 1;
                }
                for scrubber in scrubbers {
                    scrubber.join().unwrap().unwrap();
                }
            });
            assert_eq!(files_with_secret(directory.path()), 0);
            for backing in &backings {
                assert_eq!(
                    backing.get(&[b'u', round]).unwrap().unwrap(),
                    b"somebody else"
                );
            }
        }
    }
}
