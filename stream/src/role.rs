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
    /// These partitions are this worker's no more.
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
    /// The stored position is no longer in the log.
    #[error(
        "offset {offset} of {topic}[{partition}] is no longer in the log: its retention has passed it"
    )]
    OutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The position that was asked for.
        offset: i64,
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
