//! A broker in memory that keeps everything, and workers on it that may die.

use std::sync::Arc;
use std::time::Duration;

use throughline::attribute::Tables;
use throughline_ingest::{IdentKeys, Ingest};
use throughline_processor::{Processor, ProcessorError, Store};
use throughline_proto::topics::{self, RawTopic};
use throughline_stream::memory::{MemoryBroker, MemoryPublisher, MemorySource};
use throughline_stream::{Outgoing, Polled, Role as _, Source as _, Step};
use throughline_tests::traffic::Plan;

use crate::configure;

/// How many partitions of `events` there are.
pub const PARTITIONS: u32 = 3;

/// A broker in memory, with ingest on it.
pub struct Rig<'a> {
    plan: &'a Plan,
    broker: MemoryBroker,
    ingest: Ingest<MemorySource, MemoryPublisher>,
}

impl<'a> Rig<'a> {
    /// Empty topics.
    pub fn new(plan: &'a Plan) -> Self {
        let broker = MemoryBroker::new();
        let raw = RawTopic::ALL.map(RawTopic::name);
        for topic in raw {
            broker.create_topic(topic, 1);
        }
        broker.create_topic(topics::EVENTS, PARTITIONS);
        broker.create_topic(topics::ROLLUPS, 2);
        broker.create_topic(topics::DEAD_LETTERS, 1);
        let config = configure::ingest(&plan.settings(), PARTITIONS);
        let source = broker.source(&raw);
        let publisher = broker.publisher(plan.received_ms());
        let ingest = Ingest::new(config, source, publisher).unwrap();
        Self {
            plan,
            broker,
            ingest,
        }
    }

    /// Goes on with an ingest that hashes with other keys and remembers nothing.
    pub fn go_on_with(&mut self, keys: IdentKeys) {
        let mut source = self.raw();
        loop {
            match source.poll(1000, Duration::ZERO).unwrap() {
                Polled::Records(records) if records.is_empty() => break,
                _ => {}
            }
        }
        self.ingest = self.ingest_with(keys, source);
    }

    /// The same, and all raw records are read once more.
    pub fn begin_again_with(&mut self, keys: IdentKeys) {
        self.ingest = self.ingest_with(keys, self.raw());
    }

    fn raw(&self) -> MemorySource {
        self.broker.source(&RawTopic::ALL.map(RawTopic::name))
    }

    fn ingest_with(
        &self,
        keys: IdentKeys,
        source: MemorySource,
    ) -> Ingest<MemorySource, MemoryPublisher> {
        let config = configure::ingest(&self.plan.settings(), PARTITIONS);
        let config = throughline_ingest::Config { keys, ..config };
        let publisher = self.broker.publisher(self.plan.received_ms());
        Ingest::new(config, source, publisher).unwrap()
    }

    /// Puts a record into a raw topic.
    pub fn put(&self, topic: &str, value: &[u8]) {
        let record = Outgoing {
            topic: topic.into(),
            value: Some(value.to_vec()),
            ..Outgoing::default()
        };
        self.broker.append(record, self.plan.received_ms()).unwrap();
    }

    /// Lets ingest work off what is there.
    pub fn ingest(&mut self) {
        while self.ingest.step().unwrap() == Step::Worked {}
    }

    /// A worker that has done nothing yet.
    pub fn worker<S: Store>(&self, store: S) -> Processor<S> {
        Processor::new(
            configure::processor(PARTITIONS),
            Arc::new(configure::rules(&self.plan.settings())),
            store,
            Box::new(self.broker.source(&[topics::EVENTS])),
            Box::new(self.broker.publisher(self.plan.received_ms())),
        )
    }

    /// One life of a processor: it steps until there is nothing to do, or dies
    /// after so many steps and leaves undone what no checkpoint covers.
    pub fn process(&self, store: impl Store, steps: Option<usize>) {
        self.try_process(store, steps).unwrap();
    }

    /// The same with a store that may be damaged.
    pub fn try_process(
        &self,
        store: impl Store,
        steps: Option<usize>,
    ) -> Result<(), ProcessorError> {
        let mut processor = self.worker(store);
        let mut step = 0;
        while steps.is_none_or(|steps| step < steps) {
            step += 1;
            if processor.step()? == Step::Worked {
                continue;
            }
            processor.finish()?;
            // What the checkpoint sent may be addressed to this very worker.
            if processor.step()? == Step::Idle {
                break;
            }
        }
        Ok(())
    }

    /// The records of rows so far.
    pub fn rows(&self) -> Vec<Vec<u8>> {
        let records = self.broker.records(topics::ROLLUPS);
        records
            .into_iter()
            .filter_map(|record| record.value)
            .collect()
    }

    /// The newest rows so far.
    pub fn tables(&self) -> Tables {
        let mut tables = Tables::default();
        for rows in self.rows() {
            tables.add(&rows).unwrap();
        }
        tables
    }
}
