//! What a cycle did, counted in plain numbers and handed to the metrics once.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use throughline_proto::topics::RawTopic;
use throughline_stream::metric_names as names;

use crate::batch::Published;
use crate::reject::Reason;
use crate::share::{Counted, RejectedShares};

/// The counts of one cycle.
#[derive(Debug)]
pub struct Tally {
    shares: RejectedShares,
    counts: Cycle,
}

#[derive(Debug, Default)]
struct Cycle {
    topics: [Counts; RawTopic::ALL.len()],
    rejected: [[u64; Reason::ALL.len()]; RawTopic::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    records: u64,
    bytes: u64,
    events: u64,
}

/// The time each stage of a cycle took.
#[derive(Clone, Copy, Debug, Default)]
pub struct StageTimes {
    /// Waiting for and fetching records.
    pub poll: Duration,
    /// From bytes to messages.
    pub convert: Duration,
    /// Publishing and waiting for the acknowledgements.
    pub publish: Duration,
    /// Committing positions.
    pub commit: Duration,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(shares: RejectedShares) -> Self {
        let counts = Cycle::default();
        Self { shares, counts }
    }

    /// A record came.
    pub fn record(&mut self, topic: RawTopic, bytes: usize) {
        let counts = &mut self.counts.topics[topic as usize];
        counts.records += 1;
        counts.bytes += bytes as u64;
    }

    /// It held so many valid events.
    pub fn events(&mut self, topic: RawTopic, events: usize) {
        self.counts.topics[topic as usize].events += events as u64;
    }

    /// It was rejected.
    pub fn rejected(&mut self, topic: RawTopic, reason: Reason) {
        self.counts.rejected[topic as usize][reason as usize] += 1;
    }

    /// Raises the metrics and begins anew.
    pub fn report(
        &mut self,
        published: Published,
        times: StageTimes,
        remembered: [usize; 3],
        key_links: u64,
    ) {
        let tally = std::mem::take(&mut self.counts);
        for topic in RawTopic::ALL {
            let counts = tally.topics[topic as usize];
            if counts.records == 0 {
                continue;
            }
            let name = topic.name();
            counter!(names::INGEST_RECORDS, "topic" => name).increment(counts.records);
            counter!(names::INGEST_BYTES, "topic" => name).increment(counts.bytes);
            counter!(names::INGEST_EVENTS, "topic" => name).increment(counts.events);
            self.shares.report(
                topic,
                Counted {
                    records: counts.records,
                    rejected: tally.rejected[topic as usize].iter().sum(),
                },
            );
            for reason in Reason::ALL {
                let rejected = tally.rejected[topic as usize][reason as usize];
                if rejected > 0 {
                    let labels = [("topic", name), ("reason", reason.name())];
                    counter!(names::INGEST_REJECTED, &labels).increment(rejected);
                }
            }
        }
        counter!(names::INGEST_MESSAGES).increment(published.messages);
        counter!(names::INGEST_KEY_LINKS).increment(key_links);
        counter!(names::INGEST_BATCHES).increment(published.batches);
        counter!(names::INGEST_BATCH_BYTES).increment(published.bytes);
        for (stage, time) in [
            ("poll", times.poll),
            ("convert", times.convert),
            ("publish", times.publish),
            ("commit", times.commit),
        ] {
            histogram!(names::INGEST_STAGE_SECONDS, "stage" => stage).record(time.as_secs_f64());
        }
        for (cache, entries) in ["links", "phones", "hosts"].into_iter().zip(remembered) {
            gauge!(names::INGEST_REMEMBERED, "cache" => cache).set(entries as f64);
        }
    }
}
