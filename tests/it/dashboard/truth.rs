//! The same figures by direct queries of the views, written without regard to
//! how the dashboard asks.

use std::fmt::Write as _;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::installation::Installation;

/// What is asked, in plain values.
#[derive(Clone, Debug)]
pub struct Case {
    /// The tenant.
    pub tenant: String,
    /// The zone of its days.
    pub zone: Tz,
    /// The first and the last day.
    pub days: (NaiveDate, NaiveDate),
    /// The days it is compared with.
    pub before: (NaiveDate, NaiveDate),
    /// The model.
    pub model: String,
    /// The second model.
    pub versus: Option<String>,
    /// `conversion` or `touch`.
    pub basis: &'static str,
    /// Dimension, whether it is asked for (else left out), and values.
    pub filter: Vec<(&'static str, bool, Vec<String>)>,
    /// How many dimensions rows are told apart by, 1 to 4.
    pub level: usize,
    /// What calls are told apart by.
    pub by: &'static str,
    /// A deal.
    pub deal: String,
    /// How far before a sale a touch counts, days.
    pub lookback_days: i64,
    /// Whether a sale ends what came before.
    pub reset: bool,
}

/// Quotients of spend, revenue, profit and ppm (parts of a million of a deal).
const CAC: &str = "if(ppm = 0, NULL, toFloat64(spend) / (ppm / 1000000))";
const ROAS: &str = "if(spend = 0, NULL, toFloat64(revenue) / toFloat64(spend))";
const ROI: &str = "if(spend = 0, NULL, toFloat64(profit - spend) / toFloat64(spend))";
const CPL: &str = "if(leads + calls = 0, NULL, toFloat64(spend) / (leads + calls))";
/// Figures of calls.
const CALLS: &str = "countIf(direction = 'inbound') AS inbound,
    countIf(direction = 'inbound' AND status = 'answered'),
    countIf(direction = 'inbound' AND status = 'missed') AS missed,
    if(inbound = 0, NULL, missed / inbound),
    countIf(direction = 'inbound' AND status IN ('busy', 'voicemail')),
    countIf(direction = 'outbound'),
    length(groupUniqArrayIf(client_id, direction = 'inbound')),
    if(countIf(direction = 'inbound' AND wait_seconds >= 0) = 0, NULL, avgIf(wait_seconds, direction = 'inbound')),
    if(countIf(status = 'answered' AND talk_seconds >= 0) = 0, NULL, avgIf(talk_seconds, status = 'answered')),
    ifNull(sumIf(talk_seconds, status = 'answered'), 0),
    countIf(direction = 'inbound' AND wait_seconds >= 0)";

const DIMENSIONS: [&str; 4] = ["channel", "source", "medium", "campaign"];

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn list(texts: &[String]) -> String {
    let all: Vec<_> = texts.iter().map(|text| literal(text)).collect();
    all.join(", ")
}

impl Case {
    /// Whether the dashboard shows it by the hour.
    pub fn is_hourly(&self) -> bool {
        (self.days.1 - self.days.0).num_days() < 2
    }

    /// The end of the last day's last hour, milliseconds.
    fn until(&self) -> i64 {
        let next = self
            .days
            .1
            .succ_opt()
            .unwrap()
            .and_hms_opt(0, 0, 0)
            .unwrap();
        let start = next.and_local_timezone(self.zone).earliest().unwrap();
        let hour = 3_600_000;
        (start.timestamp_millis() + hour - 1) / hour * hour
    }

    fn tenant(&self) -> String {
        literal(&self.tenant)
    }

    /// Whether the hour that a moment is in starts on one of the days.
    pub fn within(&self, moment: &str, (first, last): (NaiveDate, NaiveDate)) -> String {
        let zone = self.zone.name();
        format!(
            "toDate(toStartOfHour(toTimeZone({moment}, 'UTC')), '{zone}') BETWEEN '{first}' AND '{last}'"
        )
    }

    /// The filter on columns with these names.
    fn kept(&self, prefix: &str) -> String {
        let mut text = "1".to_owned();
        for (dimension, is_only, values) in &self.filter {
            let not = if *is_only { "" } else { "NOT " };
            let _ = write!(text, " AND {prefix}{dimension} {not}IN ({})", list(values));
        }
        text
    }

    /// The filter on journeys: a touch of what is asked for, none of what is not.
    fn passed(&self) -> String {
        let mut text = "1".to_owned();
        for (dimension, is_only, values) in &self.filter {
            let not = if *is_only { "" } else { "NOT " };
            let _ = write!(
                text,
                " AND {not}arrayExists(x -> x IN ({}), {dimension}s)",
                list(values)
            );
        }
        text
    }

    /// The dimensions down to the level, narrower ones empty.
    fn dimensions(level: usize) -> String {
        let name = |(place, name): (usize, &&str)| {
            if place < level {
                (*name).to_owned()
            } else {
                "''".to_owned()
            }
        };
        let names: Vec<_> = DIMENSIONS.iter().enumerate().map(name).collect();
        names.join(", ")
    }

    /// Sums of traffic and of credit by what `keys` says, for these days.
    fn amounts(&self, keys: &str, days: (NaiveDate, NaiveDate), model: &str) -> String {
        let (tenant, kept, basis) = (self.tenant(), self.kept(""), self.basis);
        let within = self.within("hour", days);
        let model = literal(model);
        format!(
            "SELECT [{keys}] AS k, sum(a) AS visits, sum(b) AS leads, sum(c) AS calls, sum(d) AS missed, sum(e) AS spend,
                sum(f) AS ppm, sum(g) AS revenue, sum(h) AS profit, sum(i) AS impressions, sum(j) AS clicks
            FROM
            (
                SELECT channel, source, medium, campaign, hour, visits AS a, leads AS b, calls AS c, missed_calls AS d, spend AS e,
                    toInt64(0) AS f, toDecimal64(0, 4) AS g, toDecimal64(0, 4) AS h, impressions AS i, clicks AS j,
                    email_clicks AS l, other_touches AS m
                FROM traffic_hourly WHERE tenant = {tenant} AND {within} AND {kept}
                UNION ALL
                SELECT channel, source, medium, campaign, hour, 0, 0, 0, 0, 0, conversions_ppm, gross * 0 + revenue, profit, 0, 0, 0, 0
                FROM channel_hourly
                WHERE tenant = {tenant} AND {within} AND {kept} AND basis = '{basis}' AND model = {model}
            )
            GROUP BY k
            HAVING sum(a) != 0 OR sum(b) != 0 OR sum(c) != 0 OR sum(d) != 0 OR sum(e) != 0 OR sum(f) != 0 OR sum(g) != 0
                OR sum(h) != 0 OR sum(i) != 0 OR sum(j) != 0 OR sum(l) != 0 OR sum(m) != 0"
        )
    }

    /// Won deals with the touches of their journeys, from the credits.
    fn journeys(&self) -> String {
        let tenant = self.tenant();
        format!(
            "SELECT deal_id, deals.won_at AS won_at, deals.revenue AS revenue, deals.profit AS profit,
                arrayMap(x -> x.3, t) AS channels, arrayMap(x -> x.4, t) AS sources, arrayMap(x -> x.5, t) AS mediums,
                arrayMap(x -> x.6, t) AS campaigns, length(t) AS touches, if(empty(t), NULL, t[1].1) AS first_at
            FROM
            (
                SELECT deal_id, arraySort(groupUniqArrayIf(
                    (touch_at, touch_id, toString(channel), toString(source), toString(medium), toString(campaign)), touch_id != '')) AS t
                FROM credits WHERE tenant = {tenant} GROUP BY deal_id
            ) AS shared
            INNER JOIN (SELECT * FROM deals WHERE tenant = {tenant} AND won_at IS NOT NULL) AS deals USING (deal_id)"
        )
    }

    /// The direct query for a report; columns in the report's order. `None` where
    /// what is asked for is reckoned from other answers.
    pub fn sql(&self, report: &str) -> Option<String> {
        Some(match report {
            "summary" => self.summary(),
            "series" => self.series(),
            "revenue_by_channel" => self.revenue_by_channel(),
            "reconciliation" => self.reconciliation(),
            "maturity" => self.maturity(),
            "channels" => self.channels(),
            "models" => self.models(),
            "paths" => self.paths(),
            "touches" => self.touches(),
            "days" => self.days_to_sale(),
            "roles" => self.roles(),
            "deals" => self.deals(),
            "deal" => self.deal_itself(),
            "deal_events" => self.deal_events(),
            "deal_credits" => self.deal_credits(),
            "deal_touches" => self.deal_touches(),
            "calls" => self.calls(),
            "calls_by_hour" => self.calls_by_hour(),
            "funnel" => self.funnel(),
            "managers" => self.managers(),
            "dead_letters" => {
                "SELECT topic, reason, count(), max(rejected_at) FROM dead_letters
                WHERE replayed_at IS NULL AND rejected_at > now() - INTERVAL 1 DAY GROUP BY topic, reason"
            }
            .to_owned(),
            _ => return None,
        })
    }

    fn summary(&self) -> String {
        let row = |days: (NaiveDate, NaiveDate)| {
            let amounts = self.amounts("", days, &self.model);
            let (first, last) = days;
            // Of nothing there is a row of zeros.
            format!(
                "SELECT '{first}', '{last}', revenue, spend, profit - spend, {ROI}, {ROAS}, ppm / 1000000, {CAC}, {CPL},
                    profit, visits, leads, calls, impressions, clicks
                FROM (SELECT sum(visits) AS visits, sum(leads) AS leads, sum(calls) AS calls, sum(spend) AS spend,
                    sum(ppm) AS ppm, sum(revenue) AS revenue, sum(profit) AS profit,
                    sum(impressions) AS impressions, sum(clicks) AS clicks FROM ({amounts}))"
            )
        };
        format!("{} UNION ALL {}", row(self.days), row(self.before))
    }

    /// The hour or day of a row, as text.
    fn step(&self) -> String {
        if self.is_hourly() {
            return "toString(hour)".to_owned();
        }
        format!("toString(toDate(hour, '{}'))", self.zone.name())
    }

    fn series(&self) -> String {
        let amounts = self.amounts(&self.step(), self.days, &self.model);
        format!(
            "SELECT k[1], revenue, spend, profit - spend, {ROI}, {ROAS}, ppm / 1000000, {CAC}, {CPL}, visits, leads, calls
            FROM ({amounts}) WHERE revenue != 0 OR spend != 0 OR profit != 0 OR ppm != 0 OR visits != 0 OR leads != 0 OR calls != 0"
        )
    }

    fn revenue_by_channel(&self) -> String {
        let amounts = self.amounts(&format!("{}, channel", self.step()), self.days, &self.model);
        format!(
            "SELECT k[1], k[2], revenue, profit, ppm / 1000000 FROM ({amounts})
            WHERE ppm != 0 OR revenue != 0 OR profit != 0"
        )
    }

    fn reconciliation(&self) -> String {
        let tenant = self.tenant();
        let within = self.within("hour", self.days);
        let won = self.within("assumeNotNull(won_at)", self.days);
        format!(
            "WITH (SELECT (count(), sum(revenue)) FROM deals WHERE tenant = {tenant} AND won_at IS NOT NULL AND {won}) AS crm
            SELECT model, ppm / 1000000, crm.1, shared, crm.2, shared - crm.2
            FROM (SELECT toString(arrayJoin(models)) AS model FROM tenants WHERE tenant = {tenant}) AS m
            LEFT JOIN (SELECT toString(model) AS model, sum(conversions_ppm) AS ppm, sum(revenue) AS shared
                FROM channel_hourly WHERE tenant = {tenant} AND basis = 'conversion' AND {within} GROUP BY model) AS s USING (model)"
        )
    }

    fn maturity(&self) -> String {
        let (until, journeys) = (self.until(), self.journeys());
        format!(
            "SELECT quantileExact(0.9)(toInt64(intDiv(toUnixTimestamp64Milli(assumeNotNull(won_at)), 1000)
                - intDiv(toUnixTimestamp64Milli(assumeNotNull(first_at)), 1000)))
            FROM ({journeys}) WHERE touches > 0 AND toUnixTimestamp64Milli(assumeNotNull(won_at)) >= {until} - 7776000000
            AND toUnixTimestamp64Milli(assumeNotNull(won_at)) < {until} HAVING count() > 0"
        )
    }

    fn channels(&self) -> String {
        let keys = Self::dimensions(self.level);
        let one = self.amounts(&keys, self.days, &self.model);
        let (two, versus) = match &self.versus {
            Some(versus) => (
                self.amounts(&keys, self.days, versus),
                "ppm2 / 1000000, revenue2, if(spend = 0, NULL, toFloat64(profit2 - spend) / toFloat64(spend)), revenue2 - revenue",
            ),
            None => (one.clone(), "NULL, NULL, NULL, NULL"),
        };
        format!(
            "SELECT k[1], k[2], k[3], k[4], visits, leads, calls, missed, spend, ppm / 1000000, revenue, profit, profit - spend,
                {CPL}, {CAC}, {ROAS}, {ROI}, {versus}
            FROM
            (
                SELECT k, max(visits) AS visits, max(leads) AS leads, max(calls) AS calls, max(missed) AS missed, max(spend) AS spend,
                    sum(ppm1) AS ppm, sum(revenue1) AS revenue, sum(profit1) AS profit,
                    sum(ppm0) AS ppm2, sum(revenue0) AS revenue2, sum(profit0) AS profit2
                FROM
                (
                    SELECT k, visits, leads, calls, missed, spend, ppm AS ppm1, revenue AS revenue1, profit AS profit1,
                        ppm * 0 AS ppm0, revenue * 0 AS revenue0, profit * 0 AS profit0 FROM ({one})
                    UNION ALL
                    SELECT k, visits, leads, calls, missed, spend, ppm * 0, revenue * 0, profit * 0, ppm, revenue, profit FROM ({two})
                )
                GROUP BY k
            )"
        )
    }

    fn models(&self) -> String {
        let (tenant, kept, basis) = (self.tenant(), self.kept(""), self.basis);
        let (keys, within) = (Self::dimensions(self.level), self.within("hour", self.days));
        format!(
            "WITH
                spent AS (SELECT [{keys}] AS k, sum(spend) AS spend, sum(visits + calls + leads + missed_calls
                    + email_clicks + other_touches + impressions + clicks) AS traffic
                    FROM traffic_hourly WHERE tenant = {tenant} AND {within} AND {kept} GROUP BY k),
                shared AS (SELECT [{keys}] AS k, toString(model) AS model, sum(conversions_ppm) AS ppm,
                    sum(revenue) AS revenue, sum(profit) AS profit
                    FROM channel_hourly WHERE tenant = {tenant} AND {within} AND {kept} AND basis = '{basis}' GROUP BY k, model),
                names AS (SELECT DISTINCT k FROM (SELECT k FROM spent WHERE traffic != 0 OR spend != 0
                    UNION ALL SELECT k FROM shared WHERE ppm != 0 OR revenue != 0 OR profit != 0)),
                everything AS (SELECT k, model, spend, ppm, revenue, profit
                    FROM (SELECT k, toString(model) AS model FROM names
                        CROSS JOIN (SELECT arrayJoin(models) AS model FROM tenants WHERE tenant = {tenant}) AS t) AS m
                    LEFT JOIN spent USING (k) LEFT JOIN shared USING (k, model))
            SELECT k[1], k[2], k[3], k[4], model, spend, ppm / 1000000, revenue, profit - spend, {CAC}, {ROAS}, {ROI},
                rank() OVER (PARTITION BY model ORDER BY revenue DESC)
            FROM everything"
        )
    }

    /// Where the journeys that are asked for come from.
    fn of_journeys(&self) -> String {
        let within = self.within("assumeNotNull(won_at)", self.days);
        format!(
            "FROM ({}) WHERE {within} AND {}",
            self.journeys(),
            self.passed()
        )
    }

    fn paths(&self) -> String {
        let of_journeys = self.of_journeys();
        format!(
            "SELECT arrayStringConcat(arrayCompact(channels), ' > ') AS path, count() AS n, sum(revenue), sum(profit),
                avg(touches), avg(if(first_at IS NULL, 0, intDiv(toUnixTimestamp64Milli(assumeNotNull(won_at)), 1000)
                    - intDiv(toUnixTimestamp64Milli(assumeNotNull(first_at)), 1000)))
            {of_journeys} GROUP BY path ORDER BY n DESC, sum(revenue) DESC, arrayCompact(any(channels)) LIMIT 200"
        )
    }

    fn touches(&self) -> String {
        let of_journeys = self.of_journeys();
        format!(
            "SELECT multiIf(touches < 4, touches, touches < 6, 4, touches < 8, 6, touches < 11, 8, touches < 16, 11, 16) AS low,
                if(low = 16, NULL, multiIf(low < 4, low, low = 4, 5, low = 6, 7, low = 8, 10, 15)), count(), sum(revenue)
            {of_journeys} GROUP BY low"
        )
    }

    fn days_to_sale(&self) -> String {
        let of_journeys = self.of_journeys();
        format!(
            "SELECT multiIf(d < 2, d, d < 4, 2, d < 8, 4, d < 15, 8, d < 31, 15, d < 61, 31, 61) AS low,
                if(low = 61, NULL, multiIf(low < 2, low, low = 2, 3, low = 4, 7, low = 8, 14, low = 15, 30, 60)), count(), sum(revenue)
            FROM (SELECT revenue, intDiv(intDiv(toUnixTimestamp64Milli(assumeNotNull(won_at)), 1000)
                - intDiv(toUnixTimestamp64Milli(assumeNotNull(first_at)), 1000), 86400) AS d {of_journeys} AND touches > 0)
            GROUP BY low"
        )
    }

    fn roles(&self) -> String {
        let of_journeys = self.of_journeys();
        format!(
            "SELECT one, sum(first), sum(middle), sum(last), sum(only), count(), sum(revenue)
            FROM
            (
                SELECT revenue, arrayJoin(arrayDistinct(channels)) AS one, length(channels) AS n,
                    n > 1 AND channels[1] = one AS first, n > 1 AND channels[n] = one AS last, n = 1 AS only,
                    countEqual(arraySlice(channels, 2, n - 2), one) AS middle
                {of_journeys} AND touches > 0
            )
            GROUP BY one"
        )
    }

    fn deals(&self) -> String {
        let tenant = self.tenant();
        let created = self.within("created_at", self.days);
        let won = self.within("assumeNotNull(won_at)", self.days);
        format!(
            "SELECT deal_id, status, stage, pipeline, manager_id, created_at, won_at, revenue, profit, client_id
            FROM deals WHERE tenant = {tenant} AND ({created} OR (won_at IS NOT NULL AND {won}))
            ORDER BY if(won_at > created_at, won_at, created_at) DESC, deal_id LIMIT 200"
        )
    }

    /// The condition that a row is of the deal.
    fn of_deal(&self) -> String {
        format!(
            "tenant = {} AND deal_id = {}",
            self.tenant(),
            literal(&self.deal)
        )
    }

    fn deal_itself(&self) -> String {
        format!(
            "SELECT deal_id, status, stage, pipeline, manager_id, created_at, won_at, revenue, profit, client_id,
                gross, refunds, cost FROM deals WHERE {}",
            self.of_deal()
        )
    }

    fn deal_events(&self) -> String {
        format!(
            "SELECT event, occurred_at, stage, manager_id, origin_topic, origin_partition, origin_offset
            FROM deal_events WHERE {} ORDER BY position",
            self.of_deal()
        )
    }

    fn deal_credits(&self) -> String {
        format!(
            "SELECT touch_id, model, credit_ppm / 1000000, revenue, profit FROM credits WHERE {}",
            self.of_deal()
        )
    }

    fn deal_touches(&self) -> String {
        let (tenant, of_deal) = (self.tenant(), self.of_deal());
        let lookback = self.lookback_days * 86_400_000;
        let reset = u8::from(self.reset);
        format!(
            "WITH
                (SELECT client_id FROM deals WHERE {of_deal}) AS who,
                (SELECT toUnixTimestamp64Milli(won_at) FROM deals WHERE {of_deal}) AS won
            SELECT touch_id, t.kind, t.occurred_at, t.channel, t.source, t.medium, t.campaign, t.content, t.term,
                multiIf(touch_id IN (SELECT touch_id FROM credits WHERE {of_deal}), 'credited',
                    won IS NULL, 'open', ms > won, 'after_sale', ms < won - {lookback}, 'too_old',
                    t.channel = 'Direct', 'direct', {reset} = 1, 'before_reset', 'no_share'),
                c.direction, c.status, c.wait_seconds, c.talk_seconds, c.manager_id,
                t.origin_topic, t.origin_partition, t.origin_offset
            FROM (SELECT *, toUnixTimestamp64Milli(occurred_at) AS ms FROM touchpoints WHERE tenant = {tenant} AND client_id = who) AS t
            LEFT JOIN (SELECT touch_id, toNullable(direction) AS direction, toNullable(status) AS status, wait_seconds, talk_seconds,
                toNullable(manager_id) AS manager_id FROM calls WHERE tenant = {tenant} AND client_id = who) AS c USING (touch_id)
            UNION ALL
            SELECT touch_id, 'call', occurred_at, '', '', '', '', '', '', 'outbound', toNullable(direction), toNullable(status),
                wait_seconds, talk_seconds, toNullable(manager_id), origin_topic, origin_partition, origin_offset
            FROM calls WHERE tenant = {tenant} AND client_id = who AND direction = 'outbound'"
        )
    }

    /// Where the calls that are asked for come from.
    fn of_calls(&self) -> String {
        let within = self.within("occurred_at", self.days);
        format!(
            "FROM calls WHERE tenant = {} AND {within} AND {}",
            self.tenant(),
            self.kept("")
        )
    }

    fn calls(&self) -> String {
        let by = match self.by {
            "number" => "dialed_number",
            "manager" => "manager_id",
            _ => "channel",
        };
        format!(
            "SELECT {by} AS name, {CALLS} {} GROUP BY name",
            self.of_calls()
        )
    }

    fn calls_by_hour(&self) -> String {
        let zone = self.zone.name();
        format!(
            "SELECT toDayOfWeek(toTimeZone(occurred_at, '{zone}')) AS d, toHour(toTimeZone(occurred_at, '{zone}')) AS h, {CALLS}
            {} GROUP BY d, h",
            self.of_calls()
        )
    }

    fn funnel(&self) -> String {
        let tenant = self.tenant();
        let amounts = self.amounts("channel", self.days, &self.model);
        let (kept, created) = (self.kept("created_"), self.within("created_at", self.days));
        format!(
            "SELECT n, visits, leads, calls, if(visits = 0, NULL, (leads + calls) / visits), made,
                if(leads + calls = 0, NULL, made / (leads + calls)), won, if(made = 0, NULL, won / made), ppm / 1000000,
                if(visits = 0, NULL, ppm / 1000000 / visits)
            FROM (SELECT toString(k[1]) AS n, visits, leads, calls, ppm FROM ({amounts})) AS a
            FULL JOIN (SELECT toString(created_channel) AS n, count() AS made, countIf(won_at IS NOT NULL) AS won
                FROM deals WHERE tenant = {tenant} AND {created} AND {kept} GROUP BY n) AS b USING (n)"
        )
    }

    fn managers(&self) -> String {
        let (tenant, zone, (day, _)) = (self.tenant(), self.zone.name(), self.days);
        let (created, of_calls) = (self.within("created_at", self.days), self.of_calls());
        format!(
            "SELECT name, made, won, lost, if(made = 0, NULL, won / made), revenue, profit, inbound, missed,
                if(inbound = 0, NULL, missed / inbound), outbound, talked, if(talks = 0, NULL, talked / talks), response
            FROM
            (
                SELECT manager_id AS name, count() AS made, countIf(won_at IS NOT NULL) AS won, countIf(status = 'lost') AS lost,
                    sumIf(deals.revenue, won_at IS NOT NULL) AS revenue, sumIf(deals.profit, won_at IS NOT NULL) AS profit
                FROM deals WHERE tenant = {tenant} AND {created} GROUP BY name
            ) AS d
            FULL JOIN
            (
                SELECT manager_id AS name, countIf(direction = 'inbound') AS inbound,
                    countIf(direction = 'inbound' AND status = 'missed') AS missed, countIf(direction = 'outbound') AS outbound,
                    ifNull(sumIf(talk_seconds, status = 'answered'), 0) AS talked, countIf(status = 'answered' AND talk_seconds >= 0) AS talks
                {of_calls} GROUP BY name
            ) AS c USING (name)
            LEFT JOIN
            (
                SELECT manager AS name, toNullable(quantileExact(0.5)(s)) AS response FROM
                (
                    SELECT deals.manager_id AS manager, deal_id, min(dateDiff('second', created_at, occurred_at)) AS s
                    FROM (SELECT * FROM deals WHERE tenant = {tenant} AND {created}) AS deals
                    INNER JOIN (SELECT client_id, occurred_at FROM calls WHERE tenant = {tenant}
                        AND (direction = 'outbound' OR status = 'answered')
                        AND toDate(toStartOfHour(toTimeZone(occurred_at, 'UTC')), '{zone}') >= '{day}') AS talks USING (client_id)
                    WHERE occurred_at >= created_at GROUP BY manager, deal_id
                )
                GROUP BY name
            ) AS r USING (name)"
        )
    }

    /// The rows of a report by a direct query, every cell as text; NULL is empty.
    pub fn rows(&self, line: &Installation, report: &str) -> Option<Vec<Vec<String>>> {
        let sql = self.sql(report)?;
        let answer = line.query(&format!(
            "{sql} SETTINGS join_use_nulls = 0 FORMAT JSONCompactStringsEachRow"
        ));
        let row = |line: &str| {
            let cells: Vec<serde_json::Value> = serde_json::from_str(line).unwrap();
            let text = |cell: &serde_json::Value| match cell.as_str() {
                None | Some("\\N" | "ᴺᵁᴸᴸ") => String::new(),
                Some(text) => text.to_owned(),
            };
            cells.iter().map(text).collect()
        };
        Some(answer.lines().map(row).collect())
    }
}
