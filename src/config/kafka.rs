//! The section `kafka`.

use std::collections::BTreeMap;
use std::time::Duration;

use throughline_proto::topics::RawTopic;
use throughline_stream::kafka::{ClientSettings, RESERVED_PROPERTIES, TopicSpec};

use super::section::{Section, not_empty};

/// How Kafka is reached and used.
#[derive(Clone, Debug)]
pub struct Kafka {
    /// How every client reaches the brokers.
    pub client: ClientSettings,
    /// The names of the topics.
    pub topics: Topics,
    /// Whether missing topics are made at the start.
    pub create_topics: bool,
    /// How many partitions a topic is made with.
    pub partitions: Partitions,
    /// How many brokers keep a copy.
    pub replication_factor: u16,
    /// How long records stay; `None`: for ever.
    pub retention: Retention,
    /// The largest record that a topic takes.
    pub max_record_bytes: u32,
    /// The consumer groups.
    pub groups: Groups,
    /// How long a group waits for a silent worker.
    pub session_timeout: Duration,
    /// How long a worker may work between two polls.
    pub max_poll_interval: Duration,
    /// The stable name of this process, for static membership.
    pub instance: Option<String>,
    /// How much a worker fetches ahead, in KiB.
    pub fetch_buffer_kib: u32,
    /// How producers write.
    pub producer: Producer,
}

/// The names of the topics in the broker.
#[derive(Clone, Debug)]
pub struct Topics {
    /// The raw topics, in the order of [`RawTopic::ALL`].
    pub raw: Vec<(RawTopic, String)>,
    /// Between ingest and processor.
    pub events: String,
    /// Between processor and sink.
    pub rollups: String,
    /// Rejected records.
    pub dead_letters: String,
}

impl Topics {
    /// The broker's name of a raw topic.
    pub fn name_of(&self, topic: RawTopic) -> &str {
        let named = self.raw.iter().find(|(raw, _)| *raw == topic);
        named.map_or(topic.name(), |(_, name)| name)
    }
}

/// Numbers of partitions.
#[derive(Clone, Copy, Debug)]
pub struct Partitions {
    /// Of each raw topic.
    pub raw: u32,
    /// Of `events`.
    pub events: u32,
    /// Of `rollups`.
    pub rollups: u32,
    /// Of `dead-letters`.
    pub dead_letters: u32,
}

/// How long records stay in the topics that may forget; `None`: for ever.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// In each raw topic.
    pub raw: Option<Duration>,
    /// In `rollups`.
    pub rollups: Option<Duration>,
    /// In `dead-letters`.
    pub dead_letters: Option<Duration>,
}

/// The consumer groups.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Of the ingest workers.
    pub ingest: String,
    /// Of the processor workers.
    pub processor: String,
    /// Of the sink workers.
    pub sink: String,
}

/// How producers write.
#[derive(Clone, Debug)]
pub struct Producer {
    /// How long a record waits for company.
    pub linger: Duration,
    /// How much may wait for the brokers, in KiB.
    pub queue_kib: u32,
    /// The codec.
    pub compression: &'static str,
}

/// What dead letters carry beyond the record itself, at most.
const DEAD_LETTER_MARGIN: u32 = 64 * 1024;

impl Kafka {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        Self {
            client: ClientSettings {
                bootstrap_servers: section.name("bootstrap_servers"),
                properties: client_properties(section),
            },
            topics: Topics::read(section),
            create_topics: section.flag("create_topics"),
            partitions: Partitions::read(section),
            replication_factor: section.whole("replication_factor", 1..=32),
            retention: Retention::read(section),
            max_record_bytes: section.whole("max_record_bytes", 65_536..=256 * 1024 * 1024),
            groups: Groups::read(section),
            session_timeout: section.millis("session_timeout_ms", 1000..=1_800_000),
            max_poll_interval: section.millis("max_poll_interval_ms", 1000..=86_400_000),
            instance: Some(section.text("instance")).filter(|name| !name.is_empty()),
            fetch_buffer_kib: section.whole("fetch_buffer_kib", 64..=2_097_151),
            producer: Producer::read(section),
        }
    }

    /// The largest record that producers write: a dead letter holds a whole
    /// raw record, and more.
    pub fn max_produced_bytes(&self) -> u32 {
        self.max_record_bytes + DEAD_LETTER_MARGIN
    }

    /// Every topic as it is made.
    pub fn topic_specs(&self) -> Vec<TopicSpec> {
        let topics = &self.topics;
        let (partitions, retention) = (self.partitions, self.retention);
        let raw = topics
            .raw
            .iter()
            .map(|(_, name)| self.topic_spec(name, partitions.raw, retention.raw));
        let own = [
            self.topic_spec(&topics.events, partitions.events, None),
            self.topic_spec(&topics.rollups, partitions.rollups, retention.rollups),
            self.topic_spec(
                &topics.dead_letters,
                partitions.dead_letters,
                retention.dead_letters,
            ),
        ];
        // Time by the broker's clock: one that a worker's machine is ahead of
        // by an hour refuses its records, and the line could not go on. The
        // time of raw records is for their producers to say.
        let own = own.map(|mut topic| {
            let by_broker = "LogAppendTime".to_owned();
            topic.properties.push(("message.timestamp.type", by_broker));
            topic
        });
        raw.chain(own).collect()
    }

    fn topic_spec(&self, name: &str, partitions: u32, retention: Option<Duration>) -> TopicSpec {
        let retention = retention.map_or(-1, |time| time.as_millis() as i64);
        let in_sync = self.replication_factor.min(2);
        TopicSpec {
            name: name.to_owned(),
            partitions,
            replication_factor: self.replication_factor,
            properties: vec![
                ("cleanup.policy", "delete".to_owned()),
                ("retention.ms", retention.to_string()),
                ("retention.bytes", "-1".to_owned()),
                ("max.message.bytes", self.max_produced_bytes().to_string()),
                ("min.insync.replicas", in_sync.to_string()),
                ("unclean.leader.election.enable", "false".to_owned()),
            ],
        }
    }
}

fn client_properties(section: &Section<'_>) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    for (name, item) in section.entries("client") {
        if RESERVED_PROPERTIES.contains(&name) {
            section.wrong(&item, "is set by the program and cannot be changed");
            continue;
        }
        let check = |value: &str| {
            ClientSettings::check_property(name, value)?;
            Ok(value.to_owned())
        };
        if let Some(value) = section.parse_item(&item, check) {
            properties.insert(name.to_owned(), value);
        }
    }
    check_mechanism(section, &properties);
    properties
}

/// The mechanisms of SASL that the client library is built with and that need
/// nothing else. By itself the library would try GSSAPI, and wait for a token
/// of OAUTHBEARER that nobody gives it.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

fn check_mechanism(section: &Section<'_>, properties: &BTreeMap<String, String>) {
    let of = |names: &[&str]| names.iter().find_map(|name| properties.get(*name));
    let protocol = of(&["security.protocol"]).map(|protocol| protocol.to_ascii_lowercase());
    let mechanism = of(&["sasl.mechanism", "sasl.mechanisms"]);
    let known = mechanism.is_some_and(|named| MECHANISMS.contains(&named.as_str()));
    let is_sasl = protocol.is_some_and(|protocol| protocol.starts_with("sasl"));
    if known || (!is_sasl && mechanism.is_none()) {
        return;
    }
    if let Some(item) = section.get("client") {
        let known = MECHANISMS.join(", ");
        let problem = match mechanism {
            Some(other) => format!(
                "sasl.mechanism `{other}` is not supported: use {known}, or certificates (security.protocol: ssl)"
            ),
            None => format!("sasl.mechanism must be given with SASL: {known}"),
        };
        section.wrong(&item, &problem);
    }
}

impl Topics {
    fn read(section: &Section<'_>) -> Self {
        let Some(section) = section.section("topics") else {
            return Self::empty();
        };
        let topic = |key| section.parse(key, topic_name).unwrap_or_default();
        let raw = RawTopic::ALL.map(|raw| (raw, topic(raw.name()))).to_vec();
        let all = Self {
            raw,
            events: topic("events"),
            rollups: topic("rollups"),
            dead_letters: topic("dead_letters"),
        };
        all.refuse_twins(&section);
        all
    }

    fn empty() -> Self {
        Self {
            raw: Vec::new(),
            events: String::new(),
            rollups: String::new(),
            dead_letters: String::new(),
        }
    }

    fn refuse_twins(&self, section: &Section<'_>) {
        let raw = self.raw.iter().map(|(raw, name)| (raw.name(), name));
        let own = [
            ("events", &self.events),
            ("rollups", &self.rollups),
            ("dead_letters", &self.dead_letters),
        ];
        let mut seen: BTreeMap<&String, &'static str> = BTreeMap::new();
        for (key, name) in raw.chain(own) {
            let Some(first) = seen.insert(name, key).filter(|_| !name.is_empty()) else {
                continue;
            };
            // Of the two, the one that is not a default is the mistake.
            let mut pair = [(key, first), (first, key)];
            pair.sort_by_key(|(key, _)| section.get(key).is_some_and(|item| item.is_default()));
            let [(key, other), _] = pair;
            if let Some(item) = section.get(key) {
                section.wrong(&item, &format!("`{name}` is the topic `{other}` already"));
            }
        }
    }
}

fn topic_name(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.is_empty()
        || text.len() > 249
        || !text.chars().all(legal)
        || text == "."
        || text == ".."
    {
        return Err(format!(
            "`{text}` is not the name of a topic: 1 to 249 letters, digits, dots, dashes and underscores"
        ));
    }
    Ok(text.to_owned())
}

impl Partitions {
    fn read(section: &Section<'_>) -> Self {
        let section = section.section("partitions");
        let count = |key| {
            let section = section.as_ref();
            section.map_or(1, |section| section.whole(key, 1..=10_000))
        };
        Self {
            raw: count("raw"),
            // A row's version leaves 16 bits for the partition.
            events: count("events"),
            rollups: count("rollups"),
            dead_letters: count("dead_letters"),
        }
    }
}

impl Retention {
    fn read(section: &Section<'_>) -> Self {
        let section = section.section("retention_hours");
        let hours = |key| {
            let hours: i64 = section.as_ref()?.parse(key, |text| {
                let hours = text.parse().ok();
                let legal = |hours: &i64| *hours == -1 || (1..=1_000_000).contains(hours);
                hours.filter(legal).ok_or_else(|| {
                    format!("`{text}` is not a whole number from 1 to 1000000, or -1 for ever")
                })
            })?;
            u64::try_from(hours).ok().map(Duration::from_hours)
        };
        Self {
            raw: hours("raw"),
            rollups: hours("rollups"),
            dead_letters: hours("dead_letters"),
        }
    }
}

impl Groups {
    fn read(section: &Section<'_>) -> Self {
        let section = section.section("groups");
        let group = |key| {
            let section = section.as_ref();
            section
                .and_then(|section| section.parse(key, not_empty))
                .unwrap_or_default()
        };
        Self {
            ingest: group("ingest"),
            processor: group("processor"),
            sink: group("sink"),
        }
    }
}

impl Producer {
    fn read(section: &Section<'_>) -> Self {
        const CODECS: &[(&str, &str)] = &[
            ("none", "none"),
            ("lz4", "lz4"),
            ("zstd", "zstd"),
            ("gzip", "gzip"),
            ("snappy", "snappy"),
        ];
        let Some(section) = section.section("producer") else {
            return Self {
                linger: Duration::ZERO,
                queue_kib: 1,
                compression: "none",
            };
        };
        Self {
            linger: section.millis("linger_ms", 0..=1000),
            queue_kib: section.whole("queue_kib", 1024..=2_097_151),
            compression: section.choice("compression", CODECS),
        }
    }
}
