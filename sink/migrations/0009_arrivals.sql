-- What arrived is noted in memory and written once a second: a part of its own
-- for every insert took ClickHouse more time than the small inserts themselves.
-- A second of notes may be lost with the server; the next rows bring newer ones.

CREATE TABLE IF NOT EXISTS arrivals_gathered
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    subject LowCardinality(String) COMMENT 'What arrived: touchpoints, calls, deals, journeys, credit or traffic.',
    occurred_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'The latest moment, up to the arrival, that something of it is about, UTC, to the millisecond.',
    arrived_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When something of it was inserted last, UTC, to the millisecond.'
)
ENGINE = Buffer(currentDatabase(), 'arrivals', 1, 1, 1, 1000, 10000, 100000, 1000000)
COMMENT 'What was inserted last, the newest of it still in memory. Read the view freshness instead.';

DROP VIEW IF EXISTS arrivals_of_touchpoints;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_touchpoints TO arrivals_gathered
AS SELECT tenant, 'touchpoints' AS subject, maxIf(touchpoint_versions.occurred_at, touchpoint_versions.occurred_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM touchpoint_versions GROUP BY tenant
COMMENT 'Notes that touches were inserted, in arrivals.';

DROP VIEW IF EXISTS arrivals_of_calls;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_calls TO arrivals_gathered
AS SELECT tenant, 'calls' AS subject, maxIf(call_versions.occurred_at, call_versions.occurred_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM call_versions GROUP BY tenant
COMMENT 'Notes that calls were inserted, in arrivals.';

DROP VIEW IF EXISTS arrivals_of_deals;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_deals TO arrivals_gathered
AS SELECT tenant, 'deals' AS subject, maxIf(created_at, created_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM deal_versions GROUP BY tenant
COMMENT 'Notes that deals were inserted, in arrivals.';

DROP VIEW IF EXISTS arrivals_of_journeys;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_journeys TO arrivals_gathered
AS SELECT tenant, 'journeys' AS subject, maxIf(won_at, won_at <= now64(3, 'UTC')) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM credit_versions GROUP BY tenant
COMMENT 'Notes that journeys were inserted, in arrivals.';

DROP VIEW IF EXISTS arrivals_of_credit;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_credit TO arrivals_gathered
AS SELECT tenant, 'credit' AS subject, maxIf(toDateTime64(hour, 3, 'UTC'), hour <= now()) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM credit_cells GROUP BY tenant
COMMENT 'Notes that credit was inserted, in arrivals.';

DROP VIEW IF EXISTS arrivals_of_traffic;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_traffic TO arrivals_gathered
AS SELECT tenant, 'traffic' AS subject, maxIf(toDateTime64(hour, 3, 'UTC'), hour <= now()) AS occurred_at, now64(3, 'UTC') AS arrived_at
FROM traffic_cells GROUP BY tenant
COMMENT 'Notes that traffic was inserted, in arrivals.';

CREATE OR REPLACE VIEW freshness
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    subject LowCardinality(String) COMMENT 'What arrived: touchpoints, calls, deals, journeys, credit or traffic.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'The latest moment, up to the arrival, that something of it is about (of credit and traffic, its hour), UTC, to the millisecond.',
    arrived_at DateTime64(3, 'UTC') COMMENT 'When something of it was inserted last, UTC, to the millisecond.'
)
AS SELECT tenant, subject, max(row_occurred_at) AS occurred_at, max(row_arrived_at) AS arrived_at
FROM (SELECT tenant, subject, occurred_at AS row_occurred_at, arrived_at AS row_arrived_at FROM arrivals_gathered)
GROUP BY tenant, subject
COMMENT 'How fresh the views are: what was inserted last, and when.';
