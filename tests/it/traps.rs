//! Traps that each cost a factor: what falls into one is seen by proportion or
//! by the fastest of many tries, which other load on the machine cannot fake.

use std::time::{Duration, Instant};

use fastrand::Rng;
use throughline_stream::kafka::{Admin, KafkaPublisher, PublisherSettings, TopicSpec};
use throughline_stream::{Outgoing, Polled, Publish as _, Source as _, Stop};
use throughline_tests::reference::Settings;

use crate::installation::Installation;

fn topic(line: &Installation, name: &str) -> String {
    let topic = TopicSpec {
        name: line.topic(name),
        partitions: 1,
        replication_factor: 1,
        properties: Vec::new(),
    };
    let admin = Admin::new(&line.client(), Duration::from_secs(30)).unwrap();
    admin.create_missing(std::slice::from_ref(&topic)).unwrap();
    topic.name
}

/// A client that has fetched as much as it may hold looks again for room after
/// a time that is a second by default: a consumer slower than its fetcher then
/// waits most of the time for records that the broker has.
#[test]
fn a_slow_consumer_does_not_stall() {
    const RECORDS: usize = 6_000;
    const BYTES: usize = 4_000;
    /// Longer than fetching takes, and much shorter than a second for what fits the buffer.
    const WORK: Duration = Duration::from_micros(500);
    let line = Installation::new("slow", &Settings::default());
    let topic = topic(&line, "slow");
    let mut rng = Rng::with_seed(1);
    line.send((0..RECORDS).map(|_| Outgoing {
        topic: "slow".into(),
        // What the broker cannot make smaller.
        value: Some((0..BYTES).map(|_| rng.u8(..)).collect()),
        ..Outgoing::default()
    }));
    let mut source = line.source(&topic, 1024, "slow");
    let (mut read, mut worked, mut waited) = (0, Duration::ZERO, Duration::ZERO);
    while read < RECORDS {
        let asked = Instant::now();
        let polled = source.poll(100, Duration::from_millis(50)).unwrap();
        let polled_for = asked.elapsed();
        let Polled::Records(records) = polled else {
            continue;
        };
        if read > 0 {
            waited += polled_for;
        }
        let began = Instant::now();
        std::thread::sleep(WORK * records.len() as u32);
        worked += began.elapsed();
        read += records.len();
    }
    assert!(
        waited < worked,
        "the consumer worked {worked:?} and waited {waited:?} for records that were there"
    );
}

/// The client library's own flush looks for acknowledgements every 100 ms.
#[test]
fn a_flush_takes_as_long_as_an_acknowledgement() {
    const FLUSHES: usize = 30;
    let line = Installation::new("flush", &Settings::default());
    let topic = topic(&line, "flush");
    let settings = PublisherSettings {
        client: line.client(),
        name: "test".into(),
        linger: Duration::from_millis(1),
        queue_kib: 1024,
        max_record_bytes: 1_000_000,
        compression: "none".into(),
        gapless: true,
    };
    let mut publisher = KafkaPublisher::new(&settings, Stop::new()).unwrap();
    let mut fastest = Duration::MAX;
    for _ in 0..FLUSHES {
        let begun = Instant::now();
        publisher
            .send(Outgoing {
                topic: topic.as_str().into(),
                value: Some(b"one record".to_vec()),
                ..Outgoing::default()
            })
            .unwrap();
        publisher.flush().unwrap();
        fastest = fastest.min(begun.elapsed());
    }
    assert!(
        fastest < Duration::from_millis(50),
        "the fastest of {FLUSHES} flushes took {fastest:?}"
    );
}
