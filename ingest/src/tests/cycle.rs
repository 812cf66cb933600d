//! The worker's cycle: batches, the order of publishing and committing,
//! revoked partitions, dead letters that do not fit.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use throughline_proto::home_partition;
use throughline_proto::topics::RawTopic;
use throughline_stream::{
    Outgoing, Polled, Position, Publish, Record, Role as _, Source, Step, StreamError,
    TopicPartition,
};

use super::{PARTITIONS, config, header, record, run, run_with};
use crate::{Ingest, Limits};

fn hit(visitor: usize) -> String {
    format!(
        r#"{{"event_id":"e{visitor}","occurred_at":1768046400000,"visitor_id":"v{visitor}","url":"https://a.com/?utm_source=s{visitor}","user_id":"u{visitor}"}}"#
    )
}

#[test]
fn messages_are_at_home_and_batches_are_bounded() {
    let hits: Vec<Outgoing> = (0..500).map(|n| record(RawTopic::Web, hit(n))).collect();
    let mut small = config();
    small.limits = Limits {
        batch_bytes: 1000,
        ..small.limits
    };
    let output = run_with(small, hits.clone());
    let mut messages = 0;
    for published in output.published() {
        assert_eq!(published.batch.tenants, ["default"]);
        let origins = published.batch.origins.len();
        assert!(origins <= 1, "links name no origin");
        for message in &published.messages {
            let home = home_partition(message.to, PARTITIONS);
            assert_eq!(home as i32, published.partition);
        }
        messages += published.messages.len();
    }
    assert_eq!(messages, 1000);
    assert!(output.records.len() > 50);
    assert!(output.records.iter().all(|(_, bytes)| bytes.len() < 1300));
    let whole = run(hits);
    assert_eq!(whole.records.len() as u32, PARTITIONS);
    assert_eq!(whole.lines(), output.lines());
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let hits = || {
        (0..200)
            .map(|n| record(RawTopic::Web, hit(n % 50)))
            .collect()
    };
    assert_eq!(run(hits()).records, run(hits()).records);
}

/// What a worker did with its stream, in order.
type Log = Arc<Mutex<Vec<String>>>;

struct Scripted {
    polls: VecDeque<Polled>,
    log: Log,
}

struct Logged {
    log: Log,
    /// Larger values are refused.
    max_bytes: usize,
    sent: Arc<Mutex<Vec<Outgoing>>>,
}

impl Source for Scripted {
    fn poll(&mut self, _: usize, _: Duration) -> Result<Polled, StreamError> {
        Ok(self
            .polls
            .pop_front()
            .unwrap_or(Polled::Records(Vec::new())))
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), StreamError> {
        let positions: Vec<String> = positions
            .iter()
            .map(|position| format!("{}@{}", position.at.partition, position.next_offset))
            .collect();
        self.log
            .lock()
            .unwrap()
            .push(format!("commit {}", positions.join(" ")));
        Ok(())
    }
}

impl Publish for Logged {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        let bytes = record.value.as_ref().map_or(0, Vec::len);
        if bytes > self.max_bytes {
            return Err(StreamError::Unwritable {
                topic: record.topic.to_string(),
                bytes,
                reason: "too large".to_owned(),
            });
        }
        self.log
            .lock()
            .unwrap()
            .push(format!("send {}", record.topic));
        self.sent.lock().unwrap().push(record);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        self.log.lock().unwrap().push("flush".to_owned());
        Ok(())
    }
}

fn raw(partition: i32, offset: i64, value: &str) -> Record {
    Record {
        topic: RawTopic::Web.name().into(),
        partition,
        offset,
        timestamp_ms: super::NOW,
        key: None,
        value: Some(value.as_bytes().to_vec()),
        headers: Vec::new(),
    }
}

fn scripted(
    polls: Vec<Polled>,
    max_bytes: usize,
) -> (Ingest<Scripted, Logged>, Log, Arc<Mutex<Vec<Outgoing>>>) {
    let (log, sent) = (Log::default(), Arc::default());
    let source = Scripted {
        polls: polls.into(),
        log: Arc::clone(&log),
    };
    let publish = Logged {
        log: Arc::clone(&log),
        max_bytes,
        sent: Arc::clone(&sent),
    };
    let mut config = config();
    // Only an empty poll ends a cycle, however slow the machine is.
    config.limits.linger_ms = 3_600_000;
    config.events_partitions = 1;
    (Ingest::new(config, source, publish).unwrap(), log, sent)
}

#[test]
fn positions_are_committed_after_the_acknowledgements_and_before_a_revocation_is_final() {
    let partition = |partition| TopicPartition {
        topic: RawTopic::Web.name().into(),
        partition,
    };
    let (mut ingest, log, _) = scripted(
        vec![
            Polled::Assigned(vec![partition(0), partition(1)]),
            Polled::Records(vec![
                raw(0, 5, &hit(1)),
                raw(0, 6, "broken"),
                raw(1, 9, &hit(2)),
            ]),
            Polled::Revoked(vec![partition(1)]),
            Polled::Records(vec![raw(0, 8, &hit(3))]),
        ],
        usize::MAX,
    );
    assert_eq!(ingest.step().unwrap(), Step::Worked);
    assert_eq!(
        *log.lock().unwrap(),
        [
            "send dead-letters",
            "send events",
            "flush",
            "commit 0@7 1@10"
        ]
    );
    log.lock().unwrap().clear();
    assert_eq!(ingest.step().unwrap(), Step::Worked);
    assert_eq!(*log.lock().unwrap(), ["send events", "flush", "commit 0@9"]);
    log.lock().unwrap().clear();
    assert_eq!(ingest.step().unwrap(), Step::Idle);
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn a_change_of_the_assignment_is_work_and_costs_no_time_of_the_cycle() {
    let partition = |partition| TopicPartition {
        topic: RawTopic::Web.name().into(),
        partition,
    };
    let (mut ingest, log, _) = scripted(
        vec![
            Polled::Assigned(vec![partition(0)]),
            Polled::Records(Vec::new()),
            Polled::Assigned(vec![partition(1)]),
            Polled::Records(vec![raw(0, 0, &hit(1))]),
        ],
        usize::MAX,
    );
    ingest.limits.linger_ms = 0;
    assert_eq!(ingest.step().unwrap(), Step::Worked);
    assert!(log.lock().unwrap().is_empty());
    assert_eq!(ingest.step().unwrap(), Step::Worked);
    assert_eq!(*log.lock().unwrap(), ["send events", "flush", "commit 0@1"]);
    assert_eq!(ingest.step().unwrap(), Step::Idle);
}

#[test]
fn nothing_is_committed_after_a_failure() {
    let (mut ingest, log, _) = scripted(
        vec![
            Polled::Records(vec![raw(0, 0, &hit(1))]),
            Polled::Records(vec![raw(0, 1, &hit(2))]),
        ],
        10,
    );
    assert!(ingest.step().is_err());
    ingest.finish().unwrap();
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn a_dead_letter_that_does_not_fit_goes_without_its_value() {
    let broken = "x".repeat(2000);
    let (mut ingest, _, sent) = scripted(vec![Polled::Records(vec![raw(0, 0, &broken)])], 1000);
    assert_eq!(ingest.step().unwrap(), Step::Worked);
    let sent = sent.lock().unwrap();
    let letter = Record {
        headers: sent[0].headers.clone(),
        ..raw(0, 0, "")
    };
    assert_eq!(sent[0].value, None);
    assert_eq!(
        header(&letter, "throughline-value-omitted").as_deref(),
        Some("2000")
    );
    assert_eq!(
        header(&letter, "throughline-reason").as_deref(),
        Some("invalid_json")
    );
}

#[test]
fn settings_are_checked_and_every_mistake_is_named() {
    let mut broken = config();
    broken.default_tenant.phone_region = "Russia".to_owned();
    broken.tenants.get_mut("acme").unwrap().currency = "DOLLAR".to_owned();
    let (log, sent) = (Log::default(), Arc::default());
    let source = Scripted {
        polls: VecDeque::new(),
        log: Arc::clone(&log),
    };
    let publish = Logged {
        log,
        max_bytes: 0,
        sent,
    };
    let error = Ingest::new(broken, source, publish).err().unwrap();
    assert_eq!(
        error.to_string(),
        "invalid settings: tenant default: there is no phone region Russia; \
         tenant acme: there is no currency DOLLAR"
    );
}
