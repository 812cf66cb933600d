//! Writing records.

use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header as KafkaHeader, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::context::{Context, reason_of, refused};
use super::lifeline::Lifeline;
use super::settings::{PublisherSettings, broker_error};
use crate::blocked::{Blocked, role_of};
use crate::failpoint::{self, Step};
use crate::record::{Header, Outgoing};
use crate::role::{Publish, StreamError};
use crate::stop::Stop;

/// How long to sleep while nothing was acknowledged. The library's own flush
/// sleeps 100 ms, and its timed poll spins below a millisecond.
const NAP: Duration = Duration::from_micros(300);
/// After how many records acknowledgements are taken in.
const POLL_EVERY: u32 = 64;

/// Writes records to Kafka: idempotent, acknowledged by all replicas, in
/// order, waiting for a broker that is away for as long as it takes.
pub struct KafkaPublisher {
    producer: BaseProducer<Context>,
    stop: Stop,
    sent: u32,
    lifeline: Lifeline,
    /// By acknowledgements that are still to come.
    unacknowledged: Blocked,
    /// By a queue that is full.
    full: Blocked,
}

impl KafkaPublisher {
    /// A publisher; it connects by itself when there is a broker.
    pub fn new(settings: &PublisherSettings, stop: Stop) -> Result<Self, StreamError> {
        let context = Context::new(&settings.name);
        let producer = BaseProducer::from_config_and_context(&settings.config(), context)
            .map_err(|error| broker_error("cannot make a producer", &error))?;
        Ok(Self {
            producer,
            stop,
            sent: 0,
            lifeline: Lifeline::new(&settings.client),
            unacknowledged: Blocked::new(role_of(&settings.name), "acknowledgements"),
            full: Blocked::new(role_of(&settings.name), "room"),
        })
    }

    /// Records that wait for the broker or for its acknowledgement.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.producer.in_flight_count()).unwrap_or(0)
    }

    /// Takes in acknowledgements without waiting; fails when a record could
    /// not be written.
    fn serve(&self) -> Result<(), StreamError> {
        self.producer.poll(Duration::ZERO);
        if let Some((code, reason)) = self.producer.client().fatal_error() {
            // Whatever else failed, failed because of it.
            let first = self.producer.context().take_undelivered();
            return Err(first
                .filter(|error| !is_consequence(error))
                .unwrap_or_else(|| {
                    let what = "the producer cannot go on";
                    refused(what, Some(code), &reason)
                        .unwrap_or_else(|| broker_error(what, &reason))
                }));
        }
        self.producer
            .context()
            .take_undelivered()
            .map_or(Ok(()), Err)
    }

    /// Serves, and sleeps a little unless that took something off the queue.
    fn wait(&mut self, what: &'static str) -> Result<(), StreamError> {
        let before = self.producer.in_flight_count();
        self.serve()?;
        if self.producer.in_flight_count() < before {
            self.lifeline.heard();
        } else {
            self.lifeline.silent(self.producer.client());
            if self.stop.is_expired() {
                return Err(StreamError::Stopped(what));
            }
            std::thread::sleep(NAP);
        }
        Ok(())
    }
}

impl Publish for KafkaPublisher {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        let mut message: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&record.topic);
        message.partition = record.partition;
        message.key = record.key.as_deref();
        message.payload = record.value.as_deref();
        message.headers = headers(&record.headers);
        loop {
            match self.producer.send(message) {
                Ok(()) => break self.lifeline.heard(),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    message = back;
                    let since = Instant::now();
                    self.wait("room in the producer's queue")?;
                    self.full.add(since.elapsed());
                }
                Err((error, _)) => {
                    self.serve()?;
                    return Err(StreamError::Unwritable {
                        topic: record.topic.to_string(),
                        bytes: record.value.as_ref().map_or(0, Vec::len),
                        reason: reason_of(&error),
                    });
                }
            }
        }
        failpoint::reached(Step::Send);
        self.sent = self.sent.wrapping_add(1);
        if self.sent.is_multiple_of(POLL_EVERY) {
            self.serve()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        let since = Instant::now();
        while self.producer.in_flight_count() > 0 {
            self.wait("acknowledgements")?;
        }
        self.unacknowledged.add(since.elapsed());
        self.lifeline.heard();
        self.serve()?;
        failpoint::reached(Step::Acknowledged);
        Ok(())
    }
}

impl Drop for KafkaPublisher {
    fn drop(&mut self) {
        self.producer.context().leave();
    }
}

fn headers(headers: &[Header]) -> Option<OwnedHeaders> {
    if headers.is_empty() {
        return None;
    }
    let all = OwnedHeaders::new_with_capacity(headers.len());
    Some(headers.iter().fold(all, |all, header| {
        all.insert(KafkaHeader {
            key: &header.name,
            value: header.value.as_ref(),
        })
    }))
}

/// Whether a record failed only because the producer had failed before.
fn is_consequence(error: &StreamError) -> bool {
    let consequences = [
        RDKafkaErrorCode::PurgeQueue,
        RDKafkaErrorCode::PurgeInflight,
        RDKafkaErrorCode::GaplessGuarantee,
        RDKafkaErrorCode::Fatal,
    ];
    matches!(error, StreamError::Unwritable { reason, .. }
        if consequences.iter().any(|code| code.to_string() == *reason))
}
