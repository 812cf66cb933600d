//! A broker in memory: topics are vectors. It drives `attribute` and tests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::record::{Outgoing, Position, Record, TopicPartition};
use crate::role::{Polled, Publish, Source, StreamError};

/// The partitions of a topic.
type Topic = Vec<Log>;

/// A partition: what is kept of its log.
#[derive(Debug, Default)]
struct Log {
    /// The offset of the first record that is kept.
    first: usize,
    records: VecDeque<Record>,
}

/// A set of topics in memory, shared by its sources and publishers.
#[derive(Clone, Debug, Default)]
pub struct MemoryBroker {
    topics: Arc<Mutex<BTreeMap<Arc<str>, Topic>>>,
    /// Records are given away when they are read.
    forgets: bool,
}

impl MemoryBroker {
    /// A broker without topics that keeps every record.
    pub fn new() -> Self {
        Self::default()
    }

    /// A broker without topics that keeps a record until it is read, for lines
    /// that read each topic once.
    pub fn forgetting() -> Self {
        Self {
            forgets: true,
            ..Self::default()
        }
    }

    /// The records of a topic that are kept, partition by partition.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        let topics = self.lock();
        let logs = topics.get(topic).into_iter().flatten();
        logs.flat_map(|log| &log.records).cloned().collect()
    }

    /// Makes a topic; one that exists is left as it is.
    pub fn create_topic(&self, topic: &str, partitions: u32) {
        self.lock()
            .entry(topic.into())
            .or_insert_with(|| (0..partitions).map(|_| Log::default()).collect());
    }

    /// Appends a record. Its partition is the one named, or 0.
    pub fn append(&self, record: Outgoing, timestamp_ms: i64) -> Result<(), StreamError> {
        let mut topics = self.lock();
        let partition = record.partition.unwrap_or(0);
        let log = topics
            .get_mut(&record.topic)
            .and_then(|partitions| partitions.get_mut(usize::try_from(partition).ok()?))
            .ok_or_else(|| StreamError::Unwritable {
                topic: record.topic.to_string(),
                bytes: record.value.as_ref().map_or(0, Vec::len),
                reason: format!("there is no partition {partition} of that topic"),
            })?;
        let offset = (log.first + log.records.len()) as i64;
        log.records.push_back(Record {
            topic: record.topic,
            partition,
            offset,
            timestamp_ms,
            key: record.key,
            value: record.value,
            headers: record.headers,
        });
        Ok(())
    }

    /// A source of all partitions of the topics, from their beginning.
    pub fn source(&self, topics: &[&str]) -> MemorySource {
        let positions = self
            .lock()
            .iter()
            .filter(|(name, _)| topics.contains(&name.as_ref()))
            .flat_map(|(name, partitions)| {
                (0..partitions.len()).map(|partition| TopicPartition {
                    topic: Arc::clone(name),
                    partition: partition as i32,
                })
            })
            .map(|partition| (partition, 0))
            .collect();
        MemorySource {
            broker: self.clone(),
            positions,
            announced: false,
        }
    }

    /// A source of one partition, from its beginning.
    pub fn source_of(&self, at: TopicPartition) -> MemorySource {
        MemorySource {
            broker: self.clone(),
            positions: vec![(at, 0)],
            announced: false,
        }
    }

    /// A publisher whose records get this timestamp.
    pub fn publisher(&self, timestamp_ms: i64) -> MemoryPublisher {
        MemoryPublisher {
            broker: self.clone(),
            timestamp_ms,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Topic>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads all partitions of some topics, in the order of their names and numbers.
#[derive(Debug)]
pub struct MemorySource {
    broker: MemoryBroker,
    positions: Vec<(TopicPartition, usize)>,
    announced: bool,
}

impl Source for MemorySource {
    fn poll(&mut self, max_records: usize, _wait: Duration) -> Result<Polled, StreamError> {
        if !self.announced {
            self.announced = true;
            return Ok(Polled::Assigned(
                self.positions.iter().map(|(at, _)| at.clone()).collect(),
            ));
        }
        let mut topics = self.broker.lock();
        let mut records = Vec::new();
        for (at, next) in &mut self.positions {
            let Some(log) = topics
                .get_mut(&at.topic)
                .and_then(|partitions| partitions.get_mut(at.partition as usize))
            else {
                continue;
            };
            let room = max_records - records.len();
            let skipped = next.saturating_sub(log.first);
            let count = log.records.len().saturating_sub(skipped).min(room);
            if self.broker.forgets {
                records.extend(log.records.drain(..count));
                log.first += count;
            } else {
                records.extend(log.records.range(skipped..skipped + count).cloned());
            }
            *next += count;
        }
        Ok(Polled::Records(records))
    }

    fn commit(&mut self, _positions: &[Position]) -> Result<(), StreamError> {
        Ok(())
    }
}

/// Appends to a [`MemoryBroker`].
#[derive(Debug)]
pub struct MemoryPublisher {
    broker: MemoryBroker,
    timestamp_ms: i64,
}

impl Publish for MemoryPublisher {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        self.broker.append(record, self.timestamp_ms)
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(topic: &str, partition: Option<i32>, value: &str) -> Outgoing {
        Outgoing {
            topic: topic.into(),
            partition,
            value: Some(value.into()),
            ..Outgoing::default()
        }
    }

    fn values(polled: Polled) -> Vec<String> {
        let Polled::Records(records) = polled else {
            panic!("{polled:?} instead of records");
        };
        records
            .into_iter()
            .map(|record| {
                let value = String::from_utf8(record.value.unwrap()).unwrap();
                format!(
                    "{}[{}]@{} {value}",
                    record.topic, record.partition, record.offset
                )
            })
            .collect()
    }

    #[test]
    fn what_is_published_is_read_in_order_and_within_the_limit() {
        let broker = MemoryBroker::new();
        broker.create_topic("web", 2);
        broker.create_topic("calls", 1);
        let mut publisher = broker.publisher(7);
        for (partition, value) in [(None, "a"), (Some(1), "b"), (Some(0), "c")] {
            publisher.send(outgoing("web", partition, value)).unwrap();
        }
        let mut source = broker.source(&["web", "none"]);
        let wait = Duration::ZERO;
        assert!(matches!(source.poll(9, wait).unwrap(), Polled::Assigned(all) if all.len() == 2));
        assert_eq!(values(source.poll(1, wait).unwrap()), ["web[0]@0 a"]);
        assert_eq!(
            values(source.poll(9, wait).unwrap()),
            ["web[0]@1 c", "web[1]@0 b"]
        );
        publisher.send(outgoing("web", None, "d")).unwrap();
        assert_eq!(values(source.poll(9, wait).unwrap()), ["web[0]@2 d"]);
        assert!(values(source.poll(9, wait).unwrap()).is_empty());
    }

    #[test]
    fn a_source_of_one_partition_leaves_the_others_to_others() {
        let broker = MemoryBroker::forgetting();
        broker.create_topic("web", 2);
        let mut publisher = broker.publisher(7);
        for (partition, value) in [(0, "a"), (1, "b"), (0, "c")] {
            publisher
                .send(outgoing("web", Some(partition), value))
                .unwrap();
        }
        let wait = Duration::ZERO;
        for (partition, expected) in [(1, &["web[1]@0 b"][..]), (0, &["web[0]@0 a", "web[0]@1 c"])]
        {
            let mut source = broker.source_of(TopicPartition {
                topic: "web".into(),
                partition,
            });
            let assigned = source.poll(9, wait).unwrap();
            assert!(matches!(assigned, Polled::Assigned(all) if all.len() == 1));
            assert_eq!(values(source.poll(9, wait).unwrap()), expected);
        }
        assert!(broker.records("web").is_empty());
    }

    #[test]
    fn a_record_for_no_partition_is_unwritable() {
        let broker = MemoryBroker::new();
        broker.create_topic("web", 1);
        for (topic, partition) in [("web", 1), ("web", -1), ("none", 0)] {
            let record = outgoing(topic, Some(partition), "x");
            let error = broker.append(record, 0).unwrap_err();
            assert!(matches!(error, StreamError::Unwritable { bytes: 1, .. }));
        }
    }
}
