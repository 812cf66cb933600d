//! Every metric of the line by name: `throughline_<room>_<noun>_<unit>[_total]`.
//! Counters are raised once per batch, never per event.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What kind of metric a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution.
    Histogram,
}

macro_rules! metric_names {
    ($($(#[doc = $doc:literal])+ $constant:ident = $kind:ident $unit:ident $name:literal;)+) => {
        $($(#[doc = $doc])+ pub const $constant: &str = $name;)+

        /// Every metric: name, kind, unit, description.
        pub const ALL: &[(&str, Kind, Unit, &str)] = &[
            $(($name, Kind::$kind, Unit::$unit, concat!($($doc),+).trim_ascii()),)+
        ];
    };
}

metric_names! {
    /// 1 for each role that this process has; label role (ingest, processor, sink, dashboard).
    PROCESS_ROLE = Gauge Count "throughline_process_role";
    /// When this process started, as Unix time.
    PROCESS_START_TIMESTAMP_SECONDS = Gauge Seconds "throughline_process_start_timestamp_seconds";
    /// Memory that this process has.
    PROCESS_RESIDENT_BYTES = Gauge Bytes "throughline_process_resident_bytes";
    /// Memory that this process may have at most: the limit of its control group, or what the machine has.
    PROCESS_MEMORY_LIMIT_BYTES = Gauge Bytes "throughline_process_memory_limit_bytes";
    /// Room that is left on the disk of the state (`processor.data_dir`); label directory.
    PROCESS_DISK_FREE_BYTES = Gauge Bytes "throughline_process_disk_free_bytes";
    /// Size of that disk; label directory.
    PROCESS_DISK_SIZE_BYTES = Gauge Bytes "throughline_process_disk_size_bytes";
    /// Requests answered by the dashboard; labels page, status.
    DASHBOARD_REQUESTS_TOTAL = Counter Count "throughline_dashboard_requests_total";
    /// How long reading requests took; label page.
    DASHBOARD_REQUEST_SECONDS = Histogram Seconds "throughline_dashboard_request_seconds";
    /// How long questions to ClickHouse took, waiting for a place included; label query.
    DASHBOARD_QUERY_SECONDS = Histogram Seconds "throughline_dashboard_query_seconds";
    /// Questions without an answer; label query.
    DASHBOARD_QUERY_ERRORS_TOTAL = Counter Count "throughline_dashboard_query_errors_total";
    /// Open pages that are kept up to date (`dashboard.max_listeners` at most).
    DASHBOARD_LISTENERS = Gauge Count "throughline_dashboard_listeners";
    /// Tries to sign in; label result (accepted, refused, limited).
    DASHBOARD_LOGINS_TOTAL = Counter Count "throughline_dashboard_logins_total";
    /// Records that a consumer group has still to read; labels group, topic, partition.
    STREAM_LAG_RECORDS = Gauge Count "throughline_stream_lag_records";
    /// Whether the last question to Kafka was answered: 1 or 0.
    STREAM_KAFKA_UP = Gauge Count "throughline_stream_kafka_up";
    /// Times that a group assigned partitions to a worker; label role.
    STREAM_REBALANCES_TOTAL = Counter Count "throughline_stream_rebalances_total";
    /// Workers that their group took for others of their own names, and that joined it again without.
    STREAM_FENCED_MEMBERS_TOTAL = Counter Count "throughline_stream_fenced_members_total";
    /// How long workers waited: role, and on what: records, acknowledgements (of written records), room (in the producer's queue), clickhouse (an insert and its answer); labels role, on.
    STREAM_BLOCKED_MICROSECONDS_TOTAL = Counter Microseconds "throughline_stream_blocked_microseconds_total";
    /// Records read from raw topics; label topic.
    INGEST_RECORDS = Counter Count "throughline_ingest_records_total";
    /// Bytes of their values; label topic.
    INGEST_BYTES = Counter Bytes "throughline_ingest_read_bytes_total";
    /// Valid events in them; label topic.
    INGEST_EVENTS = Counter Count "throughline_ingest_events_total";
    /// Records sent to the dead letters; labels topic, reason.
    INGEST_REJECTED = Counter Count "throughline_ingest_rejected_records_total";
    /// Share of rejected records among the newest of a topic (`ingest.share_window_records`), 0 to 1; label topic.
    INGEST_REJECTED_SHARE = Gauge Count "throughline_ingest_rejected_share";
    /// Whether that share is above `ingest.max_rejected_share`: 1 or 0; label topic.
    INGEST_REJECTED_SHARE_EXCEEDED = Gauge Count "throughline_ingest_rejected_share_exceeded";
    /// Messages written to `events`.
    INGEST_MESSAGES = Counter Count "throughline_ingest_messages_total";
    /// Identifiers linked with their hashes under `identity.previous_key`; forgotten ones count again.
    INGEST_KEY_LINKS = Counter Count "throughline_ingest_key_links_total";
    /// Records of `events` they were written in.
    INGEST_BATCHES = Counter Count "throughline_ingest_batches_total";
    /// Bytes of those records.
    INGEST_BATCH_BYTES = Counter Bytes "throughline_ingest_written_bytes_total";
    /// Time of a cycle's stages; label stage (poll, convert, publish, commit).
    INGEST_STAGE_SECONDS = Histogram Seconds "throughline_ingest_stage_seconds";
    /// Entries of the bounded caches; label cache (links, phones, hosts).
    INGEST_REMEMBERED = Gauge Count "throughline_ingest_remembered_entries";
    /// Records of `events` that were applied.
    PROCESSOR_RECORDS_TOTAL = Counter Count "throughline_processor_records_total";
    /// Bytes of the records of `events` that were applied.
    PROCESSOR_READ_BYTES_TOTAL = Counter Bytes "throughline_processor_read_bytes_total";
    /// How long the records of one poll took to apply.
    PROCESSOR_APPLY_SECONDS = Histogram Seconds "throughline_processor_apply_seconds";
    /// Messages that were applied, those to own nodes too.
    PROCESSOR_MESSAGES_TOTAL = Counter Count "throughline_processor_messages_total";
    /// Facts that came to the first identifier of their client, known ones too.
    PROCESSOR_FACTS_TOTAL = Counter Count "throughline_processor_facts_total";
    /// Facts that an identifier passed on to one before it; beside the former: hops a fact.
    PROCESSOR_FORWARDED_FACTS_TOTAL = Counter Count "throughline_processor_forwarded_facts_total";
    /// Links that an identifier passed on, since it belongs to another already.
    PROCESSOR_FORWARDED_LINKS_TOTAL = Counter Count "throughline_processor_forwarded_links_total";
    /// The most identifiers that passed on one fact which arrived since the checkpoint before; label partition.
    PROCESSOR_MOST_HOPS = Gauge Count "throughline_processor_most_hops";
    /// Facts that were known already: repeated events.
    PROCESSOR_KNOWN_FACTS_TOTAL = Counter Count "throughline_processor_known_facts_total";
    /// Journeys that moved to another node because two clients proved to be one.
    PROCESSOR_MOVED_JOURNEYS_TOTAL = Counter Count "throughline_processor_moved_journeys_total";
    /// Journeys that were cut to the newest touches (`processor.max_touches`).
    PROCESSOR_CAPPED_JOURNEYS_TOTAL = Counter Count "throughline_processor_capped_journeys_total";
    /// Facts refused because their journey was cut at a later moment.
    PROCESSOR_TOO_OLD_FACTS_TOTAL = Counter Count "throughline_processor_too_old_facts_total";
    /// Erased persons whose facts were forgotten.
    PROCESSOR_FORGOTTEN_CLIENTS_TOTAL = Counter Count "throughline_processor_forgotten_clients_total";
    /// Facts of erased persons that came again, or too late to be counted.
    PROCESSOR_FORGOTTEN_FACTS_TOTAL = Counter Count "throughline_processor_forgotten_facts_total";
    /// Journeys of erased persons whose facts are still to be forgotten; label partition.
    PROCESSOR_AWAITING_ERASURE = Gauge Count "throughline_processor_awaiting_erasure";
    /// Identifiers of erased persons that a partition knows by their pseudonyms, about 40 bytes each; label partition.
    PROCESSOR_ERASED_IDENTIFIERS = Gauge Count "throughline_processor_erased_identifiers";
    /// Failures to remove what was erased from the files of the store.
    PROCESSOR_SCRUB_FAILURES_TOTAL = Counter Count "throughline_processor_scrub_failures_total";
    /// Amounts counted as zero because their currency has no rate that day.
    PROCESSOR_MISSING_RATES_TOTAL = Counter Count "throughline_processor_missing_rates_total";
    /// Touches that came with the id and time of another, but other content: a producer's error.
    PROCESSOR_CONFLICTING_EVENTS_TOTAL = Counter Count "throughline_processor_conflicting_events_total";
    /// Stored keys gone through to make a new generation of figures from the state.
    PROCESSOR_RESTATED_KEYS_TOTAL = Counter Count "throughline_processor_restated_keys_total";
    /// 1 while a partition is on its way to the configured generation, else 0; label partition.
    PROCESSOR_RESTATING = Gauge Count "throughline_processor_restating";
    /// Booked credit minus won deals, over all models: zero unless something is wrong; label partition.
    PROCESSOR_CREDIT_IMBALANCE_PPM = Gauge Count "throughline_processor_credit_imbalance_ppm";
    /// Booked revenue minus revenue of won deals, over all models: zero unless something is wrong; label partition.
    PROCESSOR_REVENUE_IMBALANCE_MINOR_UNITS = Gauge Count "throughline_processor_revenue_imbalance_minor_units";
    /// Identifiers in memory; label partition.
    PROCESSOR_CACHED_NODES = Gauge Count "throughline_processor_cached_nodes";
    /// Chunks of rollup cells in memory; label partition.
    PROCESSOR_CACHED_CHUNKS = Gauge Count "throughline_processor_cached_chunks";
    /// How long one checkpoint took: publish, store, commit.
    PROCESSOR_CHECKPOINT_SECONDS = Histogram Seconds "throughline_processor_checkpoint_seconds";
    /// When a worker of this process last completed a checkpoint, or began to work, as Unix time.
    PROCESSOR_CHECKPOINT_TIMESTAMP_SECONDS = Gauge Seconds "throughline_processor_checkpoint_timestamp_seconds";
    /// Messages sent to other partitions.
    PROCESSOR_SENT_MESSAGES_TOTAL = Counter Count "throughline_processor_sent_messages_total";
    /// Rows sent to `rollups`.
    PROCESSOR_ROWS_TOTAL = Counter Count "throughline_processor_rows_total";
    /// Bytes of the records sent to `events` and `rollups`.
    PROCESSOR_PUBLISHED_BYTES_TOTAL = Counter Bytes "throughline_processor_published_bytes_total";
    /// Keys written to the state store.
    PROCESSOR_STORED_KEYS_TOTAL = Counter Count "throughline_processor_stored_keys_total";
    /// Age of the youngest event applied since the last checkpoint, by its own time.
    PROCESSOR_FRESHNESS_SECONDS = Gauge Seconds "throughline_processor_freshness_seconds";
    /// Snapshots that were written to object storage.
    PROCESSOR_SNAPSHOTS_TOTAL = Counter Count "throughline_processor_snapshots_total";
    /// Bytes that were written for them.
    PROCESSOR_SNAPSHOT_BYTES_TOTAL = Counter Bytes "throughline_processor_snapshot_bytes_total";
    /// How long one snapshot took to write.
    PROCESSOR_SNAPSHOT_SECONDS = Histogram Seconds "throughline_processor_snapshot_seconds";
    /// Snapshots that could not be written; they are tried again.
    PROCESSOR_SNAPSHOT_FAILURES_TOTAL = Counter Count "throughline_processor_snapshot_failures_total";
    /// How long ago the newest snapshot of a partition covered all of its state, or since when this process has the partition without one; label partition.
    PROCESSOR_SNAPSHOT_AGE_SECONDS = Gauge Seconds "throughline_processor_snapshot_age_seconds";
    /// Partitions that were restored from a snapshot.
    PROCESSOR_RESTORES_TOTAL = Counter Count "throughline_processor_restores_total";
    /// How long one partition took to restore, without the log after it.
    PROCESSOR_RESTORE_SECONDS = Histogram Seconds "throughline_processor_restore_seconds";
    /// Bytes of state that were restored.
    PROCESSOR_RESTORED_BYTES_TOTAL = Counter Bytes "throughline_processor_restored_bytes_total";
    /// Keys that were restored.
    PROCESSOR_RESTORED_KEYS_TOTAL = Counter Count "throughline_processor_restored_keys_total";
    /// Snapshots that were damaged, or of another layout, and passed by.
    PROCESSOR_REFUSED_SNAPSHOTS_TOTAL = Counter Count "throughline_processor_refused_snapshots_total";
    /// Records of rows and of rejected records that the sink has read.
    SINK_RECORDS_TOTAL = Counter Count "throughline_sink_records_total";
    /// Bytes of the records that the sink has read.
    SINK_READ_BYTES_TOTAL = Counter Bytes "throughline_sink_read_bytes_total";
    /// Rows that ClickHouse has acknowledged; label table.
    SINK_ROWS_TOTAL = Counter Count "throughline_sink_rows_total";
    /// Bytes of acknowledged rows before compression; label table.
    SINK_INSERTED_BYTES_TOTAL = Counter Bytes "throughline_sink_inserted_bytes_total";
    /// Rows of one insert; label table.
    SINK_BLOCK_ROWS = Histogram Count "throughline_sink_block_rows";
    /// How long one insert took until its answer, failed ones too; label table.
    SINK_INSERT_SECONDS = Histogram Seconds "throughline_sink_insert_seconds";
    /// Rows of erased persons that were deleted from ClickHouse; label table.
    SINK_ERASED_ROWS_TOTAL = Counter Count "throughline_sink_erased_rows_total";
    /// Looks or passes for rows of erased persons that failed; they are repeated.
    SINK_ERASURE_FAILURES_TOTAL = Counter Count "throughline_sink_erasure_failures_total";
    /// How long ago the sink was last through with deleting rows of erased persons, or found that nobody is erased.
    SINK_ERASURE_AGE_SECONDS = Gauge Seconds "throughline_sink_erasure_age_seconds";
    /// Rounds of inserts that failed and are tried again; label kind.
    SINK_RETRIES_TOTAL = Counter Count "throughline_sink_retries_total";
    /// Whether ClickHouse took the latest inserts: 1 or 0.
    SINK_CLICKHOUSE_UP = Gauge Count "throughline_sink_clickhouse_up";
    /// Age of the oldest record of the latest insert when it was acknowledged.
    SINK_FRESHNESS_SECONDS = Gauge Seconds "throughline_sink_freshness_seconds";
    /// Rows of generations beyond `sink.keep_generations` that were still in ClickHouse at the latest look; label table.
    SINK_OUTDATED_ROWS = Gauge Count "throughline_sink_outdated_rows";
    /// Looks at which such rows could not be removed; they are repeated.
    SINK_OUTDATED_FAILURES_TOTAL = Counter Count "throughline_sink_outdated_failures_total";
}

/// Registers the descriptions with the recorder that is installed.
pub fn describe() {
    for &(name, kind, unit, text) in ALL {
        match kind {
            Kind::Counter => describe_counter!(name, unit, text),
            Kind::Gauge => describe_gauge!(name, unit, text),
            Kind::Histogram => describe_histogram!(name, unit, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_formed_by_the_rule() {
        let names: BTreeSet<_> = ALL.iter().map(|(name, ..)| name).collect();
        assert_eq!(names.len(), ALL.len());
        for (name, kind, _, text) in ALL {
            assert!(name.starts_with("throughline_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(!text.is_empty(), "{name}");
        }
    }
}
