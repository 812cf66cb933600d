-- The tables that the sink writes. Nobody but the views should read them:
-- they hold several versions of a row until a merge, in several generations.
--
-- Every statement may run twice: two processes may apply a migration at once.
-- No table is partitioned: whatever a row could be partitioned by can change
-- in it, and rows of different partitions never replace each other.
-- Never run OPTIMIZE ... CLEANUP on them: a late repeat of an old version
-- would come back to life.

CREATE TABLE IF NOT EXISTS generations
(
    generation UInt32 COMMENT 'A generation of figures that was made active. The highest one here is what the views show.',
    activated_at DateTime64(3, 'UTC') COMMENT 'When it was made active, UTC, to the millisecond.'
)
ENGINE = ReplacingMergeTree
ORDER BY generation
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'The generations of figures that were ever active. A change of models or rules computes everything anew under a higher generation, which becomes active when it is complete.';

CREATE TABLE IF NOT EXISTS touchpoint_versions
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    touch_id String COMMENT 'The topic and the event id of the touch (for a visit, of its opening hit), joined by a colon.',
    content_hash UInt64 COMMENT 'A hash of the event, which tells apart two events with one id and other content.',
    client FixedString(16) COMMENT 'The client who made the touch: the first of its identifiers, 128 bits, highest byte first.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, UTC, to the millisecond.',
    kind LowCardinality(String) COMMENT 'What it was: visit, call, email, or what an event of the topic of touches calls itself.',
    channel LowCardinality(String) COMMENT 'The channel that the rules give its source, medium and campaign.',
    source LowCardinality(String) COMMENT 'The source, lower case; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium, lower case; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    content String COMMENT 'The content of the advertisement; empty when unknown.',
    term String COMMENT 'The search term; empty when unknown.',
    origin_topic LowCardinality(String) COMMENT 'The raw topic its record stands in.',
    origin_partition Int32 COMMENT 'The partition of the raw topic.',
    origin_offset Int64 COMMENT 'The offset of the record in that partition.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.',
    INDEX client_hex lower(hex(client)) TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, touch_id, content_hash)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Touches of clients, every version of each. Read the view touchpoints instead.';

CREATE TABLE IF NOT EXISTS call_versions
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    touch_id String COMMENT 'The topic and the event id of the call, joined by a colon.',
    content_hash UInt64 COMMENT 'A hash of the event, which tells apart two events with one id and other content.',
    client FixedString(16) COMMENT 'The client on the line: the first of its identifiers, 128 bits, highest byte first.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, UTC, to the millisecond.',
    direction LowCardinality(String) COMMENT 'inbound when the client called, outbound when the client was called.',
    status LowCardinality(String) COMMENT 'How it ended: answered, missed, busy or voicemail.',
    dialed_number String COMMENT 'The number that was dialed, in E.164 when it is a valid one.',
    wait_seconds Nullable(Int64) COMMENT 'How long the caller waited, seconds; NULL when not given.',
    talk_seconds Nullable(Int64) COMMENT 'How long they talked, seconds; NULL when not given.',
    manager_id String COMMENT 'Who of the staff had the call; empty when not given.',
    recording_url String COMMENT 'Where the recording is; empty when there is none.',
    quality_score Nullable(UInt8) COMMENT 'The rating of the call, 0 to 100; NULL when not given.',
    ambiguous Bool COMMENT 'True when the number was shown to more than one visitor at that moment.',
    channel LowCardinality(String) COMMENT 'The channel that the rules give its source, medium and campaign.',
    source LowCardinality(String) COMMENT 'The source, lower case; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium, lower case; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    content String COMMENT 'The content of the advertisement; empty when unknown.',
    term String COMMENT 'The search term; empty when unknown.',
    origin_topic LowCardinality(String) COMMENT 'The raw topic its record stands in.',
    origin_partition Int32 COMMENT 'The partition of the raw topic.',
    origin_offset Int64 COMMENT 'The offset of the record in that partition.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.',
    INDEX client_hex lower(hex(client)) TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, touch_id, content_hash)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Telephone calls, every version of each. Read the view calls instead.';

CREATE TABLE IF NOT EXISTS deal_versions
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the deal in the CRM.',
    client FixedString(16) COMMENT 'The client of the deal: the first of its identifiers, 128 bits, highest byte first.',
    status LowCardinality(String) COMMENT 'The latest event: created, stage_changed, won, lost or refunded.',
    stage LowCardinality(String) COMMENT 'The stage in the pipeline; empty when never given.',
    pipeline LowCardinality(String) COMMENT 'The pipeline; empty when never given.',
    manager_id String COMMENT 'Who of the staff has the deal; empty when never given.',
    created_at DateTime64(3, 'UTC') COMMENT 'The time of its earliest event, UTC, to the millisecond.',
    won_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was won, UTC, to the millisecond; NULL unless it is won now.',
    gross Decimal(18, 4) COMMENT 'The amount, in the currency of the tenant.',
    refunds Decimal(18, 4) COMMENT 'What was refunded, at most the amount, in the currency of the tenant.',
    revenue Decimal(18, 4) COMMENT 'The amount less refunds, in the currency of the tenant.',
    cost Decimal(18, 4) COMMENT 'What the goods or the service cost, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'Revenue less cost, in the currency of the tenant.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.',
    INDEX client_hex lower(hex(client)) TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, deal_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Deals of the CRM, every version of each. Read the view deals instead.';

CREATE TABLE IF NOT EXISTS credit_versions
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the won deal in the CRM.',
    client FixedString(16) COMMENT 'The client of the deal: the first of its identifiers, 128 bits, highest byte first.',
    won_at DateTime64(3, 'UTC') COMMENT 'When the deal was won, UTC, to the millisecond.',
    touch_ids Array(String) COMMENT 'The touches with credit in some model; an empty id stands for nobody (Unattributed). The other arrays run along with this one.',
    touches_at Array(DateTime64(3, 'UTC')) COMMENT 'When each touch happened, UTC, to the millisecond.',
    kinds Array(LowCardinality(String)) COMMENT 'What each touch was.',
    channels Array(LowCardinality(String)) COMMENT 'The channel of each touch.',
    sources Array(LowCardinality(String)) COMMENT 'The source of each touch.',
    mediums Array(LowCardinality(String)) COMMENT 'The medium of each touch.',
    campaigns Array(LowCardinality(String)) COMMENT 'The campaign of each touch.',
    contents Array(String) COMMENT 'The content of the advertisement of each touch.',
    terms Array(String) COMMENT 'The search term of each touch.',
    models Array(Array(LowCardinality(String))) COMMENT 'For each touch the models that give it a share. The figures below run along with this one.',
    credits_ppm Array(Array(Int64)) COMMENT 'For each touch and model the share of the credit, in parts of a million.',
    gross Array(Array(Decimal(18, 4))) COMMENT 'For each touch and model the share of the amount, in the currency of the tenant.',
    revenue Array(Array(Decimal(18, 4))) COMMENT 'For each touch and model the share of the revenue, in the currency of the tenant.',
    profit Array(Array(Decimal(18, 4))) COMMENT 'For each touch and model the share of the profit, in the currency of the tenant.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, deal_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'The credit of won deals, all models and touches of a deal in one row so that a recomputation replaces them whole, every version of each. Read the view credits instead.';

CREATE TABLE IF NOT EXISTS identity_versions
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    identifier FixedString(16) COMMENT 'The keyed hash of the identifier, 128 bits, highest byte first; its last byte tells the kind.',
    kind LowCardinality(String) COMMENT 'What it is: visitor_id, user_id, phone, email, crm_contact_id or deal_id.',
    client FixedString(16) COMMENT 'The client it belongs to: the first of the identifiers of the client, 128 bits, highest byte first.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.',
    INDEX identifier_hex lower(hex(identifier)) TYPE minmax GRANULARITY 1,
    INDEX client_hex lower(hex(client)) TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, identifier)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Which identifier belongs to which client, every version of each. Read the views identities and clients instead.';

CREATE TABLE IF NOT EXISTS cost_versions
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    date Date COMMENT 'The day of the cost in the time zone of the tenant.',
    hour Int8 COMMENT 'The hour of that day in the time zone of the tenant, 0 to 23; -1 when the cost is of the whole day.',
    channel LowCardinality(String) COMMENT 'The channel that the rules give its source, medium and campaign.',
    source LowCardinality(String) COMMENT 'The source, lower case.',
    medium LowCardinality(String) COMMENT 'The medium, lower case.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when not given.',
    content String COMMENT 'The content of the advertisement; empty when not given.',
    term String COMMENT 'The search term; empty when not given.',
    cost Decimal(18, 4) COMMENT 'What was spent, in the currency of the tenant.',
    impressions Int64 COMMENT 'How often the advertisement was shown.',
    clicks Int64 COMMENT 'How often it was clicked.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, date, hour, source, medium, campaign, content, term)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'What advertising cost, as last restated by the ad platform, every version of each row. Read the view costs instead.';

CREATE TABLE IF NOT EXISTS traffic_cells
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    hour DateTime('UTC') COMMENT 'The start of the hour, UTC.',
    channel LowCardinality(String) COMMENT 'The channel.',
    source LowCardinality(String) COMMENT 'The source; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    partition UInt32 COMMENT 'The partition of the processor that owns this part of the figures. The figures of an hour are the sum over partitions.',
    day Date COMMENT 'The day of the hour in the time zone of the tenant.',
    visits Int64 COMMENT 'Visits that began in the hour.',
    calls Int64 COMMENT 'Inbound calls, whatever came of them.',
    missed_calls Int64 COMMENT 'Inbound calls that were missed.',
    leads Int64 COMMENT 'Forms that were sent, under the source of their visit.',
    email_clicks Int64 COMMENT 'E-mails that were clicked.',
    other_touches Int64 COMMENT 'Touches of other kinds.',
    spend Decimal(18, 4) COMMENT 'What advertising cost, in the currency of the tenant.',
    impressions Int64 COMMENT 'How often advertisements were shown.',
    clicks Int64 COMMENT 'How often advertisements were clicked.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when all figures of the key are zero from this version on, else 0.',
    INDEX day_range day TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, hour, channel, source, medium, campaign, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Traffic and spend by the hour in absolute figures, one row per partition of the processor, every version of each. Read the view traffic_hourly instead.';

CREATE TABLE IF NOT EXISTS credit_cells
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    basis LowCardinality(String) COMMENT 'Which moment the credit is booked under: conversion (the deal was won) or touch (the touch happened).',
    hour DateTime('UTC') COMMENT 'The start of the hour, UTC.',
    channel LowCardinality(String) COMMENT 'The channel.',
    source LowCardinality(String) COMMENT 'The source; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    partition UInt32 COMMENT 'The partition of the processor that owns this part of the figures. The figures of an hour are the sum over partitions.',
    day Date COMMENT 'The day of the hour in the time zone of the tenant.',
    models Array(LowCardinality(String)) COMMENT 'The models with a figure other than zero. The figures below run along with this one.',
    conversions_ppm Array(Int64) COMMENT 'For each model the credit for won deals, in parts of a million of a deal.',
    gross Array(Decimal(18, 4)) COMMENT 'For each model the share of the amounts, in the currency of the tenant.',
    revenue Array(Decimal(18, 4)) COMMENT 'For each model the share of the revenue, in the currency of the tenant.',
    profit Array(Decimal(18, 4)) COMMENT 'For each model the share of the profit, in the currency of the tenant.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when all figures of the key are zero from this version on, else 0.',
    INDEX day_range day TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, basis, hour, channel, source, medium, campaign, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Credit by the hour in absolute figures, one row per partition of the processor, every version of each. Read the view channel_hourly instead.';

CREATE TABLE IF NOT EXISTS tenant_versions
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    partition UInt32 COMMENT 'The partition of the processor that wrote the row; every one that meets the tenant writes the same.',
    time_zone LowCardinality(String) COMMENT 'The time zone of the tenant, by its IANA name.',
    currency LowCardinality(String) COMMENT 'The currency of the tenant, by its ISO 4217 code.',
    models Array(LowCardinality(String)) COMMENT 'The models computed for the tenant, in the configured order.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'The settings of tenants that the views need, every version of each.';

CREATE TABLE IF NOT EXISTS dead_letter_versions
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
    version UInt64 COMMENT 'When it was rejected, epoch milliseconds. A record rejected again keeps the latest reason.',
    is_deleted UInt8 COMMENT 'Always 0.'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (topic, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'Rejected records, as often as they were rejected. Read dead_letters instead.';
