//! Why a processor cannot go on.

use std::path::PathBuf;

use throughline_stream::StreamError;

/// Why a processor cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// The broker cannot be read or written.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The state store cannot be opened, read or written.
    #[error("the state store at {path} fails while {context}: {source}")]
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
         is damaged or was written by a newer version; restore it, or delete it to rebuild the \
         partition from the log"
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
