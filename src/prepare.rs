//! What must be in place before workers start: topics and tables.

use std::collections::BTreeSet;
use std::time::Duration;

use throughline_ingest::IdentKeys;
use throughline_sink::{ClickHouse, SinkError, schema};
use throughline_stream::kafka::{Admin, GroupOffsets};
use throughline_stream::{Stop, StreamError, TopicPartition};

use crate::config::{Kafka, Settings};
use crate::health::{Health, State};

/// How long one question to Kafka may take.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before something that is away is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Every how many tries it is logged that something is still away.
const LOG_EVERY: u32 = 15;
/// A new Kafka takes a second or two until it can tell of offsets: how long to
/// wait for that, and after how many tries it is worth a line.
const NOTES_PAUSE: Duration = Duration::from_millis(200);
const NOTES_LOG_EVERY: u32 = 25;

/// Makes missing topics (unless forbidden) and refuses wrong ones; once.
pub fn topics(kafka: &Kafka, create: bool) -> Result<Vec<String>, StreamError> {
    let admin = Admin::new(&kafka.client, PATIENCE)?;
    let created = if create {
        admin.create_missing(&kafka.topic_specs())?
    } else {
        Vec::new()
    };
    admin.check_partitions(&kafka.topics.events, kafka.partitions.events)?;
    Ok(created)
}

/// Like [`topics`], waiting for a Kafka that is away. `Ok(false)`: a stop came first.
pub fn topics_when_there(kafka: &Kafka, health: &Health, stop: &Stop) -> Result<bool, StreamError> {
    let mut tries = 0;
    loop {
        match topics(kafka, kafka.create_topics) {
            Ok(created) => {
                if !created.is_empty() {
                    tracing::info!(topics = created.join(", "), "made topics");
                }
                health.set("kafka", State::Ready);
                return Ok(true);
            }
            Err(error @ StreamError::Broker { .. }) => {
                if tries % LOG_EVERY == 0 {
                    tracing::warn!(%error, servers = kafka.client.bootstrap_servers, "waiting for kafka");
                }
                health.set("kafka", State::Waiting(error.to_string()));
            }
            Err(error) => return Err(error),
        }
        tries += 1;
        if stop.sleep(PAUSE) {
            return Ok(false);
        }
    }
}

/// Refuses keys that cannot follow those which ingest has worked with, as it
/// noted beside its offsets; waits for a Kafka that is away. `Ok(false)`: a stop
/// came first.
pub fn keys_when_told(settings: &Settings, keys: &IdentKeys, stop: &Stop) -> anyhow::Result<bool> {
    let mut tries = 0;
    let notes = loop {
        match notes_of_ingest(settings) {
            Ok(notes) => break notes,
            Err(error @ StreamError::Broker { .. }) => {
                if tries % NOTES_LOG_EVERY == NOTES_LOG_EVERY - 1 {
                    tracing::warn!(%error, "waiting for kafka to tell which keys were used");
                }
            }
            Err(error) => return Err(error.into()),
        }
        tries += 1;
        if stop.sleep(NOTES_PAUSE) {
            return Ok(false);
        }
    };
    keys.follow(notes.iter().map(String::as_str))?;
    Ok(true)
}

/// What ingest has written beside the offsets of its topics.
fn notes_of_ingest(settings: &Settings) -> Result<BTreeSet<String>, StreamError> {
    let kafka = &settings.kafka;
    let partitions = Admin::new(&kafka.client, PATIENCE)?.partitions()?;
    let raw = kafka.topics.raw.iter();
    let raw = raw.flat_map(|(_, topic)| {
        let partitions = partitions.get(topic).copied().unwrap_or(0);
        (0..partitions).map(|partition| TopicPartition {
            topic: topic.as_str().into(),
            partition: partition as i32,
        })
    });
    let raw: Vec<_> = raw.collect();
    let mut offsets = GroupOffsets::new(kafka.client.clone(), PATIENCE);
    let notes = offsets.notes(&kafka.groups.ingest, &raw)?;
    Ok(notes.into_values().collect())
}

/// Brings the schema up to date, waiting for a ClickHouse that is away.
/// `Ok(false)`: a stop came first.
pub fn schema_when_there(settings: &Settings, stop: &Stop) -> Result<bool, SinkError> {
    let clickhouse = ClickHouse::new(&settings.clickhouse.connection)?;
    let mut tries = 0;
    loop {
        match schema::apply(&clickhouse, settings.processor.generation) {
            Ok(applied) => {
                if !applied.is_empty() {
                    tracing::info!(migrations = applied.join(", "), "applied the schema");
                }
                return Ok(true);
            }
            Err(
                error @ (SinkError::Unreachable { .. }
                | SinkError::Failed { .. }
                | SinkError::NoSchema { .. }),
            ) => {
                if tries % LOG_EVERY == 0 {
                    tracing::warn!(%error, "waiting for clickhouse");
                }
            }
            Err(error) => return Err(error),
        }
        tries += 1;
        if stop.sleep(PAUSE) {
            return Ok(false);
        }
    }
}
