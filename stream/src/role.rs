//! The seam between a room and what drives it.

use std::time::Duration;

use crate::record::{Outgoing, Position, Record, TopicPartition};

/// What a poll of a [`Source`] gave. Changes of the assignment come in order
/// with the records: no record of a partition comes before its assignment or
/// after its revocation.
#[derive(Debug)]
pub enum Polled {
    /// These partitions are this worker's from now on.
    Assigned(Vec<TopicPartition>),
    /// These partitions are taken away. What was read of them may still be
    /// finished and committed, until the next poll hands them over.
    Revoked(Vec<TopicPartition>),
    /// Records, in offset order within a partition; empty when none came in time.
    Records(Vec<Record>),
}

/// Where records come from.
pub trait Source {
    /// Up to `max_records` records, waiting up to `wait` for the first one.
    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Polled, StreamError>;

    /// Remembers how far the group has come. Positions of partitions that are
    /// no longer assigned are ignored.
    fn commit(&mut self, positions: &[Position]) -> Result<(), StreamError>;

    /// Asks for no records of a partition for a while, or for those that come
    /// after the last one given. Some may come all the same: whoever asks keeps
    /// them. A source that cannot hold back does nothing.
    fn hold(&mut self, _at: &TopicPartition, _held: bool) -> Result<(), StreamError> {
        Ok(())
    }
}

/// Where records go.
pub trait Publish {
    /// Hands a record over for writing. Blocks while the queue is full.
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError>;

    /// Waits until every record handed over so far is acknowledged by all
    /// replicas. While the broker is away it waits, unless the worker is told
    /// to stop.
    fn flush(&mut self) -> Result<(), StreamError>;
}

/// A room's worker: does a bounded piece of work at each step.
pub trait Role {
    /// The error of the room.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Polls once and does what is due.
    fn step(&mut self) -> Result<Step, Self::Error>;

    /// Finishes what was begun (drain, checkpoint, commit) before the end.
    fn finish(&mut self) -> Result<(), Self::Error>;
}

/// What a step did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Records were taken or written.
    Worked,
    /// Nothing came, and nothing waits to be written.
    Idle,
}

/// Why a stream could not go on.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The worker was told to stop while it waited.
    #[error("stopped while waiting for {0}")]
    Stopped(&'static str),
    /// A record cannot ever be written (too large, unknown topic …).
    #[error("cannot write a record of {bytes} bytes to topic {topic}: {reason}")]
    Unwritable {
        /// The topic.
        topic: String,
        /// The size of the value.
        bytes: usize,
        /// What the broker or client says.
        reason: String,
    },
    /// The position is not in the log.
    #[error(
        "offset {offset} of {topic}[{partition}] is not in the log, which holds {low} to {high}: {}",
        way_out(*.offset, *.low)
    )]
    OutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The position that was asked for.
        offset: i64,
        /// The first offset that the log still has.
        low: i64,
        /// The offset that the log's next record will get.
        high: i64,
    },
    /// A topic has another number of partitions than it must have.
    #[error(
        "topic {topic} has {found} partitions, but the configuration says {expected}: set the number it was created with, or start over with a new topic and new state"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// What the broker says.
        found: u32,
        /// What the configuration says.
        expected: u32,
    },
    /// Kafka does not let the client in, or not to this; it does not pass by itself.
    #[error("{context}: {reason} ({remedy})")]
    Refused {
        /// What was being done.
        context: String,
        /// What the client says.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Anything else the broker or its client reports.
    #[error("{context}: {reason}")]
    Broker {
        /// What was being done.
        context: String,
        /// What the client says.
        reason: String,
    },
}

/// What to do about a position that is not in the log.
fn way_out(offset: i64, low: i64) -> &'static str {
    if offset < low {
        "its retention has passed that position, so records are lost to this worker. Restore the \
         topic or the worker's state from a backup; or, to go on without the lost records, delete \
         the worker's state or reset its group's offsets to the earliest"
    } else {
        "the log was truncated or the topic made anew. Restore the topic, or delete the worker's \
         state and reset its group's offsets, so that it starts over from what the log holds"
    }
}
