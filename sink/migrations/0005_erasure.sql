-- Persons who are to be forgotten, and what is being deleted of them.

CREATE TABLE IF NOT EXISTS erased_identifiers
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    pseudonym FixedString(16) COMMENT 'What is left of an identifier of an erased person: the first 15 bytes of the SHA-256 of its 16 bytes, then its last byte, which tells the kind. It tells whether an identifier is one of these, but not which they are.',
    erased_at SimpleAggregateFunction(min, DateTime('UTC')) DEFAULT now() COMMENT 'When it was first said here, UTC.',
    version SimpleAggregateFunction(max, UInt64) COMMENT 'Logical time when it was last said.',
    is_deleted SimpleAggregateFunction(max, UInt8) COMMENT 'Always 0: who is erased stays so.'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, pseudonym)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'The identifiers of persons who were erased, as pseudonyms. The sink deletes every row that names one of them.';

-- The statement that deletes rows is kept by ClickHouse and may be read later,
-- so it must not say which rows: they are listed here, by hashes.
CREATE TABLE IF NOT EXISTS erasure_rows
(
    pass UInt64 COMMENT 'The deletion that the row is listed for; its leading digits are the time it began, epoch milliseconds.',
    table_name LowCardinality(String) COMMENT 'The table that the row stands in.',
    key FixedString(16) COMMENT 'A hash of the key of the row.',
    version UInt64 COMMENT 'The version of the row.',
    is_newest UInt8 COMMENT '1 when it is the newest version of its key, which goes last, else 0.'
)
ENGINE = MergeTree
PARTITION BY pass
ORDER BY (table_name, is_newest, key, version)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'The rows of erased persons that are being deleted; empty otherwise.';
