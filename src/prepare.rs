//! What must be in place before workers start: topics and tables.

use std::time::Duration;

use throughline_sink::{ClickHouse, SinkError, schema};
use throughline_stream::kafka::Admin;
use throughline_stream::{Stop, StreamError};

use crate::config::{Kafka, Settings};
use crate::health::{Health, State};

/// How long one question to Kafka may take.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before something that is away is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Every how many tries it is logged that something is still away.
const LOG_EVERY: u32 = 15;

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
