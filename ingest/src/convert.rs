//! Records to messages: read all events of a record, and emit them if all of
//! them are valid; bury the record otherwise.

use std::sync::Arc;

use bumpalo::Bump;
use throughline_proto::topics::RawTopic;
use throughline_stream::{Header, Outgoing, Publish, Record, StreamError};

use crate::batch::{Batches, Origin};
use crate::config::Config;
use crate::dead_letter::{dead_letter, without_value};
use crate::decode::{Object, json, protobuf};
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

/// How many records are read before their events are emitted.
const GROUP: usize = 32;

/// Everything a record needs on its way through, but source and publisher.
#[derive(Debug)]
pub struct Converter {
    topics: Vec<(Arc<str>, RawTopic)>,
    dead_letters: Arc<str>,
    value_bytes: usize,
    tenants: Tenants,
    memory: Memory,
    emitter: Emitter,
    batches: Batches,
    tally: Tally,
    /// Texts that are made while records are read; emptied with each poll's.
    arena: Bump,
}

/// Consecutive records of one partition.
pub fn runs(records: &[Record]) -> impl Iterator<Item = &[Record]> {
    records.chunk_by(|a, b| a.partition == b.partition && Arc::ptr_eq(&a.topic, &b.topic))
}

impl Converter {
    /// A converter without memories and with empty batches.
    pub fn new(config: Config) -> Result<Self, Vec<TenantError>> {
        let limits = config.limits;
        Ok(Self {
            tenants: Tenants::new(&config)?,
            topics: config.topics,
            dead_letters: config.dead_letters_topic,
            value_bytes: limits.value_bytes,
            memory: Memory {
                phones: Phones::new(limits.remembered_values),
                sources: Sources::new(config.lists, limits.remembered_values),
                hours: RecentMap::new(limits.remembered_values),
            },
            emitter: Emitter::new(config.keys, &limits),
            batches: Batches::new(
                config.events_topic,
                config.events_partitions,
                limits.batch_bytes,
            ),
            tally: Tally::new(config.shares),
            arena: Bump::new(),
        })
    }

    /// Each record's messages into the batches, or its dead letter to the publisher.
    pub fn convert(
        &mut self,
        records: &[Record],
        publish: &mut impl Publish,
    ) -> Result<(), StreamError> {
        self.arena.reset();
        if let Some(newest) = records.iter().map(|record| record.timestamp_ms).max() {
            self.batches.written_at(newest);
        }
        let mut reader = EventReader {
            tenants: &self.tenants,
            arena: &self.arena,
            memory: &mut self.memory,
            value_bytes: self.value_bytes,
            object: Object::default(),
            events: Vec::new(),
        };
        for run in runs(records) {
            let name = &*run[0].topic;
            let Some((_, topic)) = self.topics.iter().find(|(known, _)| **known == *name) else {
                continue;
            };
            for group in run.chunks(GROUP) {
                reader.events.clear();
                let mut ends = [0; GROUP];
                for (record, end) in group.iter().zip(&mut ends) {
                    let bytes = record.value.as_ref().map_or(0, Vec::len);
                    self.tally.record(*topic, bytes);
                    let before = reader.events.len();
                    if let Err(rejection) = reader.read(*topic, record) {
                        reader.events.truncate(before);
                        self.tally.rejected(*topic, rejection.reason);
                        bury(dead_letter(&self.dead_letters, record, &rejection), publish)?;
                    }
                    *end = reader.events.len();
                    self.tally.events(*topic, *end - before);
                }
                self.emitter.expect(&reader.events);
                let mut begin = 0;
                for (record, end) in group.iter().zip(ends) {
                    let place = Place {
                        origin: Origin {
                            topic: &record.topic,
                            partition: record.partition,
                        },
                        offset: record.offset,
                    };
                    for event in &reader.events[begin..end] {
                        self.emitter
                            .emit(*topic, event, place, &mut self.batches, publish)?;
                    }
                    begin = end;
                }
            }
        }
        Ok(())
    }

    /// Publishes every batch that holds something.
    pub fn publish_all(&mut self, publish: &mut impl Publish) -> Result<(), StreamError> {
        self.batches.publish_all(publish)
    }

    /// Raises the metrics of a cycle.
    pub fn report(&mut self, times: StageTimes) {
        let published = self.batches.take_published();
        let remembered = [
            self.emitter.remembered(),
            self.memory.phones.remembered(),
            self.memory.sources.remembered(),
        ];
        let key_links = self.emitter.take_key_links();
        self.tally.report(published, times, remembered, key_links);
    }
}

/// Reads the events of one record after the other.
struct EventReader<'a, 'm> {
    tenants: &'a Tenants,
    arena: &'a Bump,
    memory: &'m mut Memory,
    value_bytes: usize,
    /// Filled with one object after the other.
    object: Object<'a>,
    /// Those of the last records; of one record all are used, or none.
    events: Vec<Event<'a>>,
}

impl<'a> EventReader<'a, '_> {
    fn read(&mut self, topic: RawTopic, record: &'a Record) -> Result<(), Rejection> {
        let value = record.value.as_deref().unwrap_or_default();
        check_size(value, self.value_bytes)?;
        let mut event = |element, object: Option<&Object<'a>>| {
            let Some(object) = object else {
                let nothing = Object::default();
                let fields = Fields::new(&nothing, self.arena, element);
                return Err(fields.reject_all(Reason::WrongType, "not an object"));
            };
            let fields = Fields::new(object, self.arena, element);
            let at = record.timestamp_ms;
            let event = read::event(topic, &fields, at, self.tenants, self.memory)?;
            self.events.push(event);
            Ok(())
        };
        if is_protobuf(&record.headers) {
            protobuf::object(topic, value, &mut self.object, self.arena)?;
            return event(None, Some(&self.object));
        }
        let text = std::str::from_utf8(value).map_err(|error| {
            let message = format!("not UTF-8 after byte {}", error.valid_up_to());
            Rejection::whole(Reason::InvalidUtf8, message)
        })?;
        json::objects(text, &mut self.object, event)
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
