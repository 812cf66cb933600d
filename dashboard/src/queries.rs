//! Every question that the dashboard asks, by name. They read views only, and
//! what a user says reaches them as a bound parameter, never as text.
//!
//! Common parameters: `tenant`; `from` and `until`, whole hours in seconds since
//! 1970; `channel`, `source`, `medium`, `campaign` and the same with `not_`, the
//! values asked for and left out (empty: no matter). Money comes in 1/10000.

use crate::reader::Question;

/// Condition: the traffic that is asked for. A filter without values is settled
/// before a row is read.
macro_rules! kept {
    () => {
        "(empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
        AND (empty({not_channel:Array(String)}) OR channel NOT IN {not_channel:Array(String)})
        AND (empty({source:Array(String)}) OR source IN {source:Array(String)})
        AND (empty({not_source:Array(String)}) OR source NOT IN {not_source:Array(String)})
        AND (empty({medium:Array(String)}) OR medium IN {medium:Array(String)})
        AND (empty({not_medium:Array(String)}) OR medium NOT IN {not_medium:Array(String)})
        AND (empty({campaign:Array(String)}) OR campaign IN {campaign:Array(String)})
        AND (empty({not_campaign:Array(String)}) OR campaign NOT IN {not_campaign:Array(String)})"
    };
}

/// Condition: the journeys that have a touch of what is asked for, and none of
/// what is left out.
macro_rules! passed {
    () => {
        "(empty({channel:Array(String)}) OR hasAny(path, {channel:Array(String)}))
        AND (empty({not_channel:Array(String)}) OR NOT hasAny(path, {not_channel:Array(String)}))
        AND (empty({source:Array(String)}) OR hasAny(sources, {source:Array(String)}))
        AND (empty({not_source:Array(String)}) OR NOT hasAny(sources, {not_source:Array(String)}))
        AND (empty({medium:Array(String)}) OR hasAny(mediums, {medium:Array(String)}))
        AND (empty({not_medium:Array(String)}) OR NOT hasAny(mediums, {not_medium:Array(String)}))
        AND (empty({campaign:Array(String)}) OR hasAny(campaigns, {campaign:Array(String)}))
        AND (empty({not_campaign:Array(String)}) OR NOT hasAny(campaigns, {not_campaign:Array(String)}))"
    };
}

/// Condition: the journeys of the period that are asked for.
macro_rules! journeys_kept {
    () => {
        concat!(
            "tenant = {tenant:String}
        AND won_at >= {from:DateTime('UTC')} AND won_at < {until:DateTime('UTC')} AND ",
            passed!()
        )
    };
}

/// The dimensions down to `level` (-1 for none, 0 for the channel, 3 for the
/// campaign); narrower ones are empty.
macro_rules! dimensions {
    () => {
        "if({level:Int8} >= 0, channel, '') AS channel_name,
        if({level:Int8} >= 1, source, '') AS source_name,
        if({level:Int8} >= 2, medium, '') AS medium_name,
        if({level:Int8} >= 3, campaign, '') AS campaign_name"
    };
}

/// Condition: the calls of the period that are asked for.
macro_rules! calls_kept {
    () => {
        concat!(
            "tenant = {tenant:String}
        AND occurred_at >= {from:DateTime('UTC')} AND occurred_at < {until:DateTime('UTC')} AND ",
            kept!()
        )
    };
}

/// Figures of calls: inbound, answered, missed, other ends, outbound, seconds
/// waited and of how many calls, seconds talked and of how many, callers.
macro_rules! call_figures {
    () => {
        "toInt64(countIf(direction = 'inbound')) AS inbound,
        toInt64(countIf(direction = 'inbound' AND status = 'answered')) AS answered,
        toInt64(countIf(direction = 'inbound' AND status = 'missed')) AS missed,
        toInt64(countIf(direction = 'inbound' AND status NOT IN ('answered', 'missed'))) AS other,
        toInt64(countIf(direction = 'outbound')) AS outbound,
        toInt64(sumIf(ifNull(wait_seconds, 0), direction = 'inbound')) AS waited,
        toInt64(countIf(direction = 'inbound' AND wait_seconds IS NOT NULL)) AS waits,
        toInt64(sumIf(ifNull(talk_seconds, 0), status = 'answered')) AS talked,
        toInt64(countIf(status = 'answered' AND talk_seconds IS NOT NULL)) AS talks,
        toInt64(uniqExactIf(client_id, direction = 'inbound')) AS callers"
    };
}

/// The tenants, with what their figures were made by.
pub const TENANTS: Question = Question {
    name: "tenants",
    sql: "SELECT toString(tenant) AS name, toString(time_zone) AS time_zone, toString(currency) AS currency,
        arrayMap(model -> toString(model), models) AS models
        FROM tenants ORDER BY tenant",
};

/// What was inserted last: tenant, subject, latest moment, arrival; milliseconds.
pub const FRESHNESS: Question = Question {
    name: "freshness",
    sql: "SELECT toString(tenant), toString(subject), toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(arrived_at)
        FROM freshness ORDER BY tenant, subject",
};

/// Credit of `models` by dimension and model.
pub const CREDIT: Question = Question {
    name: "credit",
    sql: concat!(
        "SELECT ",
        dimensions!(),
        ", model AS model_name,
        toInt64(sum(conversions_ppm)) AS conversions, toInt64(sum(revenue) * 10000) AS revenue,
        toInt64(sum(profit) * 10000) AS profit
        FROM channel_parts
        WHERE tenant = {tenant:String} AND basis = {basis:String} AND model IN {models:Array(String)}
        AND hour >= {from:DateTime('UTC')} AND hour < {until:DateTime('UTC')} AND ",
        kept!(),
        "
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    ),
};

/// Traffic and spend by dimension.
pub const TRAFFIC: Question = Question {
    name: "traffic",
    sql: concat!(
        "SELECT ",
        dimensions!(),
        ",
        toInt64(sum(visits)) AS visits, toInt64(sum(calls)) AS calls, toInt64(sum(missed_calls)) AS missed_calls,
        toInt64(sum(leads)) AS leads, toInt64(sum(email_clicks)) AS email_clicks,
        toInt64(sum(other_touches)) AS other_touches, toInt64(sum(spend) * 10000) AS spend,
        toInt64(sum(impressions)) AS impressions, toInt64(sum(clicks)) AS clicks
        FROM traffic_parts
        WHERE tenant = {tenant:String}
        AND hour >= {from:DateTime('UTC')} AND hour < {until:DateTime('UTC')} AND ",
        kept!(),
        "
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    ),
};

/// Credit of one model by hour (`hourly` = 1, in seconds since 1970) or day
/// (days since 1970) and channel.
pub const CREDIT_OVER_TIME: Question = Question {
    name: "credit_over_time",
    sql: concat!(
        "SELECT if({hourly:UInt8} = 1, toInt64(toUnixTimestamp(hour)), toInt64(day)) AS step,
        channel AS channel_name,
        toInt64(sum(conversions_ppm)) AS conversions, toInt64(sum(revenue) * 10000) AS revenue,
        toInt64(sum(profit) * 10000) AS profit
        FROM channel_parts
        WHERE tenant = {tenant:String} AND basis = {basis:String} AND model = {model:String}
        AND hour >= {from:DateTime('UTC')} AND hour < {until:DateTime('UTC')} AND ",
        kept!(),
        "
        GROUP BY 1, 2 ORDER BY 1, 2"
    ),
};

/// Traffic and spend by hour or day, as in [`CREDIT_OVER_TIME`].
pub const TRAFFIC_OVER_TIME: Question = Question {
    name: "traffic_over_time",
    sql: concat!(
        "SELECT if({hourly:UInt8} = 1, toInt64(toUnixTimestamp(hour)), toInt64(day)) AS step,
        channel AS channel_name,
        toInt64(sum(visits)) AS visits, toInt64(sum(calls)) AS calls, toInt64(sum(missed_calls)) AS missed_calls,
        toInt64(sum(leads)) AS leads, toInt64(sum(email_clicks)) AS email_clicks,
        toInt64(sum(other_touches)) AS other_touches, toInt64(sum(spend) * 10000) AS spend,
        toInt64(sum(impressions)) AS impressions, toInt64(sum(clicks)) AS clicks
        FROM traffic_parts
        WHERE tenant = {tenant:String}
        AND hour >= {from:DateTime('UTC')} AND hour < {until:DateTime('UTC')} AND ",
        kept!(),
        "
        GROUP BY 1, 2 ORDER BY 1, 2"
    ),
};

/// What every model shares out of the deals won in the period.
pub const SHARED_OUT: Question = Question {
    name: "shared_out",
    sql: "SELECT toString(model), toInt64(sum(conversions_ppm)), toInt64(sum(revenue) * 10000)
        FROM channel_parts
        WHERE tenant = {tenant:String} AND basis = 'conversion'
        AND hour >= {from:DateTime('UTC')} AND hour < {until:DateTime('UTC')}
        GROUP BY 1 ORDER BY 1",
};

/// What the CRM has of the deals won in the period: how many, and their revenue.
pub const CRM: Question = Question {
    name: "crm",
    sql: "SELECT toInt64(count()), toInt64(sum(revenue) * 10000)
        FROM deals
        WHERE tenant = {tenant:String}
        AND won_at >= {from:DateTime('UTC')} AND won_at < {until:DateTime('UTC')}",
};

/// How long after the first touch nine tenths of the deals are won, seconds; of
/// those won in the 90 days before `until`.
pub const MATURITY: Question = Question {
    name: "maturity",
    sql: "SELECT toInt64(quantileExact(0.9)(dateDiff('second', assumeNotNull(first_touch_at), won_at)))
        FROM journeys
        WHERE tenant = {tenant:String} AND first_touch_at IS NOT NULL
        AND won_at >= {until:DateTime('UTC')} - INTERVAL 90 DAY AND won_at < {until:DateTime('UTC')}
        HAVING count() > 0",
};

/// The paths that most deals took: path, deals, revenue, profit, touches, seconds.
pub const PATHS: Question = Question {
    name: "paths",
    sql: concat!(
        "SELECT arrayMap(name -> toString(name), arrayCompact(path)) AS names,
        toInt64(count()) AS deals, toInt64(sum(revenue) * 10000) AS revenue, toInt64(sum(profit) * 10000) AS profit,
        toInt64(sum(touches)) AS all_touches,
        toInt64(sum(ifNull(dateDiff('second', first_touch_at, won_at), 0))) AS seconds
        FROM journeys WHERE ",
        journeys_kept!(),
        "
        GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1 LIMIT 201"
    ),
};

/// Deals by the number of touches.
pub const TOUCHES: Question = Question {
    name: "touches",
    sql: concat!(
        "SELECT toInt64(touches), toInt64(count()), toInt64(sum(revenue) * 10000)
        FROM journeys WHERE ",
        journeys_kept!(),
        "
        GROUP BY 1 ORDER BY 1"
    ),
};

/// Deals by the whole days from the first touch to the sale.
pub const DAYS: Question = Question {
    name: "days",
    sql: concat!(
        "SELECT toInt64(intDiv(ifNull(dateDiff('second', first_touch_at, won_at), 0), 86400)),
        toInt64(count()), toInt64(sum(revenue) * 10000)
        FROM journeys WHERE touches > 0 AND ",
        journeys_kept!(),
        "
        GROUP BY 1 ORDER BY 1"
    ),
};

/// The part that channels play: touches that are the first of several, neither
/// first nor last, the last of several, the only one; deals, and their revenue.
pub const ROLES: Question = Question {
    name: "roles",
    sql: concat!(
        "SELECT toString(touch_channel),
        toInt64(countIf(place = 1 AND places > 1)), toInt64(countIf(place > 1 AND place < places)),
        toInt64(countIf(place = places AND places > 1)), toInt64(countIf(places = 1)),
        toInt64(countIf(nth = 1)), toInt64(sumIf(revenue, nth = 1) * 10000)
        FROM
        (
            SELECT revenue, touch_channel, place, length(path) AS places, nth
            FROM journeys
            ARRAY JOIN path AS touch_channel, arrayEnumerate(path) AS place, arrayEnumerateUniq(path) AS nth
            WHERE ",
        journeys_kept!(),
        "
        )
        GROUP BY 1 ORDER BY 1"
    ),
};

/// Deals created or won in the period, the newest first: deal, status, stage,
/// pipeline, manager, created, won, revenue, profit, client.
pub const DEALS: Question = Question {
    name: "deals",
    sql: "SELECT deal_id, toString(deals.status) AS status, toString(deals.stage) AS stage,
        toString(deals.pipeline) AS pipeline, toString(deals.manager_id) AS manager_id,
        toUnixTimestamp64Milli(created_at) AS created_ms,
        if(won_at IS NULL, NULL, toUnixTimestamp64Milli(assumeNotNull(won_at))) AS won_ms,
        toInt64(deals.revenue * 10000) AS revenue, toInt64(deals.profit * 10000) AS profit, client_id
        FROM deals
        WHERE tenant = {tenant:String}
        AND ((created_at >= {from:DateTime('UTC')} AND created_at < {until:DateTime('UTC')})
            OR (won_at >= {from:DateTime('UTC')} AND won_at < {until:DateTime('UTC')}))
        ORDER BY greatest(created_at, ifNull(won_at, created_at)) DESC, deal_id LIMIT 201",
};

/// One deal: as in [`DEALS`], and gross, refunds, cost.
pub const DEAL: Question = Question {
    name: "deal",
    sql: "SELECT deal_id, toString(deals.status) AS status, toString(deals.stage) AS stage,
        toString(deals.pipeline) AS pipeline, toString(deals.manager_id) AS manager_id,
        toUnixTimestamp64Milli(created_at) AS created_ms,
        if(won_at IS NULL, NULL, toUnixTimestamp64Milli(assumeNotNull(won_at))) AS won_ms,
        toInt64(deals.revenue * 10000) AS revenue, toInt64(deals.profit * 10000) AS profit, client_id,
        toInt64(deals.gross * 10000) AS gross, toInt64(deals.refunds * 10000) AS refunds,
        toInt64(deals.cost * 10000) AS cost
        FROM deals WHERE tenant = {tenant:String} AND deal_id = {deal:String}",
};

/// Touches that name one client in some version of them, in order: touch, kind,
/// moment, channel, source, medium, campaign, content, term, topic, partition,
/// offset. The index of clients finds them, but not a newer version that names
/// another client: that is what [`CLIENTS_OF_TOUCHES`] tells.
pub const TOUCHES_OF_CLIENT: Question = Question {
    name: "touches_of_client",
    sql: "SELECT touch_id, toString(touchpoints.kind) AS kind, toUnixTimestamp64Milli(occurred_at) AS at_ms,
        toString(touchpoints.channel) AS channel, toString(touchpoints.source) AS source,
        toString(touchpoints.medium) AS medium, toString(touchpoints.campaign) AS campaign, content, term,
        toString(origin_topic) AS topic, origin_partition, origin_offset
        FROM touchpoints
        WHERE tenant = {tenant:String} AND client_id = {client:String}
        ORDER BY occurred_at, touch_id LIMIT 1001
        SETTINGS use_skip_indexes_if_final_exact_mode = 0",
};

/// Whose some touches are: touch, moment, client.
pub const CLIENTS_OF_TOUCHES: Question = Question {
    name: "clients_of_touches",
    sql: "SELECT touch_id, toUnixTimestamp64Milli(occurred_at) AS at_ms, client_id
        FROM touchpoints WHERE tenant = {tenant:String} AND touch_id IN {touches:Array(String)}
        -- Only what the key tells is settled first; it is the same in every version.
        SETTINGS optimize_move_to_prewhere_if_final = 1",
};

/// The calls of one client: call, direction, status, seconds waited and talked,
/// manager, moment, topic, partition, offset.
pub const CALLS_OF_CLIENT: Question = Question {
    name: "calls_of_client",
    sql:
        "SELECT touch_id, toString(calls.direction) AS direction, toString(calls.status) AS status,
        wait_seconds, talk_seconds, manager_id, toUnixTimestamp64Milli(occurred_at) AS at_ms,
        toString(origin_topic) AS topic, origin_partition, origin_offset
        FROM calls
        WHERE tenant = {tenant:String} AND client_id = {client:String}
        ORDER BY occurred_at, touch_id LIMIT 1001",
};

/// Who has which share of a deal: touch, model, credit, revenue, profit.
pub const CREDITS_OF_DEAL: Question = Question {
    name: "credits_of_deal",
    sql: "SELECT touch_id, toString(model), credit_ppm, toInt64(revenue * 10000), toInt64(profit * 10000)
        FROM credits WHERE tenant = {tenant:String} AND deal_id = {deal:String}
        ORDER BY touch_at, touch_id, model",
};

/// The CRM's events of a deal: event, moment, stage, manager, topic, partition, offset.
pub const EVENTS_OF_DEAL: Question = Question {
    name: "events_of_deal",
    sql: "SELECT toString(event), toUnixTimestamp64Milli(occurred_at), toString(stage), toString(manager_id),
        toString(origin_topic), origin_partition, origin_offset
        FROM deal_events WHERE tenant = {tenant:String} AND deal_id = {deal:String}
        ORDER BY position LIMIT 1001",
};

/// Calls by weekday (1 is Monday) and hour of the tenant.
pub const CALLS_BY_HOUR: Question = Question {
    name: "calls_by_hour",
    sql: concat!(
        "SELECT toInt64(toDayOfWeek(occurred_at, 0, {zone:String})) AS weekday, toInt64(toHour(occurred_at, {zone:String})) AS hour_of_day, ",
        call_figures!(),
        "
        FROM calls WHERE ",
        calls_kept!(),
        "
        GROUP BY 1, 2 ORDER BY 1, 2"
    ),
};

/// Calls by channel, number or manager (`by`).
pub const CALLS_BY: Question = Question {
    name: "calls_by",
    sql: concat!(
        "SELECT multiIf({by:String} = 'number', dialed_number, {by:String} = 'manager', manager_id, toString(channel)) AS name, ",
        call_figures!(),
        "
        FROM calls WHERE ",
        calls_kept!(),
        "
        GROUP BY 1 ORDER BY 1"
    ),
};

/// Deals created in the period by the channel of the last touch before: how
/// many, and how many of them are won by now.
pub const DEALS_BY_CHANNEL: Question = Question {
    name: "deals_by_channel",
    sql: "SELECT toString(created_channel), toInt64(count()), toInt64(countIf(won_at IS NOT NULL))
        FROM deals
        WHERE tenant = {tenant:String}
        AND created_at >= {from:DateTime('UTC')} AND created_at < {until:DateTime('UTC')}
        AND (empty({channel:Array(String)}) OR created_channel IN {channel:Array(String)})
        AND (empty({not_channel:Array(String)}) OR created_channel NOT IN {not_channel:Array(String)})
        AND (empty({source:Array(String)}) OR created_source IN {source:Array(String)})
        AND (empty({not_source:Array(String)}) OR created_source NOT IN {not_source:Array(String)})
        AND (empty({medium:Array(String)}) OR created_medium IN {medium:Array(String)})
        AND (empty({not_medium:Array(String)}) OR created_medium NOT IN {not_medium:Array(String)})
        AND (empty({campaign:Array(String)}) OR created_campaign IN {campaign:Array(String)})
        AND (empty({not_campaign:Array(String)}) OR created_campaign NOT IN {not_campaign:Array(String)})
        GROUP BY 1 ORDER BY 1",
};

/// The stages that deals created in the period have been in: pipeline, stage,
/// how many deals came there, went on to another stage or to the end, are won,
/// are lost, are there still; the median of seconds in it, and of how many stays.
/// Stages are in the order that deals come to them in on average.
pub const STAGES: Question = Question {
    name: "stages",
    sql: "SELECT toString(pipeline) AS pipeline_name, toString(stage) AS stage_name,
        toInt64(countIf(visit = 1)) AS came,
        toInt64(countIf(visit = 1 AND left_at IS NOT NULL)) AS went_on,
        toInt64(countIf(visit = 1 AND won_at IS NOT NULL)) AS won,
        toInt64(countIf(visit = 1 AND status = 'lost')) AS lost,
        toInt64(countIf(left_at IS NULL)) AS still,
        toInt64(ifNull(quantileExactIf(0.5)(dateDiff('second', entered_at, assumeNotNull(left_at)), left_at IS NOT NULL), 0)) AS seconds,
        toInt64(countIf(left_at IS NOT NULL)) AS stays_over
        FROM deal_stages
        WHERE tenant = {tenant:String}
        AND created_at >= {from:DateTime('UTC')} AND created_at < {until:DateTime('UTC')}
        GROUP BY pipeline, stage ORDER BY pipeline_name, avg(place), stage_name",
};

/// Deals created in the period by manager: how many, won, lost, revenue and
/// profit of the won ones.
pub const DEALS_BY_MANAGER: Question = Question {
    name: "deals_by_manager",
    sql: "SELECT toString(manager_id), toInt64(count()), toInt64(countIf(won_at IS NOT NULL)),
        toInt64(countIf(status = 'lost')),
        toInt64(sumIf(revenue, won_at IS NOT NULL) * 10000), toInt64(sumIf(profit, won_at IS NOT NULL) * 10000)
        FROM deals
        WHERE tenant = {tenant:String}
        AND created_at >= {from:DateTime('UTC')} AND created_at < {until:DateTime('UTC')}
        GROUP BY 1 ORDER BY 1",
};

/// How long after the creation of a deal its client was spoken to first, by the
/// manager of the deal: deals with such a call, the median and the mean, seconds.
pub const FIRST_RESPONSE: Question = Question {
    name: "first_response",
    sql: "SELECT toString(deal_manager), toInt64(count()),
        toInt64(quantileExact(0.5)(dateDiff('second', created, spoken))),
        toInt64(sum(dateDiff('second', created, spoken)))
        FROM
        (
            SELECT deal_manager, created, spoken
            FROM
            (
                SELECT manager_id AS deal_manager, client_id, created_at AS created
                FROM deals
                WHERE tenant = {tenant:String}
                AND created_at >= {from:DateTime('UTC')} AND created_at < {until:DateTime('UTC')}
            ) AS made
            ASOF INNER JOIN
            (
                SELECT client_id, occurred_at AS spoken
                FROM calls
                WHERE tenant = {tenant:String} AND occurred_at >= {from:DateTime('UTC')}
                AND (direction = 'outbound' OR status = 'answered')
            ) AS talks ON made.client_id = talks.client_id AND made.created <= talks.spoken
        )
        GROUP BY 1 ORDER BY 1",
};

/// The touches of the last quarter of an hour, by ten seconds and kind.
pub const LATEST_TOUCHES: Question = Question {
    name: "latest_touches",
    sql: "SELECT toInt64(intDiv(toUnixTimestamp64Milli(occurred_at), 10000) * 10), toString(kind), toInt64(count())
        FROM latest_touches
        WHERE tenant = {tenant:String} AND occurred_at > now64(3, 'UTC') - INTERVAL 15 MINUTE
        GROUP BY 1, 2 ORDER BY 1, 2",
};

/// The deals won last, within a week: deal, won, revenue, profit, path.
pub const LATEST_DEALS: Question = Question {
    name: "latest_deals",
    sql: "SELECT deal_id, toUnixTimestamp64Milli(won_at) AS won_ms,
        toInt64(journeys.revenue * 10000) AS revenue, toInt64(journeys.profit * 10000) AS profit,
        arrayMap(name -> toString(name), arrayCompact(path)) AS names
        FROM journeys
        WHERE tenant = {tenant:String} AND won_at > now64(3, 'UTC') - INTERVAL 7 DAY
        ORDER BY won_at DESC, deal_id LIMIT 20",
};

/// Rejected records of the last day that were not sent again, by topic and
/// reason: how many, and the latest.
pub const DEAD_LETTERS: Question = Question {
    name: "dead_letters",
    sql: "SELECT toString(topic), toString(reason), toInt64(count()), toUnixTimestamp64Milli(max(rejected_at))
        FROM dead_letters
        WHERE rejected_at > now64(3, 'UTC') - INTERVAL 1 DAY AND replayed_at IS NULL
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 100",
};
