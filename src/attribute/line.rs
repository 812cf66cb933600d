//! The line in memory: ingest and one processor over topics in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use throughline_ingest::Ingest;
use throughline_processor::{Attribution, MemoryStore, Processor};
use throughline_proto::topics::dead_letter_headers;
use throughline_stream::memory::{MemoryBroker, MemoryPublisher, MemorySource};
use throughline_stream::{Outgoing, Polled, Record, Role as _, Source as _, Step};

use super::tables::Tables;

/// Records of one poll of the topics that end in memory.
const DRAINED_RECORDS: usize = 10_000;

/// Records that were rejected, by reason.
pub type Rejected = BTreeMap<String, u64>;

/// The line in memory. Records go in, rows come out.
pub struct Line {
    broker: MemoryBroker,
    ingest: Ingest<MemorySource, MemoryPublisher>,
    processor: Processor<MemoryStore>,
    rollups: MemorySource,
    dead_letters: MemorySource,
    tables: Tables,
    rejected: Rejected,
    timestamp_ms: i64,
}

impl Line {
    /// An empty line. Records that are put into it count as written at
    /// `timestamp_ms`.
    pub fn new(
        ingest: throughline_ingest::Config,
        processor: throughline_processor::Config,
        rules: Arc<Attribution>,
        timestamp_ms: i64,
    ) -> Result<Self> {
        let broker = MemoryBroker::forgetting();
        let raw: Vec<Arc<str>> = ingest
            .topics
            .iter()
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for topic in &raw {
            broker.create_topic(topic, 1);
        }
        broker.create_topic(&processor.events_topic, processor.events_partitions);
        broker.create_topic(&processor.rollups_topic, processor.rollups_partitions);
        broker.create_topic(&ingest.dead_letters_topic, 1);
        let raw: Vec<&str> = raw.iter().map(AsRef::as_ref).collect();
        let rollups = broker.source(&[&processor.rollups_topic]);
        let dead_letters = broker.source(&[&ingest.dead_letters_topic]);
        let events = broker.source(&[&processor.events_topic]);
        let publisher = broker.publisher(timestamp_ms);
        let raw = broker.source(&raw);
        Ok(Self {
            ingest: Ingest::new(ingest, raw, broker.publisher(timestamp_ms))?,
            processor: Processor::new(
                processor,
                rules,
                MemoryStore,
                Box::new(events),
                Box::new(publisher),
            ),
            rollups,
            dead_letters,
            tables: Tables::default(),
            rejected: Rejected::new(),
            timestamp_ms,
            broker,
        })
    }

    /// Puts a record into a raw topic.
    pub fn put(&self, record: Outgoing) -> Result<()> {
        self.broker
            .append(record, self.timestamp_ms)
            .context("cannot put a record into the line")
    }

    /// Works off what was put in, and keeps the rows that come out.
    pub fn run(&mut self) -> Result<()> {
        loop {
            let mut worked = false;
            while self.ingest.step()? == Step::Worked {
                worked = true;
            }
            while self.processor.step()? == Step::Worked {
                worked = true;
            }
            if !worked {
                break;
            }
        }
        for record in drain(&mut self.rollups)? {
            self.tables
                .add(record.value.as_deref().unwrap_or_default())?;
        }
        for record in drain(&mut self.dead_letters)? {
            *self.rejected.entry(reason(&record)).or_default() += 1;
        }
        Ok(())
    }

    /// The rows so far.
    pub const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The records that were rejected so far.
    pub const fn rejected(&self) -> &Rejected {
        &self.rejected
    }
}

fn drain(source: &mut MemorySource) -> Result<Vec<Record>> {
    let mut all = Vec::new();
    loop {
        match source.poll(DRAINED_RECORDS, std::time::Duration::ZERO)? {
            Polled::Records(records) if records.is_empty() => return Ok(all),
            Polled::Records(records) => all.extend(records),
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
}

/// The reason and field of a dead letter.
fn reason(record: &Record) -> String {
    let header = |name: &str| {
        record
            .headers
            .iter()
            .rev()
            .find(|header| header.name == name)
            .and_then(|header| header.value.as_deref())
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    };
    let topic = header(dead_letter_headers::TOPIC);
    format!("{topic}: {}", header(dead_letter_headers::REASON))
}
