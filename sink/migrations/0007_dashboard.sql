-- What dashboards ask for many times a minute: figures that are added up once,
-- journeys as they are, what is new, and how fresh everything is.

-- Parts that were inserted long ago are merged into one. What is in one part is
-- read without telling versions apart, which takes a third of the time. The
-- larger tables are left alone: to rewrite them would cost more than it saves.

ALTER TABLE traffic_cells MODIFY SETTING min_age_to_force_merge_seconds = 600;

ALTER TABLE credit_cells MODIFY SETTING min_age_to_force_merge_seconds = 600;

ALTER TABLE credit_versions MODIFY SETTING min_age_to_force_merge_seconds = 600;

ALTER TABLE deal_versions MODIFY SETTING min_age_to_force_merge_seconds = 600;

ALTER TABLE call_versions MODIFY SETTING min_age_to_force_merge_seconds = 600;

CREATE VIEW IF NOT EXISTS channel_parts
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    model LowCardinality(String) COMMENT 'The attribution model.',
    basis LowCardinality(String) COMMENT 'Which moment the credit is booked under: conversion (the deal was won) or touch (the touch happened).',
    hour DateTime('UTC') COMMENT 'The start of the hour, UTC.',
    day Date COMMENT 'The day of the hour in the time zone of the tenant.',
    channel LowCardinality(String) COMMENT 'The channel.',
    source LowCardinality(String) COMMENT 'The source; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    conversions_ppm Int64 COMMENT 'A part of the credit for won deals, in parts of a million of a deal.',
    gross Decimal(18, 4) COMMENT 'A part of the share of the amounts, in the currency of the tenant.',
    revenue Decimal(18, 4) COMMENT 'A part of the share of the revenue, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'A part of the share of the profit, in the currency of the tenant.'
)
AS SELECT
    tenant, model, basis, hour, day, channel, source, medium, campaign,
    cell_ppm AS conversions_ppm, cell_gross AS gross, cell_revenue AS revenue, cell_profit AS profit
FROM
(
    SELECT
        tenant, model, basis, hour, day, channel, source, medium, campaign,
        cell_ppm, cell_gross, cell_revenue, cell_profit
    FROM credit_cells FINAL
    ARRAY JOIN
        models AS model, conversions_ppm AS cell_ppm,
        gross AS cell_gross, revenue AS cell_revenue, profit AS cell_profit
    WHERE generation = (SELECT max(generation) FROM generations)
)
COMMENT 'The figures of channel_hourly in parts that are to be added up: several rows may stand for one hour, channel and campaign. Sums over them are twice as fast as over channel_hourly.';

CREATE VIEW IF NOT EXISTS traffic_parts
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    hour DateTime('UTC') COMMENT 'The start of the hour, UTC.',
    day Date COMMENT 'The day of the hour in the time zone of the tenant.',
    channel LowCardinality(String) COMMENT 'The channel.',
    source LowCardinality(String) COMMENT 'The source; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    visits Int64 COMMENT 'Visits that began in the hour, a part of them.',
    calls Int64 COMMENT 'Inbound calls, whatever came of them, a part of them.',
    missed_calls Int64 COMMENT 'Inbound calls that were missed, a part of them.',
    leads Int64 COMMENT 'Forms that were sent, under the source of their visit, a part of them.',
    email_clicks Int64 COMMENT 'E-mails that were clicked, a part of them.',
    other_touches Int64 COMMENT 'Touches of other kinds, a part of them.',
    spend Decimal(18, 4) COMMENT 'A part of what advertising cost, in the currency of the tenant.',
    impressions Int64 COMMENT 'How often advertisements were shown, a part of it.',
    clicks Int64 COMMENT 'How often advertisements were clicked, a part of it.'
)
AS SELECT
    tenant, hour, day, channel, source, medium, campaign,
    visits, calls, missed_calls, leads, email_clicks, other_touches, spend, impressions, clicks
FROM traffic_cells FINAL
WHERE generation = (SELECT max(generation) FROM generations)
COMMENT 'The figures of traffic_hourly in parts that are to be added up: several rows may stand for one hour, channel and campaign. Sums over them are twice as fast as over traffic_hourly.';

CREATE VIEW IF NOT EXISTS journeys
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the won deal in the CRM.',
    client_id String COMMENT 'The client of the deal: the first of its identifiers, 32 hexadecimal digits.',
    won_at DateTime64(3, 'UTC') COMMENT 'When the deal was won, UTC, to the millisecond.',
    touches UInt32 COMMENT 'How many touches have a share of the deal in some model; 0 when nobody has it (Unattributed).',
    first_touch_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The earliest of them, UTC, to the millisecond; NULL without touches.',
    touches_at Array(DateTime64(3, 'UTC')) COMMENT 'When each of them happened, UTC, to the millisecond.',
    path Array(LowCardinality(String)) COMMENT 'Their channels, in order.',
    sources Array(LowCardinality(String)) COMMENT 'Their sources, in order.',
    mediums Array(LowCardinality(String)) COMMENT 'Their mediums, in order.',
    campaigns Array(LowCardinality(String)) COMMENT 'Their campaigns, in order.',
    revenue Decimal(18, 4) COMMENT 'The revenue of the deal, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'The profit of the deal, in the currency of the tenant.'
)
AS SELECT
    tenant, deal_id, client_id, won_at,
    toUInt32(length(touch_times)) AS touches,
    if(empty(touch_times), NULL, touch_times[1]) AS first_touch_at,
    touch_times AS touches_at,
    touch_channels AS path, touch_sources AS sources, touch_mediums AS mediums, touch_campaigns AS campaigns,
    -- Every model shares out the whole of it: the shares of any one are summed.
    CAST(arraySum(arrayMap((names, shares) -> shares[indexOf(names, some_model)], touch_models, touch_revenue)), 'Decimal(18, 4)') AS revenue,
    CAST(arraySum(arrayMap((names, shares) -> shares[indexOf(names, some_model)], touch_models, touch_profit)), 'Decimal(18, 4)') AS profit
FROM
(
    SELECT
        tenant, deal_id, lower(hex(client)) AS client_id, won_at,
        arrayFilter((at, id) -> id != '', touches_at, touch_ids) AS touch_times,
        arrayFilter((value, id) -> id != '', channels, touch_ids) AS touch_channels,
        arrayFilter((value, id) -> id != '', credit_versions.sources, touch_ids) AS touch_sources,
        arrayFilter((value, id) -> id != '', credit_versions.mediums, touch_ids) AS touch_mediums,
        arrayFilter((value, id) -> id != '', credit_versions.campaigns, touch_ids) AS touch_campaigns,
        models AS touch_models, models[1][1] AS some_model,
        credit_versions.revenue AS touch_revenue, credit_versions.profit AS touch_profit
    FROM credit_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
COMMENT 'The journeys of won deals: the touches that share the credit, in the order they happened.';

CREATE VIEW IF NOT EXISTS tenants
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    time_zone LowCardinality(String) COMMENT 'The time zone of the days of the tenant, by its IANA name.',
    currency LowCardinality(String) COMMENT 'The currency of the tenant, by its ISO 4217 code.',
    models Array(LowCardinality(String)) COMMENT 'The models computed for the tenant, in the configured order.'
)
AS SELECT
    tenant,
    argMax(row_time_zone, version) AS time_zone,
    argMax(row_currency, version) AS currency,
    argMax(row_models, version) AS models
FROM
(
    SELECT tenant, time_zone AS row_time_zone, currency AS row_currency, models AS row_models, version
    FROM tenant_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
GROUP BY tenant
COMMENT 'The tenants that anything is known of, with the settings that their figures were made by.';

CREATE TABLE IF NOT EXISTS arrivals
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    subject LowCardinality(String) COMMENT 'What arrived: touchpoints, calls, deals, journeys, credit or traffic.',
    occurred_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'The latest moment, up to the arrival, that something of it is about, UTC, to the millisecond.',
    arrived_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When something of it was inserted last, UTC, to the millisecond.'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, subject)
SETTINGS fsync_after_insert = 0, non_replicated_deduplication_window = 0
COMMENT 'What was inserted last. Read the view freshness instead.';

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_touchpoints TO arrivals
AS SELECT tenant, 'touchpoints' AS subject, maxIf(touchpoint_versions.occurred_at, touchpoint_versions.occurred_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM touchpoint_versions GROUP BY tenant
COMMENT 'Notes that touches were inserted, in arrivals.';

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_calls TO arrivals
AS SELECT tenant, 'calls' AS subject, maxIf(call_versions.occurred_at, call_versions.occurred_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM call_versions GROUP BY tenant
COMMENT 'Notes that calls were inserted, in arrivals.';

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_deals TO arrivals
AS SELECT tenant, 'deals' AS subject, maxIf(created_at, created_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM deal_versions GROUP BY tenant
COMMENT 'Notes that deals were inserted, in arrivals.';

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_journeys TO arrivals
AS SELECT tenant, 'journeys' AS subject, maxIf(won_at, won_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM credit_versions GROUP BY tenant
COMMENT 'Notes that journeys were inserted, in arrivals.';

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_credit TO arrivals
AS SELECT tenant, 'credit' AS subject, maxIf(toDateTime64(hour, 3, 'UTC'), hour <= now()) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM credit_cells GROUP BY tenant
COMMENT 'Notes that credit were inserted, in arrivals.';

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_traffic TO arrivals
AS SELECT tenant, 'traffic' AS subject, maxIf(toDateTime64(hour, 3, 'UTC'), hour <= now()) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM traffic_cells GROUP BY tenant
COMMENT 'Notes that traffic were inserted, in arrivals.';

CREATE VIEW IF NOT EXISTS freshness
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    subject LowCardinality(String) COMMENT 'What arrived: touchpoints, calls, deals, journeys, credit or traffic.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'The latest moment, up to the arrival, that something of it is about (of credit and traffic, its hour), UTC, to the millisecond.',
    arrived_at DateTime64(3, 'UTC') COMMENT 'When something of it was inserted last, UTC, to the millisecond.'
)
AS SELECT tenant, subject, max(row_occurred_at) AS occurred_at, max(row_arrived_at) AS arrived_at
FROM (SELECT tenant, subject, occurred_at AS row_occurred_at, arrived_at AS row_arrived_at FROM arrivals)
GROUP BY tenant, subject
COMMENT 'How fresh the views are: what was inserted last, and when.';

-- The table of touches is in the order of their ids: what happened in the last
-- minutes would be looked for in all of it.
CREATE TABLE IF NOT EXISTS recent_touches
(
    generation UInt32 COMMENT 'The generation of figures the row belongs to.',
    tenant LowCardinality(String) COMMENT 'The tenant.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, UTC, to the millisecond.',
    touch UInt64 COMMENT 'A hash of the id and the content of the touch, which tells it from others.',
    kind LowCardinality(String) COMMENT 'What it was: visit, call, email, or what an event of the topic of touches calls itself.',
    channel LowCardinality(String) COMMENT 'The channel that the rules give its source, medium and campaign.',
    version UInt64 COMMENT 'Logical time of the change. Of the rows of one key the one with the highest version counts.',
    is_deleted UInt8 COMMENT '1 when the key has no row any more from this version on, else 0.'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (generation, tenant, occurred_at, touch)
TTL toDateTime(occurred_at) + INTERVAL 1 HOUR
SETTINGS merge_with_ttl_timeout = 600, fsync_after_insert = 0, non_replicated_deduplication_window = 0
COMMENT 'The touches of the last hour, without anything that tells of whom they are. Read the view latest_touches instead.';

CREATE MATERIALIZED VIEW IF NOT EXISTS recent_touches_of_all TO recent_touches
AS SELECT generation, tenant, occurred_at, cityHash64(touch_id, content_hash) AS touch, kind, channel, version, is_deleted
FROM touchpoint_versions
WHERE occurred_at > now64(3, 'UTC') - INTERVAL 1 HOUR
COMMENT 'Copies what is young into recent_touches.';

CREATE VIEW IF NOT EXISTS latest_touches
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, UTC, to the millisecond.',
    kind LowCardinality(String) COMMENT 'What it was: visit, call, email, or what an event of the topic of touches calls itself.',
    channel LowCardinality(String) COMMENT 'The channel that the rules give its source, medium and campaign.'
)
AS SELECT tenant, occurred_at, kind, channel
FROM recent_touches FINAL
WHERE generation = (SELECT max(generation) FROM generations) AND occurred_at > now64(3, 'UTC') - INTERVAL 1 HOUR
COMMENT 'The touches of the last hour.';
