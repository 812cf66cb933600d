//! A line on services of its own, which works something off.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use throughline_proto::topics::{self, RawTopic};
use throughline_stream::idle::{Offsets as _, Stage, is_idle, lag};
use throughline_stream::kafka::{
    ClientSettings, GroupOffsets, KafkaPublisher, LogReader, PublisherSettings,
};
use throughline_stream::{Outgoing, Publish as _, Record, Stop, StreamError, TopicPartition};
use throughline_tests::live::process::{self, Process, Progress, until};
use throughline_tests::live::services::Services;
use throughline_tests::live::{http, usage};
use throughline_tests::load::{Counts, Load, Plan, TOPICS};

/// How often it is looked whether a role is through.
const GLANCE: Duration = Duration::from_millis(20);
/// How long Kafka may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a log is fetched ahead.
const FETCH_BUFFER_KIB: u32 = 65_536;
/// How many partitions `events` has where nothing else is configured.
pub const EVENTS_PARTITIONS: u64 = 8;
/// How long a raw record waits for company.
const LINGER: Duration = Duration::from_millis(20);

/// The roles, in the order of the flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    Ingest,
    Processor,
    Sink,
}

/// A line on services of its own.
pub struct Line {
    instance: Services,
    /// Its configuration, to be changed before processes start.
    pub config: Value,
    calls: AtomicU32,
    offsets: GroupOffsets,
}

/// What it took to work something off.
#[derive(Debug)]
pub struct Work {
    /// By the clock, from the start of the processes to the first commit of
    /// the first role that is waited for.
    pub start_seconds: f64,
    /// From there to the end.
    seconds: f64,
    /// Which share of that role's records was left then.
    left: f64,
    /// CPU seconds, by process.
    pub cpu: Vec<f64>,
    /// The most memory, by process.
    pub peak_mib: Vec<f64>,
    /// CPU seconds that Kafka took.
    pub kafka: f64,
    /// CPU seconds that ClickHouse took.
    pub clickhouse: f64,
}

/// Processes at work.
pub struct Running {
    /// CPU seconds that Kafka and ClickHouse had used before.
    services: [f64; 2],
    begun: Instant,
    /// When something was committed first, and which share of the records was left.
    first: Option<(Instant, f64)>,
    /// The processes.
    pub processes: Vec<Process>,
}

impl Work {
    /// The rate at which events were worked off once it had begun, of so many in all.
    pub fn rate(&self, events: u64) -> f64 {
        events as f64 * self.left / self.seconds
    }
}

impl Running {
    /// Ends them.
    pub fn stop(&mut self) {
        self.processes.iter_mut().for_each(Process::stop);
    }

    /// Sees that all of them run, and waits a little.
    pub fn glance(&mut self) {
        let are_running = self.processes.iter_mut().all(Process::is_running);
        assert!(are_running, "a process has ended before its work");
        std::thread::sleep(GLANCE);
    }
}

impl Line {
    /// An empty one, whose topics are there.
    pub fn new(name: &str) -> Self {
        let services = Services::start(name);
        let config = json!({
            "kafka": {"bootstrap_servers": services.kafka},
            "clickhouse": {"url": format!("http://{}", services.clickhouse)},
            "identity": {"key_file": services.work.join("identity.key")},
            "processor": {"data_dir": services.work.join("store")},
            "dashboard": {"listen": ""},
            "telemetry": {"listen": "", "log_format": "text"},
        });
        let line = Self {
            offsets: GroupOffsets::new(client(&services.kafka), PATIENCE),
            instance: services,
            config,
            calls: AtomicU32::new(0),
        };
        line.call(&["topics", "create"]);
        line
    }

    /// One whose groups and tables are there, too, since it has been at rest before.
    pub fn at_rest(name: &str) -> Self {
        let line = Self::new(name);
        line.call(&["run", "--until-idle"]);
        line
    }

    /// A call of the program.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let file = self.instance.work.join(format!("config-{number}.yaml"));
        process::call(&self.config, &file, arguments)
    }

    /// Calls the program, and sees that it succeeds.
    pub fn call(&self, arguments: &[&str]) {
        self.start(&arguments.join("-"), self.command(arguments))
            .succeeds();
    }

    /// Starts a process.
    fn start(&self, name: &str, command: Command) -> Process {
        let log = self.instance.work.join(format!("{name}.log"));
        Process::start(name, command, log, &self.instance.entries())
    }

    /// A directory that ends with the line.
    pub fn directory(&self, name: &str) -> PathBuf {
        self.instance.work.join(name)
    }

    /// Where the broker keeps its logs.
    pub fn kafka_data(&self) -> PathBuf {
        self.instance.kafka_data()
    }

    /// A producer of raw events.
    pub fn publisher(&self) -> KafkaPublisher {
        let settings = PublisherSettings {
            client: client(&self.instance.kafka),
            name: "bench".into(),
            linger: LINGER,
            queue_kib: 65_536,
            max_record_bytes: 1 << 20,
            compression: "lz4".into(),
            gapless: false,
        };
        KafkaPublisher::new(&settings, Stop::new()).unwrap()
    }

    /// Produces a load into the raw topics.
    pub fn fill(&self, plan: Plan) -> Counts {
        let mut publisher = self.publisher();
        let mut load = Load::new(plan);
        while let Some((topic, value)) = load.event() {
            publisher.send(record(topic, value)).unwrap();
        }
        publisher.flush().unwrap();
        load.counts()
    }

    /// The answer of ClickHouse to a query.
    pub fn query(&self, sql: &str) -> String {
        let database = self.config["clickhouse"]["database"].as_str();
        let path = format!("/?database={}", database.unwrap_or("throughline"));
        let (status, body) = http::post(self.clickhouse(), &path, sql).unwrap();
        assert_eq!(status, 200, "{sql}\n{body}");
        body.trim_end().to_owned()
    }

    /// ClickHouse over HTTP, `host:port`.
    pub fn clickhouse(&self) -> &str {
        &self.instance.clickhouse
    }

    /// Starts processes, waits until these roles have worked off what is there,
    /// and ends the processes.
    pub fn work_off(&mut self, commands: Vec<(String, Command)>, roles: &[Role]) -> Work {
        let mut running = self.begin(commands);
        self.follow(roles, &mut running);
        self.end(running)
    }

    /// Starts processes.
    pub fn begin(&self, commands: Vec<(String, Command)>) -> Running {
        let services = self.services();
        let begun = Instant::now();
        let named = commands.into_iter();
        Running {
            services,
            begun,
            first: None,
            processes: named
                .map(|(name, command)| self.start(&name, command))
                .collect(),
        }
    }

    /// Ends processes, and tells what they took.
    pub fn end(&self, mut running: Running) -> Work {
        let ended = Instant::now();
        let Running {
            services, begun, ..
        } = running;
        let (first, left) = running.first.expect("something was committed");
        let used = running.processes.iter();
        let used = used.map(|process| (process.cpu_seconds(), process.peak_mib()));
        let (cpu, peak): (Vec<_>, Vec<_>) = used.unzip();
        let now = self.services();
        running.stop();
        Work {
            start_seconds: (first - begun).as_secs_f64(),
            seconds: (ended - first).as_secs_f64(),
            left,
            cpu: cpu.into_iter().map(Option::unwrap).collect(),
            peak_mib: peak.into_iter().map(|mib| mib.unwrap() as f64).collect(),
            kafka: now[0] - services[0],
            clickhouse: now[1] - services[1],
        }
    }

    /// Waits until these roles are through with their topics.
    pub fn follow(&mut self, roles: &[Role], running: &mut Running) {
        let stages: Vec<_> = roles.iter().map(|role| role.stage(&self.config)).collect();
        let mut progress = Progress::of("the line");
        let mut place = 0;
        for stage in &stages {
            // Asked once: what a processor gives itself to do is seen at the end.
            let goal = self.ask(|offsets| offsets.watermarks(&stage.topics));
            let partitions: Vec<_> = goal.keys().cloned().collect();
            let (mut all, mut before) = (None, None);
            loop {
                let committed = self.ask(|offsets| offsets.committed(&stage.group, &partitions));
                let left: i64 = lag(&goal, &committed).values().sum();
                let all = *all.get_or_insert(left);
                let done = before.map_or(0, |before: i64| before - left);
                if done > 0 {
                    let now = || (Instant::now(), left as f64 / all as f64);
                    running.first.get_or_insert_with(now);
                }
                place += done;
                before = Some(left);
                if left == 0 {
                    break;
                }
                progress.is_at(place, || format!("{left} records of {}", stage.group));
                running.glance();
            }
        }
        while !self.ask(|offsets| is_idle(&stages, offsets)) {
            running.glance();
        }
    }

    /// Asks Kafka, which right after its start cannot tell of offsets, until it answers.
    fn ask<T>(&mut self, question: impl Fn(&mut GroupOffsets) -> Result<T, StreamError>) -> T {
        let mut answer = None;
        until("Kafka tells its offsets", || {
            answer = question(&mut self.offsets).ok();
            answer.is_some()
        });
        answer.unwrap()
    }

    /// What a group has committed of its topics.
    pub fn committed(&mut self, role: Role) -> BTreeMap<TopicPartition, i64> {
        let stage = role.stage(&self.config);
        let ends = self.ask(|offsets| offsets.watermarks(&stage.topics));
        let partitions: Vec<_> = ends.keys().cloned().collect();
        self.ask(|offsets| offsets.committed(&stage.group, &partitions))
    }

    /// All records of a topic, partition by partition.
    pub fn log(&mut self, topic: &str) -> Vec<Record> {
        let topics = [topic.to_owned()];
        let ends = self.ask(|offsets| offsets.watermarks(&topics));
        let client = client(&self.instance.kafka);
        let mut records = Vec::new();
        for (at, marks) in ends {
            let (low, high) = (marks.low, marks.high);
            let reader = LogReader::new(&client, FETCH_BUFFER_KIB, at, low, high, PATIENCE);
            let mut reader = reader.unwrap();
            loop {
                let more = reader.read(1000).unwrap();
                if more.is_empty() {
                    break;
                }
                records.extend(more);
            }
        }
        records
    }

    /// CPU seconds that Kafka and ClickHouse have used so far.
    pub fn services(&self) -> [f64; 2] {
        ["kafka", "clickhouse"]
            .map(|service| usage::cpu_seconds(self.instance.pid(service)).unwrap())
    }

    /// Sees that the views show just these events.
    pub fn assert_rows(&self, counts: &Counts) {
        let conversions = self.query(
            "SELECT sum(conversions_ppm) FROM channel_hourly WHERE model = 'linear' AND basis = 'touch'",
        );
        let traffic = self.query("SELECT sum(calls), sum(email_clicks) FROM traffic_hourly");
        let deals = counts.of(RawTopic::Deals) * 1_000_000;
        let (calls, clicks) = (counts.of(RawTopic::Calls), counts.of(RawTopic::Emails));
        assert_eq!(
            conversions,
            deals.to_string(),
            "conversions in parts of a million"
        );
        assert_eq!(
            traffic,
            format!("{calls}\t{clicks}"),
            "calls and e-mail clicks"
        );
    }
}

impl Role {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Processor => "processor",
            Self::Sink => "sink",
        }
    }

    fn stage(self, config: &Value) -> Stage {
        let topics = match self {
            Self::Ingest => TOPICS.map(RawTopic::name).to_vec(),
            Self::Processor => vec![topics::EVENTS],
            Self::Sink => vec![topics::ROLLUPS],
        };
        let usual = format!("throughline-{}", self.name());
        let group = config["kafka"]["groups"][self.name()].as_str();
        Stage {
            group: group.unwrap_or(&usual).to_owned(),
            topics: topics.into_iter().map(str::to_owned).collect(),
            feeds_itself: self == Self::Processor,
        }
    }
}

/// A raw record.
pub fn record(topic: RawTopic, value: &[u8]) -> Outgoing {
    Outgoing {
        topic: topic.name().into(),
        value: Some(value.to_vec()),
        ..Outgoing::default()
    }
}

fn client(kafka: &str) -> ClientSettings {
    ClientSettings {
        bootstrap_servers: kafka.to_owned(),
        properties: BTreeMap::new(),
    }
}
