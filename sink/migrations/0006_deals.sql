-- Under which source each deal was created, and what the CRM said of it, event by
-- event: its time line, and how long it stood in each stage. Of a deal whose row
-- was written before this migration the texts and arrays are empty until it is
-- written again: when the deal changes, when processor.generation is raised, or by
-- `throughline verify --from-log --repair`.

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    created_touch_id String COMMENT 'The touch under which the deal was created; empty when there was none.' AFTER profit;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    created_channel LowCardinality(String) COMMENT 'The channel of that touch; Unattributed when there was none.' AFTER created_touch_id;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    created_source LowCardinality(String) COMMENT 'The source of that touch; empty when unknown.' AFTER created_channel;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    created_medium LowCardinality(String) COMMENT 'The medium of that touch; empty when unknown.' AFTER created_source;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    created_campaign LowCardinality(String) COMMENT 'The campaign of that touch; empty when unknown.' AFTER created_medium;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    earlier_events UInt32 COMMENT 'How many events of the deal come before those listed: of a deal with more than 1000 the newest are listed.' AFTER created_campaign;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    event_ids Array(String) COMMENT 'The events of the deal by their ids, in the order of time and id. The other arrays run along with this one.' AFTER earlier_events;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    events Array(LowCardinality(String)) COMMENT 'What each event says: created, stage_changed, won, lost or refunded.' AFTER event_ids;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    events_at Array(DateTime64(3, 'UTC')) COMMENT 'When each event happened, UTC, to the millisecond.' AFTER events;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    stages Array(LowCardinality(String)) COMMENT 'The stage that each event gives; empty when it gives none.' AFTER events_at;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    pipelines Array(LowCardinality(String)) COMMENT 'The pipeline that each event gives; empty when it gives none.' AFTER stages;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    manager_ids Array(String) COMMENT 'Who of the staff has the deal by each event; empty when it gives nobody.' AFTER pipelines;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    origin_topics Array(LowCardinality(String)) COMMENT 'The raw topic that the record of each event stands in.' AFTER manager_ids;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    origin_partitions Array(Int32) COMMENT 'The partition of the raw topic.' AFTER origin_topics;

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    origin_offsets Array(Int64) COMMENT 'The offset of the record in that partition.' AFTER origin_partitions;

CREATE OR REPLACE VIEW deals
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the deal in the CRM.',
    client_id String COMMENT 'The client of the deal: the first of its identifiers, 32 hexadecimal digits.',
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
    created_touch_id String COMMENT 'The touch under which it was created: the latest of the client up to its creation that is not Direct, or else the latest, no older than the lookback window; empty when there was none.',
    created_channel LowCardinality(String) COMMENT 'The channel of that touch; Unattributed when there was none.',
    created_source LowCardinality(String) COMMENT 'The source of that touch; empty when unknown.',
    created_medium LowCardinality(String) COMMENT 'The medium of that touch; empty when unknown.',
    created_campaign LowCardinality(String) COMMENT 'The campaign of that touch; empty when unknown.'
)
AS SELECT
    tenant, deal_id, lower(hex(client)) AS client_id, status, stage, pipeline, manager_id,
    created_at, won_at, gross, refunds, revenue, cost, profit,
    created_touch_id, created_channel, created_source, created_medium, created_campaign
FROM deal_versions FINAL
WHERE generation = (SELECT max(generation) FROM generations)
COMMENT 'The deals of the CRM as they are now.';

CREATE VIEW IF NOT EXISTS deal_events
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the deal in the CRM.',
    client_id String COMMENT 'The client of the deal: the first of its identifiers, 32 hexadecimal digits.',
    position UInt32 COMMENT 'The place of the event among the events of the deal in the order of time and id, from 1 on.',
    event_id String COMMENT 'The id of the event.',
    event LowCardinality(String) COMMENT 'What it says: created, stage_changed, won, lost or refunded.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, UTC, to the millisecond.',
    stage LowCardinality(String) COMMENT 'The stage that it gives; empty when it gives none.',
    pipeline LowCardinality(String) COMMENT 'The pipeline that it gives; empty when it gives none.',
    manager_id String COMMENT 'Who of the staff has the deal by it; empty when it gives nobody.',
    origin_topic LowCardinality(String) COMMENT 'The raw topic its record stands in; of one that was sent again, the record that came first.',
    origin_partition Int32 COMMENT 'The partition of the raw topic.',
    origin_offset Int64 COMMENT 'The offset of the record in that partition.'
)
AS SELECT
    tenant, deal_id, client_id, position, event_id, event, occurred_at,
    event_stage AS stage, event_pipeline AS pipeline, event_manager_id AS manager_id,
    origin_topic, origin_partition, origin_offset
FROM
(
    SELECT
        tenant, deal_id, lower(hex(client)) AS client_id, toUInt32(earlier_events + place) AS position,
        event_id, event, occurred_at, event_stage, event_pipeline, event_manager_id,
        origin_topic, origin_partition, origin_offset
    FROM deal_versions FINAL
    ARRAY JOIN
        arrayEnumerate(event_ids) AS place, event_ids AS event_id, events AS event, events_at AS occurred_at,
        stages AS event_stage, pipelines AS event_pipeline, manager_ids AS event_manager_id,
        origin_topics AS origin_topic, origin_partitions AS origin_partition, origin_offsets AS origin_offset
    WHERE generation = (SELECT max(generation) FROM generations)
)
COMMENT 'What the CRM said of each deal, event by event; of a deal with more than 1000 events the newest.';
