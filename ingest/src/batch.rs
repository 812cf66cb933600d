//! Open batches of messages, one for each partition of `events`.
//!
//! A batch is written as it grows: messages are encoded at once, and strings
//! that repeat stand once, in tables. Protobuf allows the fields of a message
//! in any order, so the tables are put in front when the batch is closed.

use std::sync::Arc;

use prost::Message as _;
use rustc_hash::FxHashMap;
use throughline_proto::events::{self, message};
use throughline_proto::{Ident, home_partition};
use throughline_stream::{Outgoing, Publish, StreamError};

use crate::event::Source;

/// The wire type of strings and messages in a field's key.
const LENGTH_DELIMITED: u8 = 2;
/// The key of the field `EventBatch.sources`.
const SOURCES_KEY: u8 = 3 << 3 | LENGTH_DELIMITED;
/// The key of the field `EventBatch.messages`.
const MESSAGES_KEY: u8 = 5 << 3 | LENGTH_DELIMITED;

/// What batches hold and how large they get.
#[derive(Debug)]
pub struct Batches {
    topic: Arc<str>,
    batch_bytes: usize,
    open: Vec<Batch>,
    published: Published,
}

/// What was handed to the publisher since this was last taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Published {
    /// Records of `events`.
    pub batches: u64,
    /// Messages in them.
    pub messages: u64,
    /// Bytes of their values.
    pub bytes: u64,
}

/// One open batch.
#[derive(Debug, Default)]
pub struct Batch {
    tenants: Vec<String>,
    /// By the encoded source.
    source_index: FxHashMap<Box<[u8]>, u32>,
    sources: Vec<u8>,
    origins: Vec<events::Origin>,
    messages: Vec<u8>,
    message_count: u64,
    scratch: Vec<u8>,
}

/// A partition of a raw topic.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The topic's name in the broker.
    pub topic: &'a str,
    /// The partition's number.
    pub partition: i32,
}

impl Batches {
    /// No open batches yet.
    pub fn new(topic: Arc<str>, partitions: u32, batch_bytes: usize) -> Self {
        Self {
            topic,
            batch_bytes,
            open: (0..partitions.max(1)).map(|_| Batch::default()).collect(),
            published: Published::default(),
        }
    }

    /// Adds a message to the node `to`; `body` may put strings into the
    /// batch's tables. A batch that is full is published at once.
    pub fn add(
        &mut self,
        tenant: &str,
        to: Ident,
        publish: &mut impl Publish,
        body: impl FnOnce(&mut Batch) -> message::Body,
    ) -> Result<(), StreamError> {
        let partition = home_partition(to, self.open.len() as u32);
        let batch = &mut self.open[partition as usize];
        let message = events::Message {
            tenant: batch.tenant(tenant),
            to: Some(to.into()),
            body: Some(body(batch)),
        };
        batch.push(&message);
        if batch.size() >= self.batch_bytes {
            self.publish(partition, publish)?;
        }
        Ok(())
    }

    /// Publishes every batch that holds something.
    pub fn publish_all(&mut self, publish: &mut impl Publish) -> Result<(), StreamError> {
        (0..self.open.len() as u32).try_for_each(|partition| self.publish(partition, publish))
    }

    /// What was published since the last call.
    pub fn take_published(&mut self) -> Published {
        std::mem::take(&mut self.published)
    }

    fn publish(&mut self, partition: u32, publish: &mut impl Publish) -> Result<(), StreamError> {
        let batch = &mut self.open[partition as usize];
        if batch.message_count == 0 {
            return Ok(());
        }
        let messages = batch.message_count;
        let value = batch.close();
        self.published.batches += 1;
        self.published.messages += messages;
        self.published.bytes += value.len() as u64;
        publish.send(Outgoing {
            topic: Arc::clone(&self.topic),
            partition: Some(partition as i32),
            value: Some(value),
            ..Outgoing::default()
        })
    }
}

impl Batch {
    /// The index of a source in the batch's table.
    pub fn source(&mut self, source: &Source<'_>) -> u32 {
        let parts = [
            &source.source,
            &source.medium,
            &source.campaign,
            &source.content,
            &source.term,
        ];
        self.scratch.clear();
        for (number, part) in (1..).zip(parts) {
            if !part.is_empty() {
                self.scratch.push(number << 3 | LENGTH_DELIMITED);
                append(&mut self.scratch, part.as_bytes());
            }
        }
        if let Some(index) = self.source_index.get(self.scratch.as_slice()) {
            return *index;
        }
        let index = self.source_index.len() as u32;
        self.sources.push(SOURCES_KEY);
        append(&mut self.sources, &self.scratch);
        self.source_index
            .insert(self.scratch.as_slice().into(), index);
        index
    }

    /// The index of an origin in the batch's table.
    pub fn origin(&mut self, origin: Origin<'_>) -> u32 {
        let known = self
            .origins
            .iter()
            .position(|known| known.partition == origin.partition && known.topic == origin.topic);
        known.unwrap_or_else(|| {
            self.origins.push(events::Origin {
                topic: origin.topic.to_owned(),
                partition: origin.partition,
            });
            self.origins.len() - 1
        }) as u32
    }

    fn tenant(&mut self, tenant: &str) -> u32 {
        // Mostly one, and rarely more than a few: no map is faster.
        let known = self.tenants.iter().rposition(|known| known == tenant);
        known.unwrap_or_else(|| {
            self.tenants.push(tenant.to_owned());
            self.tenants.len() - 1
        }) as u32
    }

    fn push(&mut self, message: &events::Message) {
        self.messages.push(MESSAGES_KEY);
        message
            .encode_length_delimited(&mut self.messages)
            .expect("a vector has room");
        self.message_count += 1;
    }

    fn size(&self) -> usize {
        self.messages.len() + self.sources.len()
    }

    /// The encoded batch; what is left is an empty one with its room kept.
    fn close(&mut self) -> Vec<u8> {
        let tables = events::EventBatch {
            tenants: std::mem::take(&mut self.tenants),
            origins: std::mem::take(&mut self.origins),
            ..events::EventBatch::default()
        };
        let mut value = Vec::with_capacity(tables.encoded_len() + self.size());
        tables.encode(&mut value).expect("a vector has room");
        value.extend_from_slice(&self.sources);
        value.extend_from_slice(&self.messages);
        self.source_index.clear();
        self.sources.clear();
        self.messages.clear();
        self.message_count = 0;
        value
    }
}

/// Appends bytes with their length in front.
fn append(buffer: &mut Vec<u8>, bytes: &[u8]) {
    prost::encode_length_delimiter(bytes.len(), buffer).expect("a vector has room");
    buffer.extend_from_slice(bytes);
}
