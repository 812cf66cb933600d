//! What an operator sees of the processors of this process.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use throughline_core::partition::{Conservation, Counters};
use throughline_stream::metric_names as names;

use crate::snapshot::{Restored, Saved};

/// Reports what a partition did since its last checkpoint, and whether its
/// sums agree.
pub fn partition(
    partition: u32,
    counters: Counters,
    sums: Conservation,
    cached: (usize, usize),
    erased: (usize, usize),
    on_the_way: bool,
) {
    counter!(names::PROCESSOR_MESSAGES_TOTAL).increment(counters.messages);
    counter!(names::PROCESSOR_FACTS_TOTAL).increment(counters.arrived_facts);
    counter!(names::PROCESSOR_FORWARDED_FACTS_TOTAL).increment(counters.forwarded_facts);
    counter!(names::PROCESSOR_FORWARDED_LINKS_TOTAL).increment(counters.forwarded_links);
    counter!(names::PROCESSOR_KNOWN_FACTS_TOTAL).increment(counters.known_facts);
    counter!(names::PROCESSOR_MOVED_JOURNEYS_TOTAL).increment(counters.moved_journeys);
    counter!(names::PROCESSOR_CAPPED_JOURNEYS_TOTAL).increment(counters.capped_journeys);
    counter!(names::PROCESSOR_TOO_OLD_FACTS_TOTAL).increment(counters.too_old_facts);
    counter!(names::PROCESSOR_MISSING_RATES_TOTAL).increment(counters.missing_rates);
    counter!(names::PROCESSOR_CONFLICTING_EVENTS_TOTAL).increment(counters.conflicting_events);
    counter!(names::PROCESSOR_FORGOTTEN_FACTS_TOTAL).increment(counters.forgotten_facts);
    counter!(names::PROCESSOR_FORGOTTEN_CLIENTS_TOTAL).increment(counters.forgotten_clients);
    let label = partition.to_string();
    let (awaiting, forgotten) = erased;
    gauge!(names::PROCESSOR_AWAITING_ERASURE, "partition" => label.clone()).set(awaiting as f64);
    gauge!(names::PROCESSOR_ERASED_IDENTIFIERS, "partition" => label.clone()).set(forgotten as f64);
    gauge!(names::PROCESSOR_MOST_HOPS, "partition" => label.clone())
        .set(f64::from(counters.most_hops));
    gauge!(names::PROCESSOR_CREDIT_IMBALANCE_PPM, "partition" => label.clone())
        .set((sums.booked_ppm - sums.expected_ppm) as f64);
    gauge!(names::PROCESSOR_REVENUE_IMBALANCE_MINOR_UNITS, "partition" => label.clone())
        .set((sums.booked_revenue - sums.expected_revenue) as f64);
    let restating = if on_the_way { 1.0 } else { 0.0 };
    gauge!(names::PROCESSOR_RESTATING, "partition" => label.clone()).set(restating);
    gauge!(names::PROCESSOR_CACHED_NODES, "partition" => label.clone()).set(cached.0 as f64);
    gauge!(names::PROCESSOR_CACHED_CHUNKS, "partition" => label).set(cached.1 as f64);
}

/// What one checkpoint of a worker let out.
#[derive(Default)]
pub struct Checkpoint {
    /// Messages to other partitions.
    pub messages: usize,
    /// Rows.
    pub rows: usize,
    /// Bytes of the records with both.
    pub bytes: usize,
    /// Keys stored.
    pub keys: usize,
    /// Stored keys that partitions were restated from.
    pub restated: usize,
}

/// Reports one checkpoint of a worker.
pub fn checkpoint(done: &Checkpoint, took: Duration) {
    histogram!(names::PROCESSOR_CHECKPOINT_SECONDS).record(took.as_secs_f64());
    counter!(names::PROCESSOR_SENT_MESSAGES_TOTAL).increment(done.messages as u64);
    counter!(names::PROCESSOR_ROWS_TOTAL).increment(done.rows as u64);
    counter!(names::PROCESSOR_PUBLISHED_BYTES_TOTAL).increment(done.bytes as u64);
    counter!(names::PROCESSOR_RESTATED_KEYS_TOTAL).increment(done.restated as u64);
    counter!(names::PROCESSOR_STORED_KEYS_TOTAL).increment(done.keys as u64);
}

/// Reports that state is stored up to now: by a checkpoint, or since there was
/// nothing to store yet.
pub fn stored_at(now_ms: i64) {
    gauge!(names::PROCESSOR_CHECKPOINT_TIMESTAMP_SECONDS).set(now_ms as f64 / 1000.0);
}

/// Reports records that were applied.
pub fn applied(records: usize, bytes: usize, seconds: f64) {
    counter!(names::PROCESSOR_RECORDS_TOTAL).increment(records as u64);
    counter!(names::PROCESSOR_READ_BYTES_TOTAL).increment(bytes as u64);
    histogram!(names::PROCESSOR_APPLY_SECONDS).record(seconds);
}

/// Shows the counters of snapshots before there is anything to count: an alarm
/// needs something to compare with.
pub fn snapshots_may_come() {
    for name in [
        names::PROCESSOR_SNAPSHOTS_TOTAL,
        names::PROCESSOR_SNAPSHOT_BYTES_TOTAL,
        names::PROCESSOR_SNAPSHOT_FAILURES_TOTAL,
        names::PROCESSOR_RESTORES_TOTAL,
        names::PROCESSOR_RESTORED_KEYS_TOTAL,
        names::PROCESSOR_RESTORED_BYTES_TOTAL,
        names::PROCESSOR_REFUSED_SNAPSHOTS_TOTAL,
    ] {
        counter!(name).increment(0);
    }
}

/// Reports a snapshot that was written.
pub fn saved(saved: &Saved) {
    counter!(names::PROCESSOR_SNAPSHOTS_TOTAL).increment(1);
    counter!(names::PROCESSOR_SNAPSHOT_BYTES_TOTAL).increment(saved.stored_bytes);
    histogram!(names::PROCESSOR_SNAPSHOT_SECONDS).record(saved.took.as_secs_f64());
}

/// Reports how old a partition's newest snapshot is.
pub fn snapshot_age(partition: u32, age: Duration) {
    gauge!(names::PROCESSOR_SNAPSHOT_AGE_SECONDS, "partition" => partition.to_string())
        .set(age.as_secs_f64());
}

/// Reports a snapshot that could not be written.
pub fn failed_snapshot() {
    counter!(names::PROCESSOR_SNAPSHOT_FAILURES_TOTAL).increment(1);
}

/// Reports a snapshot that was found and could not be used.
pub fn refused_snapshot() {
    counter!(names::PROCESSOR_REFUSED_SNAPSHOTS_TOTAL).increment(1);
}

/// Reports a snapshot that was restored.
pub fn restored(restored: &Restored) {
    counter!(names::PROCESSOR_RESTORES_TOTAL).increment(1);
    counter!(names::PROCESSOR_RESTORED_KEYS_TOTAL).increment(restored.keys);
    counter!(names::PROCESSOR_RESTORED_BYTES_TOTAL).increment(restored.bytes);
    histogram!(names::PROCESSOR_RESTORE_SECONDS).record(restored.took.as_secs_f64());
}
