//! The line in memory, on several threads: ingest and the fold over one topic
//! in memory.
//!
//! There are as many threads as `events` has partitions, and work goes in
//! rounds. First each thread reads and converts raw records, a bounded amount;
//! then each folds one partition, until no message is under way any more.
//!
//! Which thread converts which record, and in which order messages meet, may
//! differ from run to run. The views do not: facts are sets, and what follows
//! from them depends on nothing else. Of two rows of one key the version tells
//! the newer one, whenever either comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Result;
use throughline_ingest::IngestError;
use throughline_ingest::convert::Converter;
use throughline_processor::{Attribution, MemoryStore, Processor};
use throughline_proto::topics::dead_letter_headers;
use throughline_stream::memory::{MemoryBroker, MemoryPublisher};
use throughline_stream::{Outgoing, Publish, Role as _, Step, StreamError, TopicPartition};

use super::load::Load;
use super::tables::Tables;

/// Bytes of raw records that each thread converts in a round, about: what waits
/// in memory is in proportion to it.
const ROUND_BYTES: usize = 64 << 20;

/// Records that were rejected, by reason.
pub type Rejected = BTreeMap<String, u64>;

/// Puts the next raw records into a load, or none when there are no more.
/// Threads call it at once.
pub type Feed<'a> = dyn Fn(&mut Load) -> Result<()> + Sync + 'a;

/// The line in memory. Records go in, rows come out.
pub struct Line {
    lanes: Vec<Lane>,
    folds: Vec<Fold>,
    tables: Arc<Mutex<Tables>>,
}

/// A thread's ingest.
struct Lane {
    load: Load,
    converter: Converter,
    intake: Intake,
    is_dry: bool,
}

/// Where ingest's records go: messages to the broker, dead letters are counted.
struct Intake {
    broker: MemoryPublisher,
    dead_letters: Arc<str>,
    rejected: Rejected,
}

/// A thread's partition of `events`.
struct Fold {
    processor: Processor<MemoryStore>,
    has_worked: bool,
}

/// Where the processor's records go: messages to the broker, rows to the tables.
struct Outlet {
    broker: MemoryPublisher,
    rollups: Arc<str>,
    tables: Arc<Mutex<Tables>>,
}

impl Line {
    /// An empty line with a thread for each partition of `events`. Records
    /// that are put into it count as written at `timestamp_ms`.
    pub fn new(
        ingest: &throughline_ingest::Config,
        processor: &throughline_processor::Config,
        rules: &Arc<Attribution>,
        timestamp_ms: i64,
    ) -> Result<Self> {
        let partitions = processor.events_partitions;
        let broker = MemoryBroker::forgetting();
        broker.create_topic(&processor.events_topic, partitions);
        let tables = Arc::new(Mutex::new(Tables::default()));
        let lane = |_| -> Result<Lane> {
            Ok(Lane {
                load: Load::new(timestamp_ms),
                converter: Converter::new(ingest.clone()).map_err(IngestError::Settings)?,
                intake: Intake {
                    broker: broker.publisher(timestamp_ms),
                    dead_letters: Arc::clone(&ingest.dead_letters_topic),
                    rejected: Rejected::new(),
                },
                is_dry: false,
            })
        };
        let fold = |partition| {
            let source = broker.source_of(TopicPartition {
                topic: Arc::clone(&processor.events_topic),
                partition: partition as i32,
            });
            let outlet = Outlet {
                broker: broker.publisher(timestamp_ms),
                rollups: Arc::clone(&processor.rollups_topic),
                tables: Arc::clone(&tables),
            };
            Fold {
                processor: Processor::new(
                    processor.clone(),
                    Arc::clone(rules),
                    MemoryStore,
                    Box::new(source),
                    Box::new(outlet),
                ),
                has_worked: false,
            }
        };
        Ok(Self {
            lanes: (0..partitions).map(lane).collect::<Result<_>>()?,
            folds: (0..partitions).map(fold).collect(),
            tables,
        })
    }

    /// Works off what the feed gives, until it gives nothing more.
    pub fn run(&mut self, feed: &Feed<'_>) -> Result<()> {
        loop {
            on_threads(&mut self.lanes, |lane| lane.convert(feed))?;
            self.fold()?;
            if self.lanes.iter().all(|lane| lane.is_dry) {
                break;
            }
        }
        on_threads(&mut self.folds, |fold| Ok(fold.processor.finish()?))
    }

    fn fold(&mut self) -> Result<()> {
        loop {
            on_threads(&mut self.folds, Fold::work_off)?;
            // Who worked may have sent others something after they looked.
            if !self.folds.iter().any(|fold| fold.has_worked) {
                return Ok(());
            }
        }
    }

    /// The rows so far.
    pub fn tables(&self) -> MutexGuard<'_, Tables> {
        lock(&self.tables)
    }

    /// The records that were rejected so far.
    pub fn rejected(&self) -> Rejected {
        let mut all = Rejected::new();
        for (reason, count) in self.lanes.iter().flat_map(|lane| &lane.intake.rejected) {
            *all.entry(reason.clone()).or_default() += count;
        }
        all
    }
}

impl Lane {
    /// Converts a round's share of what the feed gives.
    fn convert(&mut self, feed: &Feed<'_>) -> Result<()> {
        let mut bytes = 0;
        self.is_dry = false;
        while bytes < ROUND_BYTES {
            self.load.clear();
            feed(&mut self.load)?;
            let records = self.load.records();
            if records.is_empty() {
                self.is_dry = true;
                break;
            }
            self.converter.convert(records, &mut self.intake)?;
            bytes += self.load.bytes();
        }
        self.converter.publish_all(&mut self.intake)?;
        Ok(())
    }
}

impl Fold {
    /// Applies what is there for the partition, and lets out what follows.
    fn work_off(&mut self) -> Result<()> {
        self.has_worked = false;
        while self.processor.step()? == Step::Worked {
            self.has_worked = true;
        }
        Ok(())
    }
}

impl Publish for Intake {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        if record.topic != self.dead_letters {
            return self.broker.send(record);
        }
        *self.rejected.entry(reason(&record)).or_default() += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        self.broker.flush()
    }
}

impl Publish for Outlet {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        if record.topic != self.rollups {
            return self.broker.send(record);
        }
        let rows = record.value.unwrap_or_default();
        lock(&self.tables)
            .add(&rows)
            .map_err(|error| StreamError::Broker {
                context: "cannot keep rows".to_owned(),
                reason: format!("{error:#}"),
            })
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        self.broker.flush()
    }
}

/// After a panic the rows are of no use, and nobody comes to ask for them.
fn lock(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the work of each on a thread of its own, that of the first on this one.
fn on_threads<T: Send>(all: &mut [T], work: impl Fn(&mut T) -> Result<()> + Sync) -> Result<()> {
    let Some((first, others)) = all.split_first_mut() else {
        return Ok(());
    };
    let work = &work;
    thread::scope(|scope| {
        let others = others.iter_mut().map(|one| scope.spawn(move || work(one)));
        let others: Vec<_> = others.collect();
        let mut result = work(first);
        for other in others {
            let of_other = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            result = result.and(of_other);
        }
        result
    })
}

/// The topic and reason of a dead letter.
fn reason(record: &Outgoing) -> String {
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
