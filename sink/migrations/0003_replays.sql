-- Rejected records that were sent again. The replay itself says so here, since
-- of a record that is accepted then nothing comes back.

CREATE TABLE IF NOT EXISTS dead_letter_replays
(
    topic LowCardinality(String) COMMENT 'The topic the rejected record stands in.',
    partition Int32 COMMENT 'The partition of that topic.',
    offset Int64 COMMENT 'The offset of the record in that partition.',
    replayed_at DateTime64(3, 'UTC') COMMENT 'When it was sent again, UTC, to the millisecond.'
)
ENGINE = ReplacingMergeTree(replayed_at)
ORDER BY (topic, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Rejected records that were sent again, as often as they were. Read dead_letters instead.';

ALTER TABLE dead_letter_versions ADD COLUMN IF NOT EXISTS
    replay_of String COMMENT 'Where a record that was sent again was rejected first, as topic/partition/offset; empty when it was not sent again.' AFTER headers;

CREATE OR REPLACE VIEW dead_letters
(
    topic LowCardinality(String) COMMENT 'The topic the rejected record stands in.',
    partition Int32 COMMENT 'The partition of that topic.',
    offset Int64 COMMENT 'The offset of the record in that partition.',
    reason LowCardinality(String) COMMENT 'Why it was rejected, a short fixed word.',
    field String COMMENT 'The path of the offending field; empty when the whole record is meant.',
    message String COMMENT 'The reason in words.',
    key Nullable(String) COMMENT 'The key of the record, unchanged; NULL when it had none.',
    value Nullable(String) COMMENT 'The value of the record, unchanged; NULL when it had none.',
    headers Array(Tuple(name String, value Nullable(String))) COMMENT 'The headers of the record in their order, unchanged.',
    rejected_at DateTime64(3, 'UTC') COMMENT 'When it was rejected, UTC, to the millisecond.',
    replay_of String COMMENT 'Where a record that was sent again was rejected first, as topic/partition/offset; empty when it was not sent again.',
    replayed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was sent again last, UTC, to the millisecond; NULL when it was not. If it is rejected again, that is another row.'
)
AS SELECT topic, partition, offset, reason, field, message, key, value, headers, rejected_at, replay_of, replayed_at
FROM (SELECT * FROM dead_letter_versions FINAL) AS letters
LEFT ANY JOIN
(
    SELECT topic, partition, offset, toNullable(max(dead_letter_replays.replayed_at)) AS replayed_at
    FROM dead_letter_replays
    GROUP BY topic, partition, offset
) AS replays USING (topic, partition, offset)
COMMENT 'The records that were rejected, each once, with where they stand, why, and whether they were sent again.';
