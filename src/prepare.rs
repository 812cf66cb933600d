//! What must be in place before workers start: topics and tables.

use std::time::Duration;

use metrics::gauge;
use throughline_ingest::IdentKeys;
use throughline_sink::{ClickHouse, SinkError, schema};
use throughline_stream::kafka::{Admin, GroupOffsets};
use throughline_stream::{Stop, StreamError, metric_names};

use crate::config::{Kafka, Settings};
use crate::health::{Health, State};

/// How long one question to Kafka may take.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before something that is away is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Every how many tries it is logged that something is still away.
const LOG_EVERY: u32 = 15;
/// How often a command asks that is not to wait for long.
const FEW_TRIES: u32 = 3;
/// A new Kafka takes a second or two until it can tell of offsets: how long to
/// wait for that, and every how many tries it is worth a line.
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

/// Like [`topics`], asking a Kafka that is starting or busy a few times.
pub fn topics_of_a_busy_kafka(kafka: &Kafka) -> Result<Vec<String>, StreamError> {
    let wait = Wait {
        tries: FEW_TRIES,
        ..Wait::for_kafka(kafka)
    };
    let made = wait.until_there(&Stop::new(), || topics(kafka, true), is_away)?;
    Ok(made.unwrap_or_default())
}

/// Like [`topics`], waiting for a Kafka that is away. `Ok(false)`: a stop came first.
pub fn topics_when_there(kafka: &Kafka, health: &Health, stop: &Stop) -> Result<bool, StreamError> {
    let ask = || {
        topics(kafka, kafka.create_topics)
            .inspect_err(|error| health.set("kafka", State::Waiting(error.to_string())))
    };
    let Some(created) = Wait::for_kafka(kafka).until_there(stop, ask, is_away)? else {
        return Ok(false);
    };
    if !created.is_empty() {
        tracing::info!(topics = created.join(", "), "made topics");
    }
    health.set("kafka", State::Ready);
    Ok(true)
}

/// Refuses keys that cannot follow those which ingest has worked with, as it
/// noted beside its offsets; waits for a Kafka that is away. `Ok(false)`: a stop
/// came first.
pub fn keys_when_told(settings: &Settings, keys: &IdentKeys, stop: &Stop) -> anyhow::Result<bool> {
    let kafka = &settings.kafka;
    let wait = Wait {
        what: "kafka to tell which keys were used",
        pause: NOTES_PAUSE,
        log_every: NOTES_LOG_EVERY,
        logs_first: false,
        ..Wait::for_kafka(kafka)
    };
    let raw = kafka.topics.raw.iter();
    let raw: Vec<_> = raw.map(|(_, topic)| topic.as_str()).collect();
    let group = &kafka.groups.ingest;
    let mut offsets = GroupOffsets::new(kafka.client.clone(), PATIENCE);
    let ask = || {
        let partitions = offsets.partitions(group, &raw)?;
        offsets.notes(group, &partitions)
    };
    let Some(notes) = wait.until_there(stop, ask, is_away)? else {
        return Ok(false);
    };
    keys.follow(notes.values().map(String::as_str))?;
    Ok(true)
}

/// Brings the schema up to date, waiting for a ClickHouse that is away.
/// `Ok(false)`: a stop came first.
pub fn schema_when_there(settings: &Settings, stop: &Stop) -> Result<bool, SinkError> {
    let connection = &settings.clickhouse.connection;
    let clickhouse = ClickHouse::new(connection)?;
    let wait = Wait {
        what: "clickhouse",
        at: &connection.url,
        ..Wait::for_kafka(&settings.kafka)
    };
    // Until the first insert this is all that is known of it.
    let ask = || {
        let applied = schema::apply(&clickhouse, settings.processor.generation);
        gauge!(metric_names::SINK_CLICKHOUSE_UP).set(if applied.is_ok() { 1.0 } else { 0.0 });
        applied
    };
    let is_away = |error: &SinkError| {
        matches!(
            error,
            SinkError::Unreachable { .. } | SinkError::Failed { .. } | SinkError::NoSchema { .. }
        )
    };
    let Some(applied) = wait.until_there(stop, ask, is_away)? else {
        return Ok(false);
    };
    if !applied.is_empty() {
        tracing::info!(migrations = applied.join(", "), "applied the schema");
    }
    Ok(true)
}

const fn is_away(error: &StreamError) -> bool {
    matches!(error, StreamError::Broker { .. })
}

/// How something that may be away is waited for.
struct Wait<'a> {
    what: &'a str,
    at: &'a str,
    pause: Duration,
    /// Every how many tries it is logged that it is still away,
    log_every: u32,
    /// and whether the first of them is.
    logs_first: bool,
    /// After so many the error is returned.
    tries: u32,
}

impl<'a> Wait<'a> {
    fn for_kafka(kafka: &'a Kafka) -> Self {
        Self {
            what: "kafka",
            at: &kafka.client.bootstrap_servers,
            pause: PAUSE,
            log_every: LOG_EVERY,
            logs_first: true,
            tries: u32::MAX,
        }
    }

    /// Asks again and again until there is an answer. `None`: a stop came first.
    fn until_there<T, E: std::fmt::Display>(
        &self,
        stop: &Stop,
        mut ask: impl FnMut() -> Result<T, E>,
        is_away: impl Fn(&E) -> bool,
    ) -> Result<Option<T>, E> {
        let mut tries = 0;
        loop {
            let error = match ask() {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            tries += 1;
            if !is_away(&error) || tries >= self.tries {
                return Err(error);
            }
            if tries % self.log_every == u32::from(self.logs_first) {
                tracing::warn!(%error, at = self.at, "waiting for {}", self.what);
            }
            if stop.sleep(self.pause) {
                return Ok(None);
            }
        }
    }
}
