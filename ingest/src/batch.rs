//! Open batches of messages, one for each partition of `events`.
//!
//! A batch is written as it grows: messages are encoded at once, and texts
//! that repeat stand once, in tables.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use throughline_proto::events::{self, BatchWriter, Body, Message};
use throughline_proto::flat::Flat as _;
use throughline_proto::{Ident, home_partition};
use throughline_stream::{Outgoing, Publish, StreamError, backlog};
use xxhash_rust::xxh3::xxh3_64;

/// Ingest keeps no Lamport time.
const LAMPORT: u64 = 0;

/// What batches hold and how large they get.
#[derive(Debug)]
pub struct Batches {
    topic: Arc<str>,
    batch_bytes: usize,
    open: Vec<Batch>,
    published: Published,
    /// When the newest of what they hold was written; 0: not known.
    newest_ms: i64,
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
    writer: BatchWriter,
    /// In the order of the batch's table.
    tenants: Vec<String>,
    /// In the order of the batch's table.
    origins: Vec<(Arc<str>, i32)>,
    /// By the hashes of [`Self::written`].
    sources: FxHashMap<u64, KnownSource>,
    /// The batch's sources as they are written, one after the other.
    written: Vec<u8>,
}

/// A source of the batch's table.
#[derive(Clone, Copy, Debug)]
struct KnownSource {
    index: u32,
    /// Where it stands in [`Batch::written`].
    from: usize,
    to: usize,
}

/// A partition of a raw topic.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The topic's name in the broker.
    pub topic: &'a Arc<str>,
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
            newest_ms: 0,
        }
    }

    /// What is added from now on was written at this time, epoch milliseconds.
    /// Batches say when they were made of a backlog, which is old however lately
    /// it passed here.
    pub fn written_at(&mut self, timestamp_ms: i64) {
        self.newest_ms = self.newest_ms.max(timestamp_ms);
    }

    /// Adds a message to the node `to`; `body` may put texts into the batch's
    /// tables. A batch that is full is published at once.
    pub fn add<'e>(
        &mut self,
        tenant: &str,
        to: Ident,
        publish: &mut impl Publish,
        body: impl FnOnce(&mut Batch) -> Body<'e>,
    ) -> Result<(), StreamError> {
        let partition = home_partition(to, self.open.len() as u32);
        let batch = &mut self.open[partition as usize];
        let tenant = batch.tenant(tenant);
        let body = body(batch);
        batch.writer.push(&Message { tenant, to, body });
        if batch.writer.size() >= self.batch_bytes {
            self.publish(partition, publish)?;
        }
        Ok(())
    }

    /// Publishes every batch that holds something.
    pub fn publish_all(&mut self, publish: &mut impl Publish) -> Result<(), StreamError> {
        (0..self.open.len() as u32).try_for_each(|partition| self.publish(partition, publish))?;
        self.newest_ms = 0;
        Ok(())
    }

    /// What was published since the last call.
    pub fn take_published(&mut self) -> Published {
        std::mem::take(&mut self.published)
    }

    fn publish(&mut self, partition: u32, publish: &mut impl Publish) -> Result<(), StreamError> {
        let batch = &mut self.open[partition as usize];
        let messages = batch.writer.messages();
        if messages == 0 {
            return Ok(());
        }
        let value = batch.close();
        self.published.batches += 1;
        self.published.messages += messages as u64;
        self.published.bytes += value.len() as u64;
        publish.send(Outgoing {
            topic: Arc::clone(&self.topic),
            partition: Some(partition as i32),
            value: Some(value),
            headers: backlog::headers(self.newest_ms),
            ..Outgoing::default()
        })
    }
}

impl Batch {
    /// The index of a source in the batch's table.
    pub fn source(&mut self, source: &events::Source<'_>) -> u32 {
        let from = self.written.len();
        source.put(&mut self.written);
        let to = self.written.len();
        let hash = xxh3_64(&self.written[from..]);
        if let Some(known) = self.sources.get(&hash)
            && self.written[known.from..known.to] == self.written[from..]
        {
            self.written.truncate(from);
            return known.index;
        }
        // Of two sources with one hash the later is known; the other would
        // stand in the table twice, which is allowed.
        let index = self.writer.sources.push(source);
        self.sources.insert(hash, KnownSource { index, from, to });
        index
    }

    /// The index of an origin in the batch's table.
    pub fn origin(&mut self, Origin { topic, partition }: Origin<'_>) -> u32 {
        let known = self
            .origins
            .iter()
            .position(|known| known.1 == partition && known.0 == *topic);
        known.map_or_else(
            || {
                self.origins.push((Arc::clone(topic), partition));
                let origin = events::Origin { topic, partition };
                self.writer.origins.push(&origin)
            },
            |index| index as u32,
        )
    }

    fn tenant(&mut self, tenant: &str) -> u32 {
        // Mostly one, and rarely more than a few: no map is faster.
        let known = self.tenants.iter().rposition(|known| known == tenant);
        known.map_or_else(
            || {
                self.tenants.push(tenant.to_owned());
                self.writer.tenants.push(&tenant)
            },
            |index| index as u32,
        )
    }

    /// The encoded batch; what is left is an empty one with its room kept.
    fn close(&mut self) -> Vec<u8> {
        self.tenants.clear();
        self.origins.clear();
        self.sources.clear();
        self.written.clear();
        self.writer.finish(LAMPORT)
    }
}
