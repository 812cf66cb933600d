//! A log that no longer holds what a worker needs, is another than it was, or
//! cannot be written.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::json;
use throughline_proto::topics;
use throughline_stream::Outgoing;
use throughline_stream::kafka::Admin;

use crate::faults::crew::SESSION;
use crate::installation::{EVENTS_PARTITIONS, Group, Installation, RAW_PARTITIONS};
use crate::process::until;
use crate::traffic;

/// How long Kafka may take for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What Kafka's own tools would do to its topics.
pub struct Tools {
    client: AdminClient<DefaultClientContext>,
    runtime: tokio::runtime::Runtime,
}

impl Tools {
    /// On the Kafka of this installation.
    pub fn new(line: &Installation) -> Self {
        let servers = line.client().bootstrap_servers;
        let mut config = ClientConfig::new();
        let client = config.set("bootstrap.servers", servers).create().unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        Self { client, runtime }
    }

    /// Deletes all records of a topic's partitions, as its retention would.
    pub fn delete_records(&self, topic: &str, partitions: u32) {
        let mut ends = TopicPartitionList::new();
        for partition in 0..partitions as i32 {
            ends.add_partition_offset(topic, partition, Offset::End)
                .unwrap();
        }
        self.delete(&ends);
    }

    /// Deletes the records before these offsets of a topic's partitions.
    pub fn delete_before(&self, topic: &str, offsets: &BTreeMap<i32, i64>) {
        let mut ends = TopicPartitionList::new();
        for (partition, offset) in offsets {
            let offset = Offset::Offset(*offset);
            ends.add_partition_offset(topic, *partition, offset)
                .unwrap();
        }
        self.delete(&ends);
    }

    fn delete(&self, ends: &TopicPartitionList) {
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let deleted = self
            .runtime
            .block_on(self.client.delete_records(ends, &options))
            .unwrap();
        for element in deleted.elements() {
            element.error().unwrap();
        }
    }
}

/// Retention has passed the place where a worker would go on: it says so and
/// how to go on, and does nothing.
#[test]
fn a_worker_whose_place_is_gone_refuses_to_run() {
    let traffic = traffic::small();
    let mut line = Installation::new("retention", &traffic.plan.settings());
    line.config["kafka"]["session_timeout_ms"] = (SESSION.as_millis() as u64).into();
    let tools = Tools::new(&line);
    let records: Vec<_> = traffic.outgoing().map(|(_, record)| record).collect();
    let (before, after) = records.split_at(records.len() / 2);
    line.call(&["topics", "create"]).succeeds();
    line.send(before.to_vec());
    line.run_until_idle();
    let views = line.views();

    line.send(after.to_vec());
    let refuses = |role: &str, place: &str| {
        let called = line.call(&[role, "--until-idle"]);
        assert_eq!(called.code, Some(1), "{}", called.err);
        for words in [place, "its retention has passed", "records are lost"] {
            assert!(called.err.contains(words), "{role}: {}", called.err);
        }
        println!(
            "retention: {}",
            called.err.lines().last().unwrap_or_default()
        );
    };
    // The rows wait, and vanish; so do the events, and the raw records.
    line.start("ingest", &["ingest", "--until-idle"]).succeeds();
    line.start("processor", &["processor", "--until-idle"])
        .succeeds();
    tools.delete_records(&line.topic(topics::ROLLUPS), 3);
    refuses("sink", "is not in the log");

    line.send(before.to_vec());
    line.start("ingest", &["ingest", "--until-idle"]).succeeds();
    tools.delete_records(&line.topic(topics::EVENTS), EVENTS_PARTITIONS);
    refuses("processor", "is not in the log");

    line.send(after.to_vec());
    for topic in ["web", "calls", "deals"] {
        tools.delete_records(&line.topic(topic), 3);
    }
    refuses("ingest", "is not in the log");
    assert!(views.compare(&line.views()).is_empty(), "a row has changed");

    // Deleting the state is not enough: who goes on without what is lost says so.
    std::fs::remove_dir_all(line.directory.join("store")).unwrap();
    refuses("processor", "its state is not there");
    line.config["processor"]["accept_lost_events"] = true.into();
    let mut processor = line.start("rebuild", &["processor"]);
    until("it is done", || {
        processor.output().contains("assigned") && line.left(Group::Processor) == 0
    });
    processor.stop();
}

/// A topic that was made anew is another log than the state is of.
#[test]
fn a_log_that_was_made_anew_is_refused() {
    let traffic = traffic::small();
    let mut line = Installation::new("anew", &traffic.plan.settings());
    traffic.send(&line);
    line.run_until_idle();
    let events = line.topic(topics::EVENTS);
    let admin = Admin::new(&line.client(), PATIENCE).unwrap();
    for (partitions, words) in [
        (
            EVENTS_PARTITIONS,
            "the log was truncated or the topic made anew",
        ),
        (
            4,
            "was made with 6 partitions of `events`, but 4 are configured",
        ),
    ] {
        admin.delete_topics(std::slice::from_ref(&events)).unwrap();
        line.config["kafka"]["partitions"]["events"] = partitions.into();
        line.call(&["topics", "create"]).succeeds();
        let called = line.call(&["processor", "--until-idle"]);
        assert_eq!(called.code, Some(1), "{}", called.err);
        assert!(called.err.contains(words), "{}", called.err);
        println!("anew: {}", called.err.lines().last().unwrap_or_default());
    }
    line.assert_views(&traffic.expected);
}

/// So is one that has grown past the place to go on from since: the record
/// before it is another one.
#[test]
fn a_log_that_was_made_anew_and_has_grown_is_refused() {
    let traffic = traffic::small();
    let line = Installation::new("regrown", &traffic.plan.settings());
    traffic.send(&line);
    line.run_until_idle();
    let events = line.topic(topics::EVENTS);
    let lengths = line.ends(topics::EVENTS);
    let admin = Admin::new(&line.client(), PATIENCE).unwrap();
    admin.delete_topics(std::slice::from_ref(&events)).unwrap();
    line.call(&["topics", "create"]).succeeds();
    // Any other batches; they are not read before the refusal.
    for (partition, length) in lengths {
        line.send((0..length + 5).map(|_| Outgoing {
            topic: topics::EVENTS.into(),
            partition: Some(partition),
            value: Some(b"another batch".to_vec()),
            ..Outgoing::default()
        }));
    }
    let called = line.call(&["processor", "--until-idle"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    let words = "is not the one that the state was made from";
    assert!(called.err.contains(words), "{}", called.err);
    line.assert_views(&traffic.expected);
}

/// Where a dead letter cannot be written, nothing is skipped: ingest waits, and
/// gives up with what it has read uncommitted.
#[test]
fn dead_letters_that_cannot_be_written_hold_ingest_up() {
    let traffic = traffic::small();
    let mut line = Installation::new("unwritable", &traffic.plan.settings());
    line.call(&["topics", "create"]).succeeds();
    let letters = line.topic(topics::DEAD_LETTERS);
    let admin = Admin::new(&line.client(), PATIENCE).unwrap();
    admin.delete_topics(std::slice::from_ref(&letters)).unwrap();
    line.config["kafka"]["create_topics"] = false.into();
    // For so long a topic that nobody knows may only be new.
    line.config["kafka"]["client"] = json!({"topic.metadata.propagation.max.ms": "1000"});
    line.send((0..RAW_PARTITIONS as i32).map(|partition| Outgoing {
        topic: "web".into(),
        partition: Some(partition),
        value: Some(b"no event".to_vec()),
        ..Outgoing::default()
    }));
    for _ in 0..2 {
        let called = line.call(&["ingest"]);
        assert_eq!(called.code, Some(1), "{}", called.err);
        assert!(called.err.contains(&letters), "{}", called.err);
        println!(
            "unwritable: {}",
            called.err.lines().last().unwrap_or_default()
        );
        assert_eq!(line.done(Group::Ingest), 0);
    }
    line.send(traffic.outgoing().map(|(_, record)| record));
    line.config["kafka"]["create_topics"] = true.into();
    line.run_until_idle();
    line.assert_views(&traffic.expected);
    let dead_letters = line.query("SELECT count() FROM dead_letters");
    let expected = traffic.rejected + RAW_PARTITIONS as usize;
    assert_eq!(dead_letters, expected.to_string());
}
