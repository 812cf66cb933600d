-- Which identifiers events named together, and which of these links do not count:
-- why two identifiers are one client, or why they are not.

CREATE TABLE IF NOT EXISTS link_versions
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    identifier FixedString(16) COMMENT 'The keyed hash of an identifier, 128 bits, highest byte first; its last byte tells the kind. Of two identifiers the greater hash.',
    other FixedString(16) COMMENT 'The other identifier; zeros when all links of the identifier are meant.',
    kind LowCardinality(String) COMMENT 'What is known of it: link when an event named both, alias when both are one identifier hashed with two keys, split when it was taken back, hub when the identifier has too many partners.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.',
    INDEX other_end other TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant, identifier, other, kind)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'What is known of links between identifiers, every version of it. Read the view links instead.';

CREATE VIEW IF NOT EXISTS links
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    identifier String COMMENT 'The keyed hash of an identifier, 32 hexadecimal digits; of the two the greater.',
    other_identifier String COMMENT 'The keyed hash of the identifier that an event named together with it.',
    alias Bool COMMENT 'True when both are one identifier, hashed with two keys.',
    state LowCardinality(String) COMMENT 'counts when the link makes both one client; split when it, or one of the two, was split off; hub when one of the two has too many partners.'
)
AS
WITH
    known AS (SELECT tenant, identifier, other, kind FROM link_versions FINAL),
    closed AS (SELECT tenant, identifier, max(kind) AS why FROM known WHERE other = toFixedString('', 16) GROUP BY tenant, identifier),
    taken_back AS (SELECT tenant, identifier, other, 'split' AS why FROM known WHERE kind = 'split' AND other != toFixedString('', 16))
SELECT
    pairs.tenant AS tenant,
    lower(hex(pairs.identifier)) AS identifier,
    lower(hex(pairs.other)) AS other_identifier,
    pairs.kind = 'alias' AS alias,
    multiIf(pairs.kind = 'alias', 'counts', taken_back.why != '', 'split', one.why != '', one.why, two.why != '', two.why, 'counts') AS state
FROM (SELECT tenant, identifier, other, kind FROM known WHERE kind IN ('link', 'alias')) AS pairs
LEFT ANY JOIN taken_back ON taken_back.tenant = pairs.tenant AND taken_back.identifier = pairs.identifier AND taken_back.other = pairs.other
LEFT ANY JOIN closed AS one ON one.tenant = pairs.tenant AND one.identifier = pairs.identifier
LEFT ANY JOIN closed AS two ON two.tenant = pairs.tenant AND two.identifier = pairs.other
COMMENT 'Which identifiers events named together, and whether that makes them one client.';
