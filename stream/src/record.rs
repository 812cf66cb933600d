//! Records as they are read and written.

use std::sync::Arc;

/// One partition of one topic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicPartition {
    /// The topic's name in the broker.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
}

/// Where to go on in a partition: the offset of the next record to read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// The partition.
    pub at: TopicPartition,
    /// The offset of the next record.
    pub next_offset: i64,
}

/// A header of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The header's name.
    pub name: String,
    /// Its value; a header may have none.
    pub value: Option<Vec<u8>>,
}

/// A record that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The topic's name in the broker.
    pub topic: Arc<str>,
    /// The partition it stands in.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// When it was written, epoch milliseconds, by the producer's or broker's clock.
    pub timestamp_ms: i64,
    /// Its key, when it has one.
    pub key: Option<Vec<u8>>,
    /// Its value; a tombstone has none.
    pub value: Option<Vec<u8>>,
    /// Its headers in order.
    pub headers: Vec<Header>,
}

/// A record to be written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outgoing {
    /// The topic's name in the broker.
    pub topic: Arc<str>,
    /// The partition, or `None` to let the key decide.
    pub partition: Option<i32>,
    /// The record's key.
    pub key: Option<Vec<u8>>,
    /// The record's value.
    pub value: Option<Vec<u8>>,
    /// The record's headers.
    pub headers: Vec<Header>,
}
