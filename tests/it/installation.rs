//! One installation of the line on the services that all tests share: its own
//! topics, groups, database and state.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use throughline_proto::topics::{self, RawTopic};
use throughline_stream::idle::{Offsets as _, lag};
use throughline_stream::kafka::{
    ClientSettings, GroupOffsets, KafkaPublisher, KafkaSource, Member, PublisherSettings,
    SourceSettings, Start,
};
use throughline_stream::{
    Outgoing, Polled, Publish as _, Record, Source as _, Stop, StreamError, TopicPartition,
};
use throughline_tests::reference::{Settings, Tables};

use crate::http::free_address;
use crate::process::{Process, call, until};
use crate::services::{self, Services};
use crate::written;

/// How many partitions the topics have.
pub const RAW_PARTITIONS: u32 = 3;
pub const EVENTS_PARTITIONS: u32 = 6;
const ROLLUPS_PARTITIONS: u32 = 3;
/// How long Kafka may take for an answer before it is asked again.
const PATIENCE: Duration = Duration::from_secs(15);

/// The views that are compared.
pub const VIEWS: [&str; 11] = [
    "channel_hourly",
    "traffic_hourly",
    "channel_roi",
    "deals",
    "deal_events",
    "credits",
    "touchpoints",
    "calls",
    "clients",
    "identities",
    "costs",
];

/// One installation of the line.
pub struct Installation {
    services: &'static Services,
    kafka: String,
    /// ClickHouse, `host:port`; another one than that of all where a test says so.
    pub clickhouse: String,
    name: String,
    /// Its files.
    pub directory: PathBuf,
    /// Its configuration, to be changed before processes start.
    pub config: Value,
    /// How many files of it there are.
    written: AtomicU32,
    offsets: Mutex<GroupOffsets>,
}

/// The groups of consumers, by role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    Ingest,
    Processor,
    Sink,
}

impl Group {
    /// Every group, in the order of the flow.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Processor, Self::Sink];

    /// What it reads: topics by their default names, and partitions.
    fn partitions(self) -> impl Iterator<Item = (&'static str, i32)> {
        let (topics, partitions) = match self {
            Self::Ingest => (RawTopic::ALL.map(RawTopic::name).to_vec(), RAW_PARTITIONS),
            Self::Processor => (vec![topics::EVENTS], EVENTS_PARTITIONS),
            Self::Sink => (vec![topics::ROLLUPS], ROLLUPS_PARTITIONS),
        };
        let topics = topics.into_iter();
        topics.flat_map(move |topic| (0..partitions as i32).map(move |at| (topic, at)))
    }
}

impl Installation {
    /// An empty one with the tenants of the settings.
    pub fn new(name: &str, settings: &Settings) -> Self {
        Self::on(&services::shared().kafka, name, settings)
    }

    /// The same on another Kafka than that of all.
    pub fn on(kafka: &str, name: &str, settings: &Settings) -> Self {
        let services = services::shared();
        let directory = services.work.join(name);
        std::fs::create_dir(&directory).unwrap();
        let names = RawTopic::ALL.map(RawTopic::name).into_iter();
        let names = names.chain([topics::EVENTS, topics::ROLLUPS]);
        let mut topics: BTreeMap<_, _> = names
            .map(|topic| (topic.to_owned(), format!("{name}.{topic}")))
            .collect();
        topics.insert("dead_letters".into(), format!("{name}.dead-letters"));
        let config = json!({
            "kafka": {
                "bootstrap_servers": kafka,
                "topics": topics,
                "partitions": {
                    "raw": RAW_PARTITIONS,
                    "events": EVENTS_PARTITIONS,
                    "rollups": ROLLUPS_PARTITIONS,
                },
                "groups": {
                    "ingest": format!("{name}-ingest"),
                    "processor": format!("{name}-processor"),
                    "sink": format!("{name}-sink"),
                },
                "session_timeout_ms": 6000,
            },
            "clickhouse": {
                "url": format!("http://{}", services.clickhouse),
                "database": name,
            },
            "processor": {"data_dir": directory.join("store")},
            "dashboard": {"listen": ""},
            "telemetry": {"log_format": "text", "lag_interval_ms": 500},
            "tenants": written::tenants(settings),
        });
        Self {
            services,
            kafka: kafka.to_owned(),
            clickhouse: services.clickhouse.clone(),
            name: name.to_owned(),
            directory,
            config,
            written: AtomicU32::new(0),
            offsets: Mutex::new(GroupOffsets::new(client(kafka), PATIENCE)),
        }
    }

    /// The name of a topic of this installation.
    pub fn topic(&self, topic: &str) -> String {
        format!("{}.{topic}", self.name)
    }

    /// A call of the program. It knows nothing of the environment's services.
    pub fn command(&self, arguments: &[&str]) -> Command {
        // Each gets a file of its own, which nobody changes while it is read.
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let file = self.directory.join(format!("config-{number}.yaml"));
        let mut command = call(&self.config, &file, arguments);
        command.env("THROUGHLINE_TELEMETRY__LISTEN", "");
        command
    }

    /// Starts a process, whose output goes to a file of the given name.
    pub fn start(&self, name: &str, arguments: &[&str]) -> Process {
        self.start_command(name, self.command(arguments))
    }

    /// Starts a processor with a state of its own.
    pub fn start_processor(&self, name: &str) -> Process {
        let mut command = self.command(&["processor"]);
        let state = self.directory.join(format!("store-{name}"));
        command.env("THROUGHLINE_PROCESSOR__DATA_DIR", state);
        self.start_command(name, command)
    }

    /// Starts a process that serves telemetry; gives the address, too.
    pub fn start_watched(&self, name: &str, arguments: &[&str]) -> (Process, String) {
        let address = free_address();
        let mut command = self.command(arguments);
        command.env("THROUGHLINE_TELEMETRY__LISTEN", &address);
        (self.start_command(name, command), address)
    }

    /// Starts a call of the program.
    pub fn start_command(&self, name: &str, command: Command) -> Process {
        let log = self.directory.join(format!("{name}.log"));
        let entries = self.services.entries();
        Process::start(&format!("{}: {name}", self.name), command, log, &entries)
    }

    /// Calls the program and gives what it says.
    pub fn call(&self, arguments: &[&str]) -> Called {
        let output = self.command(arguments).output().unwrap();
        Called {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Sends the files of a directory.
    pub fn produce(&self, directory: &Path) {
        let called = self.call(&["produce", directory.to_str().unwrap()]);
        called.succeeds();
    }

    /// Sends records to topics, given by their default names, and waits until
    /// they are written.
    pub fn send(&self, records: impl IntoIterator<Item = Outgoing>) {
        let settings = PublisherSettings {
            client: self.client(),
            name: "test".into(),
            linger: Duration::from_millis(5),
            queue_kib: 65_536,
            max_record_bytes: 16 << 20,
            compression: "lz4".into(),
            gapless: false,
        };
        let mut publisher = KafkaPublisher::new(&settings, Stop::new()).unwrap();
        for record in records {
            let topic = self.topic(&record.topic).into();
            publisher.send(Outgoing { topic, ..record }).unwrap();
        }
        publisher.flush().unwrap();
    }

    /// Runs all roles in one process until there is nothing to do.
    pub fn run_until_idle(&self) {
        self.start("run", &["run", "--until-idle"]).succeeds();
        self.write_arrivals();
    }

    /// Has ClickHouse write what arrived last, which it notes in memory for a
    /// second: whoever reads the view `freshness` just while that happens by
    /// itself does not see it.
    pub fn write_arrivals(&self) {
        let database = self.config["clickhouse"]["database"].as_str().unwrap();
        let sql = format!("OPTIMIZE TABLE {database}.arrivals_gathered");
        let (status, body) = crate::http::post(&self.clickhouse, "/", &sql).unwrap();
        assert_eq!(status, 200, "{sql}\n{body}");
    }

    /// How the clients of this installation reach Kafka.
    pub fn client(&self) -> ClientSettings {
        client(&self.kafka)
    }

    /// How many records of its topics a group has done.
    pub fn done(&self, group: Group) -> i64 {
        let name = self.group(group);
        let partitions: Vec<_> = group.partitions().collect();
        let partitions: Vec<_> = partitions
            .iter()
            .map(|(topic, partition)| TopicPartition {
                topic: self.topic(topic).into(),
                partition: *partition,
            })
            .collect();
        let mut offsets = self.offsets.lock().unwrap();
        match offsets.committed(&name, &partitions) {
            Ok(committed) => committed.values().sum(),
            // Shown if the test fails.
            Err(error) => {
                eprintln!("{error}");
                0
            }
        }
    }

    /// Asks Kafka, which may only just have come back, for a while.
    #[track_caller]
    fn ask<T>(&self, question: impl Fn(&mut GroupOffsets) -> Result<T, StreamError>) -> T {
        let mut answer = None;
        until("Kafka tells its offsets", || {
            match question(&mut self.offsets.lock().unwrap()) {
                Ok(told) => answer = Some(told),
                // Shown if the test fails.
                Err(error) => eprintln!("{error}"),
            }
            answer.is_some()
        });
        answer.unwrap()
    }

    /// How many records of its topics a group has still to do.
    pub fn left(&self, group: Group) -> i64 {
        let topics: BTreeSet<_> = group
            .partitions()
            .map(|(topic, _)| self.topic(topic))
            .collect();
        let topics: Vec<_> = topics.into_iter().collect();
        let marks = self.ask(|offsets| offsets.watermarks(&topics));
        let partitions: Vec<_> = marks.keys().cloned().collect();
        let group = self.group(group);
        let committed = self.ask(|offsets| offsets.committed(&group, &partitions));
        lag(&marks, &committed).values().sum()
    }

    /// How many records the topics of a group hold.
    pub fn records_of(&self, group: Group) -> i64 {
        let topics: BTreeSet<_> = group
            .partitions()
            .map(|(topic, _)| self.topic(topic))
            .collect();
        let topics: Vec<_> = topics.into_iter().collect();
        let marks = self.ask(|offsets| offsets.watermarks(&topics));
        marks.values().map(|marks| marks.high - marks.low).sum()
    }

    /// Where the logs of a topic end, by partition.
    pub fn ends(&self, topic: &str) -> BTreeMap<i32, i64> {
        let topics = [self.topic(topic)];
        let marks = self.ask(|offsets| offsets.watermarks(&topics));
        let ends = marks.into_iter();
        ends.map(|(at, marks)| (at.partition, marks.high)).collect()
    }

    fn group(&self, group: Group) -> String {
        format!("{}-{}", self.name, format!("{group:?}").to_lowercase())
    }

    /// Waits until a group has done so many records.
    #[track_caller]
    pub fn until_done(&self, group: Group, records: i64) {
        until(&format!("{group:?} does {records} records"), || {
            self.done(group) >= records
        });
    }

    /// All records of a topic.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        let topic = self.topic(topic);
        let marks = self.ask(|offsets| offsets.watermarks(std::slice::from_ref(&topic)));
        let expected: i64 = marks.values().map(|marks| marks.high - marks.low).sum();
        let mut source = self.source(&topic, 16_384, "test-reader");
        let mut records = Vec::new();
        until(&format!("{topic} is read"), || {
            if let Polled::Records(more) = source.poll(1000, Duration::from_millis(100)).unwrap() {
                records.extend(more);
            }
            records.len() as i64 >= expected
        });
        records
    }

    /// A reader of a topic from its beginning.
    pub fn source(&self, topic: &str, fetch_buffer_kib: u32, group: &str) -> KafkaSource {
        let settings = SourceSettings {
            client: self.client(),
            name: "test".into(),
            group: format!("{}-{group}", self.name),
            member: Member::Unnamed,
            topics: vec![topic.to_owned()],
            session_timeout: Duration::from_secs(10),
            max_poll_interval: Duration::from_mins(5),
            fetch_buffer_kib,
            commit_note: String::new().into(),
            joined: Arc::new(AtomicBool::new(false)),
        };
        KafkaSource::new(&settings, Box::new(|_, _| Ok(Some(Start::Beginning)))).unwrap()
    }

    /// How ClickHouse is reached.
    pub fn connection(&self) -> throughline_sink::Connection {
        throughline_sink::Connection {
            url: format!("http://{}", self.clickhouse),
            database: self.name.clone(),
            user: "default".to_owned(),
            password: String::new(),
            tls: throughline_sink::TlsFiles::default(),
            cluster: self.config["clickhouse"]["cluster"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            connect_timeout_ms: 5_000,
            request_timeout_ms: 60_000,
        }
    }

    /// Goes to a cluster of ClickHouse, by the address of one of its servers.
    pub fn use_cluster(&mut self, address: String, cluster: &str) {
        self.config["clickhouse"]["url"] = format!("http://{address}").into();
        self.config["clickhouse"]["cluster"] = cluster.into();
        self.clickhouse = address;
    }

    /// The answer of ClickHouse to a query on this installation's database.
    pub fn query(&self, sql: &str) -> String {
        let path = format!("/?database={}", self.name);
        let (status, body) = crate::http::post(&self.clickhouse, &path, sql).unwrap();
        assert_eq!(status, 200, "{sql}\n{body}");
        body.trim_end().to_owned()
    }

    /// The rows of every view.
    pub fn views(&self) -> Tables {
        let mut tables = Tables::default();
        for view in VIEWS {
            let rows = self.query(&format!("SELECT * FROM {view} FORMAT JSONEachRow"));
            tables.load(view, &rows).unwrap();
        }
        tables
    }

    /// Compares every view with what it must be.
    #[track_caller]
    pub fn assert_views(&self, expected: &Tables) {
        let differences = expected.compare(&self.views());
        assert!(
            differences.is_empty(),
            "{}:\n{}",
            self.name,
            differences.join("\n")
        );
    }
}

fn client(kafka: &str) -> ClientSettings {
    ClientSettings {
        bootstrap_servers: kafka.to_owned(),
        properties: BTreeMap::new(),
    }
}

/// How a call of the program ended.
pub struct Called {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it said on standard output.
    pub out: String,
    /// What it said on standard error.
    pub err: String,
}

impl Called {
    /// Sees that it ended with success.
    #[track_caller]
    pub fn succeeds(&self) {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
    }
}
