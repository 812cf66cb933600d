//! Traffic that comes in at a pace while faults happen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fastrand::Rng;
use throughline_stream::kafka::{KafkaPublisher, PublisherSettings};
use throughline_stream::{Outgoing, Publish as _, Stop};

use crate::installation::{Installation, RAW_PARTITIONS};
use crate::process::{PATIENCE, Progress};
use crate::traffic::Traffic;

/// One of so many records comes again later, in any partition.
const AGAIN: usize = 10;

/// A producer that sends all of a traffic in the order of arrival.
pub struct Feed {
    sent: Arc<AtomicUsize>,
    all: usize,
    progress: Progress,
    stop: Stop,
    thread: JoinHandle<()>,
}

impl Feed {
    /// Starts to send so many records a second. The topics must be there.
    pub fn start(line: &Installation, traffic: &Traffic, rate: u32, seed: u64) -> Self {
        let records = records(line, traffic, seed);
        let settings = PublisherSettings {
            client: line.client(),
            name: "feed".into(),
            linger: Duration::from_millis(5),
            queue_kib: 65_536,
            max_record_bytes: 16 << 20,
            compression: "lz4".into(),
            gapless: true,
        };
        let sent = Arc::new(AtomicUsize::new(0));
        let (all, counter) = (records.len(), Arc::clone(&sent));
        let stop = Stop::new();
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut publisher = KafkaPublisher::new(&settings, until).unwrap();
            let since = Instant::now();
            for (index, record) in records.into_iter().enumerate() {
                let due = Duration::from_secs_f64(index as f64 / f64::from(rate));
                std::thread::sleep(due.saturating_sub(since.elapsed()));
                publisher.send(record).unwrap();
                counter.store(index + 1, Ordering::Relaxed);
            }
            if let Err(error) = publisher.flush() {
                let records = publisher.in_flight();
                panic!("{records} records of the feed are not acknowledged: {error}");
            }
        });
        Self {
            sent,
            all,
            progress: Progress::of("the feed"),
            stop,
            thread,
        }
    }

    /// Whether more comes. It may be held up, but must go on in the end.
    pub fn is_running(&mut self) -> bool {
        let sent = self.sent.load(Ordering::Relaxed);
        if sent == self.all || self.thread.is_finished() {
            return false;
        }
        let left = self.all - sent;
        let says = || format!("Kafka takes none of the other {left} records");
        self.progress.is_at(sent as i64, says);
        true
    }

    /// How much of it was sent, in percent.
    pub fn percent(&self) -> usize {
        self.sent.load(Ordering::Relaxed) * 100 / self.all.max(1)
    }

    /// Waits until all is acknowledged, when nothing harms Kafka any more.
    pub fn finish(self) {
        self.stop.request(PATIENCE);
        self.thread.join().unwrap();
    }
}

/// The records of a traffic, where some of the valid ones come again at any
/// later place and in any partition.
fn records(line: &Installation, traffic: &Traffic, seed: u64) -> Vec<Outgoing> {
    let mut rng = Rng::with_seed(seed);
    let records: Vec<_> = traffic.outgoing().collect();
    let count = records.len();
    let mut placed = Vec::with_capacity(count + count / AGAIN);
    for (place, (is_valid, record)) in records.into_iter().enumerate() {
        let topic = line.topic(&record.topic).into();
        let record = Outgoing { topic, ..record };
        if is_valid && rng.usize(..AGAIN) == 0 {
            let again = Outgoing {
                partition: Some(rng.u32(..RAW_PARTITIONS) as i32),
                ..record.clone()
            };
            placed.push((rng.usize(place..count), again));
        }
        placed.push((place, record));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, record)| record).collect()
}
