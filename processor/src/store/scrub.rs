//! What was removed from a store, out of its files.
//!
//! A store that is written by appending keeps what was overwritten or removed: in
//! tables until they are merged, in the journal until that is full. When a person
//! is erased, that is not enough.

use fjall::{Keyspace, KeyspaceCreateOptions};

use super::{FjallStore, failing};
use crate::error::ProcessorError;

/// A journal is given up when it is larger than this.
const JOURNAL_BYTES: usize = 64_000_000;
/// What fills the journal is written in pieces of this size.
const PIECE_BYTES: usize = 1 << 20;
/// Where it is written.
const FILLER: &str = "filler";
/// Journals go one after the other, as the tables of their keyspaces are written.
const ROUNDS: usize = 10;

impl FjallStore {
    /// Rewrites the tables of some partitions, and begins another journal.
    pub(super) fn scrub_files(&self, partitions: &[u32]) -> Result<(), ProcessorError> {
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
            filler.insert([], []).map_err(&failing)?;
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
