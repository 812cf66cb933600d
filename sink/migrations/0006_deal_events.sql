-- What the CRM said of each deal, event by event: its time line, and how long it
-- stood in each stage. Of a deal whose row was written before this migration the
-- arrays are empty until it is written again: when the deal changes, when
-- processor.generation is raised, or by `throughline verify --from-log --repair`.

ALTER TABLE deal_versions ADD COLUMN IF NOT EXISTS
    earlier_events UInt32 COMMENT 'How many events of the deal come before those listed: of a deal with more than 1000 the newest are listed.' AFTER profit;

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
