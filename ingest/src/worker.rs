//! The role: poll, convert, publish, wait for the acknowledgements, commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use throughline_proto::topics::RawTopic;
use throughline_stream::{
    Header, Outgoing, Polled, Position, Publish, Record, Role, Source, Step, StreamError,
    TopicPartition,
};

use crate::batch::{Batches, Origin};
use crate::config::{Config, Limits};
use crate::dead_letter::{dead_letter, without_value};
use crate::decode::protobuf::Message;
use crate::decode::{Object, json};
use crate::emit::{Emitter, Place};
use crate::event::Event;
use crate::fields::Fields;
use crate::normalise::Phones;
use crate::read::{self, Memory};
use crate::recent::RecentMap;
use crate::reject::{Reason, Rejection};
use crate::source::Sources;
use crate::tally::{StageTimes, Tally};
use crate::tenant::{TenantError, Tenants};

/// Why ingest cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Settings that cannot be used.
    #[error("invalid settings: {}", list(.0))]
    Settings(Vec<TenantError>),
    /// The stream failed. The worker must be made anew: what it had not
    /// committed is read again.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

fn list(errors: &[TenantError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

/// Reads raw topics and writes `events`.
#[derive(Debug)]
pub struct Ingest<S, P> {
    source: S,
    publish: P,
    converter: Converter,
    positions: BTreeMap<TopicPartition, i64>,
    pub(crate) limits: Limits,
    /// Something may have been lost on its way out, so nothing is committed any more.
    has_failed: bool,
}

/// Everything a record needs on its way through, but source and publisher.
#[derive(Debug)]
struct Converter {
    topics: Vec<(Arc<str>, RawTopic)>,
    dead_letters: Arc<str>,
    value_bytes: usize,
    tenants: Tenants,
    memory: Memory,
    emitter: Emitter,
    batches: Batches,
    tally: Tally,
}

/// What a cycle's polls gave.
#[derive(Clone, Copy, Default)]
struct Gathered {
    records: usize,
    is_rebalanced: bool,
}

impl<S: Source, P: Publish> Ingest<S, P> {
    /// A worker that has read nothing yet.
    pub fn new(config: Config, source: S, publish: P) -> Result<Self, IngestError> {
        let limits = config.limits;
        let converter = Converter::new(config)?;
        Ok(Self {
            source,
            publish,
            converter,
            positions: BTreeMap::new(),
            limits,
            has_failed: false,
        })
    }

    fn cycle(&mut self) -> Result<Step, IngestError> {
        let mut times = StageTimes::default();
        let gathered = self.gather(&mut times)?;
        if gathered.records > 0 {
            self.settle(times)?;
        }
        Ok(if gathered.records > 0 || gathered.is_rebalanced {
            Step::Worked
        } else {
            Step::Idle
        })
    }

    /// Polls until there is enough for a cycle or no time left; converts what comes.
    fn gather(&mut self, times: &mut StageTimes) -> Result<Gathered, IngestError> {
        let linger = Duration::from_millis(self.limits.linger_ms);
        let mut wait = Duration::from_millis(self.limits.poll_wait_ms);
        // Time begins to count with the first record, not with an assignment before it.
        let mut deadline = None;
        let mut gathered = Gathered::default();
        while gathered.records < self.limits.cycle_records {
            let began = Instant::now();
            let room = self.limits.cycle_records - gathered.records;
            let polled = self.source.poll(room, wait)?;
            let polled_at = Instant::now();
            times.poll += polled_at - began;
            match polled {
                Polled::Assigned(_) => gathered.is_rebalanced = true,
                // What was read may still be committed, but only before the next poll.
                Polled::Revoked(_) => {
                    gathered.is_rebalanced = true;
                    break;
                }
                Polled::Records(records) if records.is_empty() => break,
                Polled::Records(records) => {
                    gathered.records += records.len();
                    for record in &records {
                        self.converter.convert(record, &mut self.publish)?;
                    }
                    self.remember(&records);
                    times.convert += polled_at.elapsed();
                    deadline.get_or_insert(polled_at + linger);
                }
            }
            if let Some(deadline) = deadline {
                wait = deadline.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    break;
                }
            }
        }
        Ok(gathered)
    }

    /// Remembers how far each partition was read: the last record of each run counts.
    fn remember(&mut self, records: &[Record]) {
        let runs =
            records.chunk_by(|a, b| a.partition == b.partition && Arc::ptr_eq(&a.topic, &b.topic));
        for last in runs.filter_map(<[Record]>::last) {
            let at = TopicPartition {
                topic: Arc::clone(&last.topic),
                partition: last.partition,
            };
            self.positions.insert(at, last.offset + 1);
        }
    }

    /// Publishes what is open, waits until it is safe, and commits.
    fn settle(&mut self, mut times: StageTimes) -> Result<(), IngestError> {
        let began = Instant::now();
        self.converter.batches.publish_all(&mut self.publish)?;
        self.publish.flush()?;
        let flushed = Instant::now();
        times.publish = flushed - began;
        let positions: Vec<Position> = std::mem::take(&mut self.positions)
            .into_iter()
            .map(|(at, next_offset)| Position { at, next_offset })
            .collect();
        if !positions.is_empty() {
            self.source.commit(&positions)?;
        }
        times.commit = flushed.elapsed();
        self.converter.report(times);
        Ok(())
    }
}

impl<S: Source, P: Publish> Role for Ingest<S, P> {
    type Error = IngestError;

    fn step(&mut self) -> Result<Step, IngestError> {
        let stepped = self.cycle();
        self.has_failed |= stepped.is_err();
        stepped
    }

    fn finish(&mut self) -> Result<(), IngestError> {
        if self.has_failed {
            return Ok(());
        }
        self.settle(StageTimes::default())
    }
}

impl Converter {
    fn new(config: Config) -> Result<Self, IngestError> {
        let tenants = Tenants::new(&config).map_err(IngestError::Settings)?;
        let limits = config.limits;
        Ok(Self {
            topics: config.topics,
            dead_letters: config.dead_letters_topic,
            value_bytes: limits.value_bytes,
            tenants,
            memory: Memory {
                phones: Phones::new(limits.remembered_values),
                sources: Sources::new(config.lists, limits.remembered_values),
                hours: RecentMap::new(limits.remembered_values),
            },
            emitter: Emitter::new(config.key, limits.remembered_links),
            batches: Batches::new(
                config.events_topic,
                config.events_partitions,
                limits.batch_bytes,
            ),
            tally: Tally::default(),
        })
    }

    /// One record: its events' messages, or its dead letter.
    fn convert(&mut self, record: &Record, publish: &mut impl Publish) -> Result<(), StreamError> {
        let Some(topic) = self.topic(&record.topic) else {
            return Ok(());
        };
        let value = record.value.as_deref().unwrap_or_default();
        self.tally.record(topic, value.len());
        match self.read_and_emit(topic, record, value, publish)? {
            Ok(events) => self.tally.events(topic, events),
            Err(rejection) => {
                self.tally.rejected(topic, rejection.reason);
                bury(dead_letter(&self.dead_letters, record, &rejection), publish)?;
            }
        }
        Ok(())
    }

    fn topic(&self, name: &str) -> Option<RawTopic> {
        let mut topics = self.topics.iter();
        topics
            .find(|(known, _)| **known == *name)
            .map(|(_, topic)| *topic)
    }

    /// The number of events, or why none of the record is used.
    fn read_and_emit(
        &mut self,
        topic: RawTopic,
        record: &Record,
        value: &[u8],
        publish: &mut impl Publish,
    ) -> Result<Result<usize, Rejection>, StreamError> {
        let message;
        let mut reader = EventReader {
            topic,
            record_ms: record.timestamp_ms,
            tenants: &self.tenants,
            memory: &mut self.memory,
            events: Vec::with_capacity(1),
        };
        let read = if let Err(rejection) = check_size(value, self.value_bytes) {
            Err(rejection)
        } else if is_protobuf(&record.headers) {
            match Message::decode(topic, value) {
                Ok(decoded) => {
                    message = decoded;
                    reader.read(None, Some(&message.object()))
                }
                Err(rejection) => Err(rejection),
            }
        } else {
            reader.read_json(value)
        };
        if let Err(rejection) = read {
            return Ok(Err(rejection));
        }
        let events = reader.events;
        let place = Place {
            origin: Origin {
                topic: &record.topic,
                partition: record.partition,
            },
            offset: record.offset,
        };
        for event in &events {
            self.emitter
                .emit(topic, event, place, &mut self.batches, publish)?;
        }
        Ok(Ok(events.len()))
    }

    fn report(&mut self, times: StageTimes) {
        let published = self.batches.take_published();
        let remembered = [
            self.emitter.remembered(),
            self.memory.phones.remembered(),
            self.memory.sources.remembered(),
        ];
        self.tally.report(published, times, remembered);
    }
}

/// Reads all events of one record; they are used together or not at all.
struct EventReader<'a, 'm> {
    topic: RawTopic,
    record_ms: i64,
    tenants: &'a Tenants,
    memory: &'m mut Memory,
    events: Vec<Event<'a>>,
}

impl<'a> EventReader<'a, '_> {
    fn read_json(&mut self, value: &'a [u8]) -> Result<(), Rejection> {
        let text = std::str::from_utf8(value).map_err(|error| {
            let message = format!("not UTF-8 after byte {}", error.valid_up_to());
            Rejection::whole(Reason::InvalidUtf8, message)
        })?;
        json::objects(text, |element, object| self.read(element, object))
    }

    fn read(
        &mut self,
        element: Option<usize>,
        object: Option<&Object<'a>>,
    ) -> Result<(), Rejection> {
        let Some(object) = object else {
            let object = Object::default();
            let fields = Fields::new(&object, element);
            return Err(fields.reject_all(Reason::WrongType, "not an object"));
        };
        let fields = Fields::new(object, element);
        let event = read::event(
            self.topic,
            &fields,
            self.record_ms,
            self.tenants,
            self.memory,
        )?;
        self.events.push(event);
        Ok(())
    }
}

fn check_size(value: &[u8], limit: usize) -> Result<(), Rejection> {
    if value.is_empty() {
        return Err(Rejection::whole(Reason::EmptyValue, "no value"));
    }
    if value.len() > limit {
        let message = format!("larger than {limit} bytes");
        return Err(Rejection::whole(Reason::TooLarge, message));
    }
    Ok(())
}

/// Whether the header `content-type` says so; parameters after `;` are ignored.
fn is_protobuf(headers: &[Header]) -> bool {
    headers
        .iter()
        .rev()
        .find(|header| header.name.eq_ignore_ascii_case("content-type"))
        .and_then(|header| header.value.as_deref())
        .and_then(|value| value.split(|byte| *byte == b';').next())
        .is_some_and(|value| {
            value
                .trim_ascii()
                .eq_ignore_ascii_case(b"application/x-protobuf")
        })
}

/// Publishes a dead letter; one that its topic cannot take goes without its
/// value, so that bad input never stops the line.
fn bury(letter: Outgoing, publish: &mut impl Publish) -> Result<(), StreamError> {
    match publish.send(letter.clone()) {
        Err(StreamError::Unwritable { .. }) => publish.send(without_value(letter)),
        sent => sent,
    }
}
