//! The business at a glance: the period beside the one before, over time, and
//! whether the books agree.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ReadError;
use crate::queries::{CRM, MATURITY as MATURITY_QUESTION, SHARED_OUT};
use crate::report::{Column, Report, Unit, Value, day_since_1970};
use crate::texts::Text;
use crate::view::{HOUR, Hours};

use super::{Amounts, Ask, Reported, channels, columns};

/// The period, and the one it is compared with.
pub const SUMMARY: Reported = Reported {
    name: "summary",
    about: "The whole of what is asked for: the period, and the one it is compared with",
    columns: &SUMMARY_COLUMNS,
    read: |ask| Box::pin(summary(ask)),
};

/// The same by the hour or day.
pub const SERIES: Reported = Reported {
    name: "series",
    about: "The whole of what is asked for by the day, or by the hour when the period has two days or fewer",
    columns: &SERIES_COLUMNS,
    read: |ask| Box::pin(series(ask)),
};

/// Revenue by channel over time.
pub const REVENUE_BY_CHANNEL: Reported = Reported {
    name: "revenue_by_channel",
    about: "Revenue, profit and conversions by channel and by the day, or by the hour when the period has two days or fewer",
    columns: &REVENUE_COLUMNS,
    read: |ask| Box::pin(revenue_by_channel(ask)),
};

/// Whether every model shares out just what the CRM has.
pub const RECONCILIATION: Reported = Reported {
    name: "reconciliation",
    about: "What each model shares out of the deals won in the period, beside what the CRM has of them; whatever channels are asked for",
    columns: &RECONCILIATION_COLUMNS,
    read: |ask| Box::pin(reconciliation(ask)),
};

/// After how long most deals are won.
pub const MATURITY: Reported = Reported {
    name: "maturity",
    about: "How long after the first touch nine tenths of the deals were won that were won in the 90 days before the end of the period",
    columns: &MATURITY_COLUMNS,
    read: |ask| Box::pin(maturity(ask)),
};

const SUMMARY_COLUMNS: [Column; 16] = [
    Column::new("first_day", Text::FirstDay, Unit::Day),
    Column::new("last_day", Text::LastDay, Unit::Day),
    columns::REVENUE,
    columns::SPEND,
    columns::NET_PROFIT,
    columns::ROI,
    columns::ROAS,
    columns::CONVERSIONS,
    columns::CAC,
    columns::CPL,
    columns::PROFIT,
    columns::VISITS,
    columns::LEADS,
    columns::CALLS,
    Column::new("impressions", Text::Impressions, Unit::Count),
    Column::new("clicks", Text::Clicks, Unit::Count),
];

const SERIES_COLUMNS: [Column; 12] = [
    Column::new("at", Text::At, Unit::Time),
    Column::new("revenue", Text::Revenue, Unit::Money),
    Column::new("spend", Text::Spend, Unit::Money),
    Column::new("net_profit", Text::NetProfit, Unit::Money),
    Column::new("roi", Text::Roi, Unit::Share),
    Column::new("roas", Text::Roas, Unit::Times),
    Column::new("conversions", Text::Conversions, Unit::Credit),
    Column::new("cac", Text::Cac, Unit::PerOne),
    Column::new("cpl", Text::Cpl, Unit::PerOne),
    Column::new("visits", Text::Visits, Unit::Count),
    Column::new("leads", Text::Leads, Unit::Count),
    Column::new("calls", Text::Calls, Unit::Count),
];

const REVENUE_COLUMNS: [Column; 5] = [
    Column::new("at", Text::At, Unit::Time),
    columns::CHANNEL,
    Column::new("revenue", Text::Revenue, Unit::Money),
    Column::new("profit", Text::Profit, Unit::Money),
    Column::new("conversions", Text::Conversions, Unit::Credit),
];

const RECONCILIATION_COLUMNS: [Column; 6] = [
    Column::new("model", Text::Model, Unit::Text),
    Column::new("conversions", Text::Conversions, Unit::Credit),
    Column::new("won_deals", Text::WonDeals, Unit::Count),
    Column::new("revenue", Text::Revenue, Unit::Money),
    Column::new("crm_revenue", Text::CrmRevenue, Unit::Money),
    Column::new("difference", Text::Difference, Unit::Money),
];

const MATURITY_COLUMNS: [Column; 1] = [Column::new("seconds", Text::Maturity, Unit::Seconds)];

/// What the tiles of the overview show, in the order of their columns.
fn main_figures(amounts: &Amounts) -> [Value; 8] {
    [
        Value::Money(amounts.revenue),
        Value::Money(amounts.spend),
        Value::Money(amounts.net_profit()),
        amounts.roi(),
        amounts.roas(),
        Value::Credit(amounts.conversions),
        amounts.cac(),
        amounts.cpl(),
    ]
}

async fn summary(ask: &Ask) -> Result<Report, ReadError> {
    let span = &ask.span;
    let (now, before) = tokio::try_join!(ask.over_time(), channels::total(ask, span.before))?;
    let now = now.total();
    let row = |first, last, amounts: Amounts| {
        let mut values = vec![Value::Day(first), Value::Day(last)];
        values.extend(main_figures(&amounts));
        values.extend([
            Value::Money(amounts.profit),
            Value::Count(amounts.visits),
            Value::Count(amounts.leads),
            Value::Count(amounts.calls),
            Value::Count(amounts.impressions),
            Value::Count(amounts.clicks),
        ]);
        values
    };
    Ok(Report::new(vec![
        row(span.first, span.last, now),
        row(span.before_first, span.before_last, before),
    ]))
}

async fn series(ask: &Ask) -> Result<Report, ReadError> {
    let over_time = ask.over_time().await?;
    // Steps at which nothing happened are steps too.
    let known = over_time.0.keys().copied();
    let all: BTreeSet<i64> = steps(ask).chain(known).collect();
    let row = |at: i64| {
        let amounts = over_time.at(at);
        let mut values = vec![moment(ask, at)];
        values.extend(main_figures(&amounts));
        values.extend([
            Value::Count(amounts.visits),
            Value::Count(amounts.leads),
            Value::Count(amounts.calls),
        ]);
        values
    };
    Ok(Report::new(all.into_iter().map(row).collect()))
}

async fn revenue_by_channel(ask: &Ask) -> Result<Report, ReadError> {
    let over_time = ask.over_time().await?;
    let steps = over_time.0.iter();
    let all =
        steps.flat_map(|(at, channels)| channels.iter().map(move |(name, sum)| (*at, name, sum)));
    let has_credit = |sum: &Amounts| sum.conversions != 0 || sum.revenue != 0 || sum.profit != 0;
    let rows = all
        .filter(|(_, _, sum)| has_credit(sum))
        .map(|(at, name, sum)| {
            vec![
                moment(ask, at),
                Value::text(name),
                Value::Money(sum.revenue),
                Value::Money(sum.profit),
                Value::Credit(sum.conversions),
            ]
        });
    Ok(Report::new(rows.collect()))
}

/// The hours or days of the period, up to now, as the questions count them.
fn steps(ask: &Ask) -> Box<dyn Iterator<Item = i64>> {
    let span = &ask.span;
    if span.is_hourly() {
        let until = span.hours.until.min(ask.now.timestamp() + 1);
        return Box::new((span.hours.from..until).step_by(HOUR as usize));
    }
    let (first, today) = (span.first, span.today);
    let count = span.last.min(today).signed_duration_since(first).num_days() + 1;
    let first = crate::report::days_since_1970(first);
    Box::new(first..first + count.max(0))
}

/// A step as a moment; a day as the moment its first hour starts.
fn moment(ask: &Ask, at: i64) -> Value {
    if ask.span.is_hourly() {
        return Value::Time(at * 1000);
    }
    Value::Time(crate::view::first_hour(day_since_1970(at), ask.tenant.time_zone) * 1000)
}

async fn reconciliation(ask: &Ask) -> Result<Report, ReadError> {
    let params = ask.params(ask.span.hours);
    let (shared, crm) = tokio::try_join!(
        ask.rows::<(String, i64, i64)>(SHARED_OUT, &params),
        ask.rows::<(i64, i64)>(CRM, &params),
    )?;
    let (won, crm_revenue) = crm.first().copied().unwrap_or_default();
    let mut known: BTreeMap<String, (i64, i64)> = shared
        .into_iter()
        .map(|(model, conversions, revenue)| (model, (conversions, revenue)))
        .collect();
    // A model that shares out nothing is one that lacks everything.
    for model in &ask.tenant.models {
        known.entry(model.clone()).or_default();
    }
    let row = |(model, (conversions, revenue)): (String, (i64, i64))| {
        vec![
            Value::Text(model),
            Value::Credit(conversions),
            Value::Count(won),
            Value::Money(revenue),
            Value::Money(crm_revenue),
            Value::Money(revenue - crm_revenue),
        ]
    };
    Ok(Report::new(known.into_iter().map(row).collect()))
}

async fn maturity(ask: &Ask) -> Result<Report, ReadError> {
    let until = ask.span.hours.until;
    let hours = Hours { from: until, until };
    let rows: Vec<i64> = ask.rows(MATURITY_QUESTION, &ask.params(hours)).await?;
    let row = |seconds: i64| vec![Value::Seconds(seconds as f64)];
    Ok(Report::new(rows.into_iter().map(row).collect()))
}
