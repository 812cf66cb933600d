-- What dashboards ask of won deals, of the stages of deals and of one client, in
-- a third of the work: what follows from a row's arrays is kept beside them.

ALTER TABLE credit_versions ADD COLUMN IF NOT EXISTS
    touches UInt32 MATERIALIZED arrayCount(id -> id != '', touch_ids) COMMENT 'How many touches have a share in some model.' AFTER profit;

ALTER TABLE credit_versions ADD COLUMN IF NOT EXISTS
    first_touch_at Nullable(DateTime64(3, 'UTC')) MATERIALIZED if(touches = 0, NULL, arrayFirst((at, id) -> id != '', touches_at, touch_ids)) COMMENT 'When the earliest of them happened, UTC, to the millisecond; NULL without touches.' AFTER touches;

ALTER TABLE credit_versions ADD COLUMN IF NOT EXISTS
    path Array(LowCardinality(String)) MATERIALIZED arrayFilter((channel, id) -> id != '', channels, touch_ids) COMMENT 'The channels of the touches, in order.' AFTER first_touch_at;

-- Every model shares out the whole of it: the shares of any one are summed.
ALTER TABLE credit_versions ADD COLUMN IF NOT EXISTS
    deal_revenue Decimal(18, 4) MATERIALIZED arraySum(arrayMap((names, shares) -> shares[indexOf(names, models[1][1])], models, revenue)) COMMENT 'The revenue of the deal, in the currency of the tenant.' AFTER path;

ALTER TABLE credit_versions ADD COLUMN IF NOT EXISTS
    deal_profit Decimal(18, 4) MATERIALIZED arraySum(arrayMap((names, shares) -> shares[indexOf(names, models[1][1])], models, profit)) COMMENT 'The profit of the deal, in the currency of the tenant.' AFTER deal_revenue;

CREATE OR REPLACE VIEW journeys
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the won deal in the CRM.',
    client_id String COMMENT 'The client of the deal: the first of its identifiers, 32 hexadecimal digits.',
    won_at DateTime64(3, 'UTC') COMMENT 'When the deal was won, UTC, to the millisecond.',
    touches UInt32 COMMENT 'How many touches have a share of the deal in some model; 0 when nobody has it (Unattributed).',
    first_touch_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the earliest of them happened, UTC, to the millisecond; NULL without touches.',
    touches_at Array(DateTime64(3, 'UTC')) COMMENT 'When each of them happened, UTC, to the millisecond.',
    path Array(LowCardinality(String)) COMMENT 'Their channels, in order.',
    sources Array(LowCardinality(String)) COMMENT 'Their sources, in order.',
    mediums Array(LowCardinality(String)) COMMENT 'Their mediums, in order.',
    campaigns Array(LowCardinality(String)) COMMENT 'Their campaigns, in order.',
    revenue Decimal(18, 4) COMMENT 'The revenue of the deal, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'The profit of the deal, in the currency of the tenant.'
)
AS SELECT
    tenant, deal_id, client_id, won_at, touches, first_touch_at,
    touch_times AS touches_at, path, touch_sources AS sources, touch_mediums AS mediums, touch_campaigns AS campaigns,
    deal_revenue AS revenue, deal_profit AS profit
FROM
(
    SELECT
        tenant, deal_id, lower(hex(client)) AS client_id, won_at, touches, first_touch_at, path, deal_revenue, deal_profit,
        arrayFilter((at, id) -> id != '', touches_at, touch_ids) AS touch_times,
        arrayFilter((value, id) -> id != '', credit_versions.sources, touch_ids) AS touch_sources,
        arrayFilter((value, id) -> id != '', credit_versions.mediums, touch_ids) AS touch_mediums,
        arrayFilter((value, id) -> id != '', credit_versions.campaigns, touch_ids) AS touch_campaigns
    FROM credit_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
COMMENT 'The journeys of won deals: the touches that share the credit, in the order they happened.';

CREATE VIEW IF NOT EXISTS deal_stages
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the deal in the CRM.',
    client_id String COMMENT 'The client of the deal: the first of its identifiers, 32 hexadecimal digits.',
    pipeline LowCardinality(String) COMMENT 'The pipeline that the deal is in now; empty when never given.',
    place UInt32 COMMENT 'The place of the stay in the course of the deal, from 1 on; when the deal ends and begins again, its end takes a place too.',
    stage LowCardinality(String) COMMENT 'The stage.',
    visit UInt32 COMMENT 'How often the deal had come to this stage by then: 1 for the first time.',
    entered_at DateTime64(3, 'UTC') COMMENT 'When it came to the stage, UTC, to the millisecond.',
    left_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it went on to another stage, was won or lost, UTC, to the millisecond; NULL while it is there.',
    status LowCardinality(String) COMMENT 'The latest event of the deal: created, stage_changed, won, lost or refunded.',
    created_at DateTime64(3, 'UTC') COMMENT 'The time of the earliest event of the deal, UTC, to the millisecond.',
    won_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the deal was won, UTC, to the millisecond; NULL unless it is won now.'
)
AS SELECT tenant, deal_id, client_id, pipeline, place, stay AS stage, visit, entered_at, left_at, status, created_at, won_at
FROM
(
    SELECT
        tenant, deal_id, lower(hex(client)) AS client_id, pipeline, status, created_at, won_at,
        -- An event that neither names a stage nor ends the deal changes nothing here; an end is a stay without a name.
        arrayMap((event, stage) -> stage != '' OR event IN ('won', 'lost'), events, stages) AS speaks,
        arrayFilter((stay, it) -> it, arrayMap((event, stage) -> if(event IN ('won', 'lost'), '', toString(stage)), events, stages), speaks) AS said,
        arrayFilter((at, it) -> it, events_at, speaks) AS said_at,
        arrayMap((stay, before) -> stay != before, said, arrayPopBack(arrayPushFront(said, ''))) AS changes,
        arrayFilter((stay, it) -> it, said, changes) AS stays,
        arrayFilter((at, it) -> it, said_at, changes) AS stays_from,
        arrayResize(arrayPopFront(arrayMap(at -> toNullable(at), stays_from)), length(stays)) AS stays_until
    FROM deal_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
ARRAY JOIN
    stays AS stay, arrayEnumerate(stays) AS place, arrayEnumerateUniq(stays) AS visit,
    stays_from AS entered_at, stays_until AS left_at
WHERE stay != ''
COMMENT 'How long each deal was in each stage: one row a stay. Of a deal with more than 1000 events the newest count.';

-- Whose touches a client has is looked for in a quarter of the rows.
ALTER TABLE touchpoint_versions ADD INDEX IF NOT EXISTS client_lookup lower(hex(client)) TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE touchpoint_versions MATERIALIZE INDEX IF EXISTS client_lookup;

ALTER TABLE touchpoint_versions DROP INDEX IF EXISTS client_hex;
