-- What people and programs read. Each view shows the active generation, and of
-- every key the newest version that is not deleted.

CREATE VIEW IF NOT EXISTS touchpoints
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    touch_id String COMMENT 'The topic and the event id of the touch (for a visit, of its opening hit), joined by a colon.',
    client_id String COMMENT 'The client who made the touch: the first of its identifiers, 32 hexadecimal digits.',
    kind LowCardinality(String) COMMENT 'What it was: visit, call, email, or what an event of the topic of touches calls itself.',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, UTC, to the millisecond.',
    channel LowCardinality(String) COMMENT 'The channel that the rules give its source, medium and campaign.',
    source LowCardinality(String) COMMENT 'The source, lower case; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium, lower case; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    content String COMMENT 'The content of the advertisement; empty when unknown.',
    term String COMMENT 'The search term; empty when unknown.',
    origin_topic LowCardinality(String) COMMENT 'The raw topic its record stands in.',
    origin_partition Int32 COMMENT 'The partition of the raw topic.',
    origin_offset Int64 COMMENT 'The offset of the record in that partition.'
)
AS SELECT
    tenant, touch_id, lower(hex(client)) AS client_id, kind, occurred_at,
    channel, source, medium, campaign, content, term,
    origin_topic, origin_partition, origin_offset
FROM touchpoint_versions FINAL
WHERE generation = (SELECT max(generation) FROM generations)
COMMENT 'The touches of all clients: visits, inbound calls, clicked e-mails and other contacts.';

CREATE VIEW IF NOT EXISTS calls
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    touch_id String COMMENT 'The topic and the event id of the call, joined by a colon. An inbound call is a touch of that id.',
    client_id String COMMENT 'The client on the line: the first of its identifiers, 32 hexadecimal digits.',
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
    origin_offset Int64 COMMENT 'The offset of the record in that partition.'
)
AS SELECT
    tenant, touch_id, lower(hex(client)) AS client_id, occurred_at, direction, status,
    dialed_number, wait_seconds, talk_seconds, manager_id, recording_url, quality_score, ambiguous,
    channel, source, medium, campaign, content, term,
    origin_topic, origin_partition, origin_offset
FROM call_versions FINAL
WHERE generation = (SELECT max(generation) FROM generations)
COMMENT 'All telephone calls, inbound and outbound.';

CREATE VIEW IF NOT EXISTS deals
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
    profit Decimal(18, 4) COMMENT 'Revenue less cost, in the currency of the tenant.'
)
AS SELECT
    tenant, deal_id, lower(hex(client)) AS client_id, status, stage, pipeline, manager_id,
    created_at, won_at, gross, refunds, revenue, cost, profit
FROM deal_versions FINAL
WHERE generation = (SELECT max(generation) FROM generations)
COMMENT 'The deals of the CRM as they are now.';

CREATE VIEW IF NOT EXISTS credits
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    deal_id String COMMENT 'The id of the won deal in the CRM.',
    client_id String COMMENT 'The client of the deal: the first of its identifiers, 32 hexadecimal digits.',
    model LowCardinality(String) COMMENT 'The attribution model.',
    touch_id String COMMENT 'The touch that has the credit; empty when nobody has it (Unattributed).',
    touch_at DateTime64(3, 'UTC') COMMENT 'When the touch happened (when nobody has the credit, when the deal was won), UTC, to the millisecond.',
    won_at DateTime64(3, 'UTC') COMMENT 'When the deal was won, UTC, to the millisecond.',
    channel LowCardinality(String) COMMENT 'The channel of the touch, or Unattributed.',
    source LowCardinality(String) COMMENT 'The source of the touch; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium of the touch; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign of the touch; empty when unknown.',
    content String COMMENT 'The content of the advertisement; empty when unknown.',
    term String COMMENT 'The search term; empty when unknown.',
    kind LowCardinality(String) COMMENT 'What the touch was: visit, call, email or another kind; empty when nobody has the credit.',
    credit_ppm Int64 COMMENT 'The share of the credit, in parts of a million.',
    gross Decimal(18, 4) COMMENT 'The share of the amount, in the currency of the tenant.',
    revenue Decimal(18, 4) COMMENT 'The share of the revenue, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'The share of the profit, in the currency of the tenant.'
)
AS SELECT
    tenant, deal_id, client_id, model, touch_id, touch_at, won_at,
    channel, source, medium, campaign, content, term, kind,
    credit_ppm, share_gross AS gross, share_revenue AS revenue, share_profit AS profit
FROM
(
    SELECT
        tenant, deal_id, lower(hex(client)) AS client_id, won_at, touch_id, touch_at, kind,
        channel, source, medium, campaign, content, term,
        touch_models, touch_credits_ppm, touch_gross, touch_revenue, touch_profit
    FROM credit_versions FINAL
    ARRAY JOIN
        touch_ids AS touch_id, touches_at AS touch_at, kinds AS kind,
        channels AS channel, sources AS source, mediums AS medium, campaigns AS campaign,
        contents AS content, terms AS term,
        models AS touch_models, credits_ppm AS touch_credits_ppm,
        gross AS touch_gross, revenue AS touch_revenue, profit AS touch_profit
    WHERE generation = (SELECT max(generation) FROM generations)
)
ARRAY JOIN
    touch_models AS model, touch_credits_ppm AS credit_ppm,
    touch_gross AS share_gross, touch_revenue AS share_revenue, touch_profit AS share_profit
COMMENT 'Who earned what: the share of every touch in every won deal, by every model.';

CREATE VIEW IF NOT EXISTS identities
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    identifier String COMMENT 'The keyed hash of the identifier, 32 hexadecimal digits. The identifier itself is stored nowhere.',
    kind LowCardinality(String) COMMENT 'What it is: visitor_id, user_id, phone, email, crm_contact_id or deal_id.',
    client_id String COMMENT 'The client it belongs to: the first of the identifiers of the client, 32 hexadecimal digits.'
)
AS SELECT tenant, lower(hex(identifier)) AS identifier, kind, lower(hex(client)) AS client_id
FROM
(
    SELECT tenant, identifier, kind, client
    FROM identity_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
COMMENT 'Which identifier belongs to which client.';

CREATE VIEW IF NOT EXISTS clients
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    client_id String COMMENT 'The client: the first of its identifiers, 32 hexadecimal digits.',
    identifiers UInt64 COMMENT 'How many identifiers are known to be this client, deals among them.',
    touches UInt64 COMMENT 'How many touches the client made.',
    deals UInt64 COMMENT 'How many deals the client has.',
    won_deals UInt64 COMMENT 'How many of them are won now.',
    revenue Decimal(18, 4) COMMENT 'The revenue of the deals won now, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'The profit of the deals won now, in the currency of the tenant.',
    first_touch_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The earliest touch, UTC, to the millisecond; NULL without touches.',
    last_touch_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The latest touch, UTC, to the millisecond; NULL without touches.'
)
AS SELECT
    tenant, client_id,
    sum(is_identifier) AS identifiers,
    sum(is_touch) AS touches,
    sum(is_deal) AS deals,
    sum(is_won) AS won_deals,
    CAST(sum(won_revenue), 'Decimal(18, 4)') AS revenue,
    CAST(sum(won_profit), 'Decimal(18, 4)') AS profit,
    min(touch_at) AS first_touch_at,
    max(touch_at) AS last_touch_at
FROM
(
    SELECT
        tenant, lower(hex(client)) AS client_id,
        toUInt64(1) AS is_identifier, toUInt64(0) AS is_touch, toUInt64(0) AS is_deal, toUInt64(0) AS is_won,
        toDecimal64(0, 4) AS won_revenue, toDecimal64(0, 4) AS won_profit,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS touch_at
    FROM identity_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
    UNION ALL
    SELECT
        tenant, lower(hex(client)) AS client_id,
        0, 1, 0, 0, toDecimal64(0, 4), toDecimal64(0, 4),
        CAST(occurred_at, 'Nullable(DateTime64(3, \'UTC\'))')
    FROM touchpoint_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
    UNION ALL
    SELECT
        tenant, lower(hex(client)) AS client_id,
        0, 0, 1, won_at IS NOT NULL,
        if(won_at IS NULL, toDecimal64(0, 4), revenue), if(won_at IS NULL, toDecimal64(0, 4), profit),
        NULL
    FROM deal_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
GROUP BY tenant, client_id
COMMENT 'The clients with what is known of each.';

CREATE VIEW IF NOT EXISTS costs
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    date Date COMMENT 'The day of the cost in the time zone of the tenant.',
    hour Nullable(Int8) COMMENT 'The hour of that day in the time zone of the tenant, 0 to 23; NULL when the cost is of the whole day.',
    channel LowCardinality(String) COMMENT 'The channel that the rules give its source, medium and campaign.',
    source LowCardinality(String) COMMENT 'The source, lower case.',
    medium LowCardinality(String) COMMENT 'The medium, lower case.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when not given.',
    content String COMMENT 'The content of the advertisement; empty when not given.',
    term String COMMENT 'The search term; empty when not given.',
    cost Decimal(18, 4) COMMENT 'What was spent, in the currency of the tenant.',
    impressions Int64 COMMENT 'How often the advertisement was shown.',
    clicks Int64 COMMENT 'How often it was clicked.'
)
AS SELECT
    tenant, date, nullIf(local_hour, -1) AS hour,
    channel, source, medium, campaign, content, term, cost, impressions, clicks
FROM
(
    SELECT
        tenant, date, hour AS local_hour,
        channel, source, medium, campaign, content, term, cost, impressions, clicks
    FROM cost_versions FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
COMMENT 'What advertising cost, as last restated by the ad platforms.';

CREATE VIEW IF NOT EXISTS traffic_hourly
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    hour DateTime('UTC') COMMENT 'The start of the hour, UTC.',
    channel LowCardinality(String) COMMENT 'The channel.',
    source LowCardinality(String) COMMENT 'The source; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    visits Int64 COMMENT 'Visits that began in the hour.',
    calls Int64 COMMENT 'Inbound calls, whatever came of them.',
    missed_calls Int64 COMMENT 'Inbound calls that were missed.',
    leads Int64 COMMENT 'Forms that were sent, under the source of their visit.',
    email_clicks Int64 COMMENT 'E-mails that were clicked.',
    other_touches Int64 COMMENT 'Touches of other kinds.',
    spend Decimal(18, 4) COMMENT 'What advertising cost, in the currency of the tenant.',
    impressions Int64 COMMENT 'How often advertisements were shown.',
    clicks Int64 COMMENT 'How often advertisements were clicked.'
)
AS SELECT
    tenant, hour, channel, source, medium, campaign,
    sum(cell_visits) AS visits,
    sum(cell_calls) AS calls,
    sum(cell_missed_calls) AS missed_calls,
    sum(cell_leads) AS leads,
    sum(cell_email_clicks) AS email_clicks,
    sum(cell_other_touches) AS other_touches,
    CAST(sum(cell_spend), 'Decimal(18, 4)') AS spend,
    sum(cell_impressions) AS impressions,
    sum(cell_clicks) AS clicks
FROM
(
    SELECT
        tenant, hour, channel, source, medium, campaign,
        visits AS cell_visits, calls AS cell_calls, missed_calls AS cell_missed_calls, leads AS cell_leads,
        email_clicks AS cell_email_clicks, other_touches AS cell_other_touches,
        spend AS cell_spend, impressions AS cell_impressions, clicks AS cell_clicks
    FROM traffic_cells FINAL
    WHERE generation = (SELECT max(generation) FROM generations)
)
GROUP BY tenant, hour, channel, source, medium, campaign
HAVING visits != 0 OR calls != 0 OR missed_calls != 0 OR leads != 0 OR email_clicks != 0
    OR other_touches != 0 OR spend != 0 OR impressions != 0 OR clicks != 0
COMMENT 'Traffic and spend by the hour, channel and campaign.';

CREATE VIEW IF NOT EXISTS channel_hourly
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    model LowCardinality(String) COMMENT 'The attribution model.',
    basis LowCardinality(String) COMMENT 'Which moment the credit is booked under: conversion (the deal was won) or touch (the touch happened).',
    hour DateTime('UTC') COMMENT 'The start of the hour, UTC.',
    channel LowCardinality(String) COMMENT 'The channel.',
    source LowCardinality(String) COMMENT 'The source; empty when unknown.',
    medium LowCardinality(String) COMMENT 'The medium; empty when unknown.',
    campaign LowCardinality(String) COMMENT 'The campaign; empty when unknown.',
    conversions_ppm Int64 COMMENT 'The credit for won deals, in parts of a million of a deal.',
    gross Decimal(18, 4) COMMENT 'The share of the amounts, in the currency of the tenant.',
    revenue Decimal(18, 4) COMMENT 'The share of the revenue, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'The share of the profit, in the currency of the tenant.'
)
AS SELECT
    tenant, model, basis, hour, channel, source, medium, campaign,
    sum(cell_ppm) AS conversions_ppm,
    CAST(sum(cell_gross), 'Decimal(18, 4)') AS gross,
    CAST(sum(cell_revenue), 'Decimal(18, 4)') AS revenue,
    CAST(sum(cell_profit), 'Decimal(18, 4)') AS profit
FROM
(
    SELECT
        tenant, model, basis, hour, channel, source, medium, campaign,
        cell_ppm, cell_gross, cell_revenue, cell_profit
    FROM credit_cells FINAL
    ARRAY JOIN
        models AS model, conversions_ppm AS cell_ppm,
        gross AS cell_gross, revenue AS cell_revenue, profit AS cell_profit
    WHERE generation = (SELECT max(generation) FROM generations)
)
GROUP BY tenant, model, basis, hour, channel, source, medium, campaign
HAVING conversions_ppm != 0 OR gross != 0 OR revenue != 0 OR profit != 0
COMMENT 'Credit by the hour, channel and campaign, by every model.';

CREATE VIEW IF NOT EXISTS channel_roi
(
    tenant LowCardinality(String) COMMENT 'The tenant.',
    model LowCardinality(String) COMMENT 'The attribution model.',
    basis LowCardinality(String) COMMENT 'Which moment the credit is booked under: conversion (the deal was won) or touch (the touch happened).',
    day Date COMMENT 'The day in the time zone of the tenant.',
    channel LowCardinality(String) COMMENT 'The channel.',
    conversions Decimal(18, 6) COMMENT 'The credit for won deals, in deals.',
    gross Decimal(18, 4) COMMENT 'The share of the amounts, in the currency of the tenant.',
    revenue Decimal(18, 4) COMMENT 'The share of the revenue, in the currency of the tenant.',
    profit Decimal(18, 4) COMMENT 'The share of the profit, in the currency of the tenant.',
    spend Decimal(18, 4) COMMENT 'What advertising cost, in the currency of the tenant; the same for every model and basis.',
    visits Int64 COMMENT 'Visits; the same for every model and basis.',
    calls Int64 COMMENT 'Inbound calls; the same for every model and basis.',
    leads Int64 COMMENT 'Forms that were sent; the same for every model and basis.',
    cac Nullable(Float64) COMMENT 'Cost of a won deal: spend per conversion, in the currency of the tenant; NULL without conversions.',
    cpl Nullable(Float64) COMMENT 'Cost of a lead: spend per form or inbound call, in the currency of the tenant; NULL without either.',
    roas Nullable(Float64) COMMENT 'Revenue per unit of spend, a ratio; NULL without spend.',
    roi Nullable(Float64) COMMENT 'Profit less spend per unit of spend, a ratio; NULL without spend.'
)
AS SELECT
    tenant, model, basis, day, channel,
    CAST(toDecimal128(sum(part_ppm), 6) / 1000000, 'Decimal(18, 6)') AS conversions,
    CAST(sum(part_gross), 'Decimal(18, 4)') AS gross,
    CAST(sum(part_revenue), 'Decimal(18, 4)') AS revenue,
    CAST(sum(part_profit), 'Decimal(18, 4)') AS profit,
    CAST(sum(part_spend), 'Decimal(18, 4)') AS spend,
    sum(part_visits) AS visits,
    sum(part_calls) AS calls,
    sum(part_leads) AS leads,
    toFloat64(spend) / nullIf(toFloat64(conversions), 0) AS cac,
    toFloat64(spend) / nullIf(toFloat64(leads + calls), 0) AS cpl,
    toFloat64(revenue) / nullIf(toFloat64(spend), 0) AS roas,
    toFloat64(profit - spend) / nullIf(toFloat64(spend), 0) AS roi
FROM
(
    SELECT
        tenant, model, basis, day, channel,
        sum(cell_ppm) AS part_ppm, sum(cell_gross) AS part_gross,
        sum(cell_revenue) AS part_revenue, sum(cell_profit) AS part_profit,
        toDecimal128(0, 4) AS part_spend,
        toInt64(0) AS part_visits, toInt64(0) AS part_calls, toInt64(0) AS part_leads
    FROM
    (
        SELECT tenant, model, basis, day, channel, cell_ppm, cell_gross, cell_revenue, cell_profit
        FROM credit_cells FINAL
        ARRAY JOIN
            models AS model, conversions_ppm AS cell_ppm,
            gross AS cell_gross, revenue AS cell_revenue, profit AS cell_profit
        WHERE generation = (SELECT max(generation) FROM generations)
    )
    GROUP BY tenant, model, basis, day, channel
    HAVING part_ppm != 0 OR part_gross != 0 OR part_revenue != 0 OR part_profit != 0
    UNION ALL
    SELECT
        tenant, model, basis, day, channel,
        toInt64(0), toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4),
        day_spend, day_visits, day_calls, day_leads
    FROM
    (
        SELECT
            tenant, day, channel,
            sum(spend) AS day_spend, sum(visits) AS day_visits, sum(calls) AS day_calls, sum(leads) AS day_leads
        FROM traffic_cells FINAL
        WHERE generation = (SELECT max(generation) FROM generations)
        GROUP BY tenant, day, channel
        HAVING day_spend != 0 OR day_visits != 0 OR day_calls != 0 OR day_leads != 0
            OR sum(email_clicks) != 0 OR sum(other_touches) != 0 OR sum(impressions) != 0 OR sum(clicks) != 0
    ) AS traffic
    INNER JOIN
    (
        SELECT tenant, argMax(models, version) AS tenant_models
        FROM tenant_versions FINAL
        WHERE generation = (SELECT max(generation) FROM generations)
        GROUP BY tenant
    ) AS settings USING (tenant)
    ARRAY JOIN
        tenant_models AS model
    ARRAY JOIN
        ['conversion', 'touch'] AS basis
)
GROUP BY tenant, model, basis, day, channel
COMMENT 'What each channel cost and brought by the day: every model and basis beside the same traffic and spend.';

CREATE VIEW IF NOT EXISTS dead_letters
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
    rejected_at DateTime64(3, 'UTC') COMMENT 'When it was rejected, UTC, to the millisecond.'
)
AS SELECT topic, partition, offset, reason, field, message, key, value, headers, rejected_at
FROM dead_letter_versions FINAL
COMMENT 'The records that were rejected, each once, with where they stand and why.';
