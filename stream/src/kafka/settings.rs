//! What can be set about the clients, and what cannot.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use crate::record::TopicPartition;
use crate::role::StreamError;

/// Says what stands beside an offset that is committed in a partition.
#[derive(Clone)]
pub struct CommitNote(Arc<dyn Fn(&TopicPartition) -> String + Send + Sync>);

impl CommitNote {
    /// A note that is made when it is needed.
    pub fn new(note: impl Fn(&TopicPartition) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(note))
    }

    pub(super) fn of(&self, at: &TopicPartition) -> String {
        (self.0)(at)
    }
}

impl From<String> for CommitNote {
    fn from(note: String) -> Self {
        Self::new(move |_| note.clone())
    }
}

impl std::fmt::Debug for CommitNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommitNote")
    }
}

/// Properties of librdkafka that exactness rests on; they are set here and
/// nowhere else.
pub const RESERVED_PROPERTIES: &[&str] = &[
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "message.max.bytes",
    "message.timeout.ms",
    "partition.assignment.strategy",
    "request.required.acks",
    "transactional.id",
];

/// How every client reaches the brokers.
#[derive(Clone)]
pub struct ClientSettings {
    /// The brokers to ask first, `host:port,host:port`.
    pub bootstrap_servers: String,
    /// Properties of librdkafka, for security and tuning; none of
    /// [`RESERVED_PROPERTIES`].
    pub properties: BTreeMap<String, String>,
}

impl std::fmt::Debug for ClientSettings {
    /// Everything but the values of the properties: passwords are among them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientSettings")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("properties", &self.properties.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl ClientSettings {
    /// Whether librdkafka knows these properties and accepts their values;
    /// otherwise what it says, with the property in front.
    pub fn check_property(name: &str, value: &str) -> Result<(), String> {
        let mut config = ClientConfig::new();
        config.set(name, value);
        match config.create_native_config() {
            Ok(_) => Ok(()),
            Err(rdkafka::error::KafkaError::ClientConfig(_, reason, _, _)) => Err(reason),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) fn config(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.max.ms", "2000")
            .set("topic.metadata.refresh.interval.ms", "30000");
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", client_id)
            .set("log.connection.close", "false")
            .set_log_level(RDKafkaLogLevel::Info);
        config
    }
}

/// How a group knows a worker. With a name that stays the same over restarts
/// (static membership), a worker that comes back within its session keeps its
/// partitions; others wait for the end of the session, however it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Member {
    /// By no name: when it comes back, it is a new one.
    Unnamed,
    /// By a name that it was given, and another as well by mistake: when the
    /// group takes it for another of that name, that is an error.
    Named(String),
    /// By a name that nobody else can have: when the group takes it for
    /// another all the same, it joins again without the name.
    Owned(String),
}

/// How a [`KafkaSource`](super::KafkaSource) reads.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// How it reaches the brokers.
    pub client: ClientSettings,
    /// The name of the worker in logs and at the broker.
    pub name: String,
    /// The consumer group.
    pub group: String,
    /// How the group knows the worker.
    pub member: Member,
    /// The topics.
    pub topics: Vec<String>,
    /// How long the group waits for a worker that has fallen silent.
    pub session_timeout: Duration,
    /// How long a worker may work between two polls before it loses its partitions.
    pub max_poll_interval: Duration,
    /// How much may be fetched ahead, in KiB.
    pub fetch_buffer_kib: u32,
    /// What stands beside an offset that is committed, for whoever reads them
    /// (see [`GroupOffsets::notes`](super::GroupOffsets::notes)).
    pub commit_note: CommitNote,
    /// Raised with the first assignment, even an empty one, once the group
    /// knows where this member begins.
    pub joined: Arc<AtomicBool>,
}

impl SourceSettings {
    pub(super) fn config(&self) -> ClientConfig {
        let mut config = self.client.config(&self.name);
        let session_ms = self.session_timeout.as_millis();
        config
            .set("group.id", &self.group)
            .set("session.timeout.ms", session_ms.to_string())
            .set(
                "heartbeat.interval.ms",
                (session_ms / 3).clamp(1, 1000).to_string(),
            )
            .set(
                "max.poll.interval.ms",
                self.max_poll_interval
                    .max(self.session_timeout)
                    .as_millis()
                    .to_string(),
            )
            .set("partition.assignment.strategy", "roundrobin")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "false")
            // A position that is gone must stop the worker, not skip records.
            .set("auto.offset.reset", "error")
            // The default of 1000 stalls a consumer that is slower than its
            // fetcher: once its queue is full, nothing is fetched for a second.
            .set("fetch.queue.backoff.ms", "5")
            .set("fetch.wait.max.ms", "100")
            .set(
                "queued.max.messages.kbytes",
                self.fetch_buffer_kib.to_string(),
            );
        if let Member::Named(name) | Member::Owned(name) = &self.member {
            config.set("group.instance.id", name);
        }
        config
    }
}

/// How a [`KafkaPublisher`](super::KafkaPublisher) writes.
#[derive(Clone, Debug)]
pub struct PublisherSettings {
    /// How it reaches the brokers.
    pub client: ClientSettings,
    /// The name of the worker in logs and at the broker.
    pub name: String,
    /// How long a record waits for company. Records that are batches already
    /// need none; every flush waits this long.
    pub linger: Duration,
    /// How much may wait for the broker, in KiB; then `send` blocks.
    pub queue_kib: u32,
    /// The largest record, in bytes.
    pub max_record_bytes: u32,
    /// `none`, `lz4`, `zstd`, `gzip` or `snappy`.
    pub compression: String,
    /// Whether a record that cannot be written stops the publisher for good,
    /// so that nothing that comes after it is ever written.
    pub gapless: bool,
}

impl PublisherSettings {
    pub(super) fn config(&self) -> ClientConfig {
        let mut config = self.client.config(&self.name);
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("enable.gapless.guarantee", self.gapless.to_string())
            // Forever: a broker that is away is waited for, never skipped.
            .set("message.timeout.ms", "0")
            .set("linger.ms", self.linger.as_millis().to_string())
            .set("compression.type", &self.compression)
            .set("message.max.bytes", self.max_record_bytes.to_string())
            .set("queue.buffering.max.kbytes", self.queue_kib.to_string())
            .set("queue.buffering.max.messages", "100000");
        config
    }
}

/// An error of the client library, with what was being done.
pub(super) fn broker_error(context: impl Into<String>, error: &impl ToString) -> StreamError {
    StreamError::Broker {
        context: context.into(),
        reason: error.to_string(),
    }
}
