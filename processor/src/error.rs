//! Why a processor cannot go on.

use std::io::ErrorKind;
use std::path::PathBuf;

use throughline_stream::StreamError;

use crate::snapshot::SnapshotError;

/// Why a processor cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// The broker cannot be read or written.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A snapshot cannot be written or restored.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The state store cannot be opened, read or written.
    #[error(
        "the state store at {path} fails while {context}: {source}{}",
        way_out(source)
    )]
    Store {
        /// Where the store is.
        path: PathBuf,
        /// What was being done.
        context: &'static str,
        /// What the store says.
        source: Box<fjall::Error>,
    },
    /// Something in the store cannot be understood.
    #[error(
        "the state of partition {partition} holds a {what} that cannot be read ({reason}): the store \
         is damaged or was written by another version. Delete the directory of the store \
         (`processor.data_dir`): its partitions are restored from their snapshots and the log"
    )]
    Damaged {
        /// The partition of `events`.
        partition: u32,
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A record of `events` cannot be understood.
    #[error(
        "the record at {topic}[{partition}] offset {offset} is no batch of events ({reason}): \
         only ingest and processors of this version or an older one may write to that topic"
    )]
    Garbled {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The log is not the one that the state was made from.
    #[error(
        "the record at {topic}[{partition}] offset {offset} is not the one that the state was made \
         from: the topic was made anew and has grown since. State and log belong together: restore \
         the topic, or start over with new topics, new state and a new database"
    )]
    AnotherLog {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
    },
    /// The store was made for another number of partitions.
    #[error(
        "the state of partition {partition} was made with {stored} partitions of `events`, but \
         {configured} are configured: set the number it was made with, or start over with new \
         topics and new state"
    )]
    Partitions {
        /// The partition of `events`.
        partition: u32,
        /// What the store says.
        stored: u32,
        /// What the configuration says.
        configured: u32,
    },
    /// The store was made with another bound on partners.
    #[error(
        "the state of partition {partition} was made with `processor.max_partners` {stored}, but \
         {configured} is configured: links of hubs beyond the first {stored} are not in the state, \
         so set the number it was made with, or delete the state to rebuild it from the log"
    )]
    Partners {
        /// The partition of `events`.
        partition: u32,
        /// What the store says.
        stored: usize,
        /// What the configuration says.
        configured: usize,
    },
    /// The store was made by other attribution rules.
    #[error(
        "the state of partition {partition} was made in generation {stored} by other attribution \
         rules (models, lookback windows, channel rules, currency rates, time zones) than those \
         configured as generation {configured}: undo the change, or raise `processor.generation` \
         above {stored} on every processor and sink, and all figures are restated from the state by \
         the new rules; the views show those of before until they are complete"
    )]
    Rules {
        /// The partition of `events`.
        partition: u32,
        /// The generation in the store.
        stored: u32,
        /// The configured generation.
        configured: u32,
    },
    /// The log goes on in a generation whose rules are not known here.
    #[error(
        "partition {partition} of `events` goes on in generation {announced} from offset {offset}, but \
         this processor is configured for generation {configured}: give it the rules and the \
         `processor.generation` of the processors that have begun with generation {announced}"
    )]
    Announced {
        /// The partition of `events`.
        partition: u32,
        /// The offset of the record that says so.
        offset: i64,
        /// The generation that it announces.
        announced: u32,
        /// The configured generation.
        configured: u32,
    },
}

/// What to do about a store whose files are not what was written.
fn way_out(error: &fjall::Error) -> &'static str {
    match error {
        // The disk is full or broken, the directory not to be used, or another
        // process uses it: what is stored is as good as it was.
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error))
            if !is_damage(error.kind()) =>
        {
            ""
        }
        fjall::Error::Locked => " (another process uses that directory)",
        fjall::Error::Poisoned | fjall::Error::KeyspaceDeleted => "",
        _ => {
            ". Its files are damaged: delete that directory, and its partitions are restored from \
             their snapshots and the log"
        }
    }
}

/// Whether a failure to read tells of files that are incomplete or changed.
const fn is_damage(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::InvalidData | ErrorKind::UnexpectedEof
    )
}
