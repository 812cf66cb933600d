//! The ways that won deals came, and the deals.

use crate::error::ReadError;
use crate::queries::{
    DAYS as DAYS_QUESTION, DEALS as DEALS_QUESTION, PATHS as PATHS_QUESTION,
    ROLES as ROLES_QUESTION, TOUCHES as TOUCHES_QUESTION,
};
use crate::reader::Question;
use crate::report::{Column, Report, Unit, Value};
use crate::texts::Text;

use super::{Ask, Reported, columns};

/// A list has so many rows at most.
const LIMIT: usize = 200;

/// The paths that most deals took.
pub const PATHS: Reported = Reported {
    name: "paths",
    about: "The channels that deals won in the period came by, in order, repeated ones once; the 200 most frequent",
    columns: &PATHS_COLUMNS,
    read: |ask| Box::pin(paths(ask)),
};

/// Deals by the number of touches.
pub const TOUCHES: Reported = Reported {
    name: "touches",
    about: "Deals won in the period by the number of their touches, in ranges; the last one is open",
    columns: &TOUCHES_COLUMNS,
    read: |ask| Box::pin(counted(ask, TOUCHES_QUESTION, &TOUCH_RANGES)),
};

/// Deals by the days they took.
pub const DAYS: Reported = Reported {
    name: "days",
    about: "Deals won in the period by the whole days since the first touch, in ranges; the last one is open",
    columns: &DAYS_COLUMNS,
    read: |ask| Box::pin(counted(ask, DAYS_QUESTION, &DAY_RANGES)),
};

/// The part that channels play.
pub const ROLES: Reported = Reported {
    name: "roles",
    about: "How often each channel is the first, a middle, the last or the only touch of a deal won in the period",
    columns: &ROLES_COLUMNS,
    read: |ask| Box::pin(roles(ask)),
};

/// Deals of the period.
pub const DEALS: Reported = Reported {
    name: "deals",
    about: "Deals created or won in the period, the newest first, 200 at most",
    columns: &DEALS_COLUMNS,
    read: |ask| Box::pin(deals(ask)),
};

const PATHS_COLUMNS: [Column; 6] = [
    Column::new("path", Text::Path, Unit::List).about(Text::AboutPath),
    Column::new("deals", Text::WonDeals, Unit::Count).more(),
    Column::new("revenue", Text::Revenue, Unit::Money)
        .about(Text::AboutDealRevenue)
        .more(),
    columns::PROFIT,
    Column::new("touches", Text::TouchesEach, Unit::Times).about(Text::AboutTouches),
    Column::new("seconds", Text::TimeToSale, Unit::Seconds).about(Text::AboutTimeToSale),
];

/// Where the ranges of touches and of days begin; each ends before the next.
const TOUCH_RANGES: [i64; 9] = [0, 1, 2, 3, 4, 6, 8, 11, 16];
const DAY_RANGES: [i64; 8] = [0, 1, 2, 4, 8, 15, 31, 61];

const TOUCHES_COLUMNS: [Column; 4] = [
    Column::new("from", Text::TouchCount, Unit::Count).about(Text::AboutTouches),
    Column::new("to", Text::To, Unit::Count),
    Column::new("deals", Text::WonDeals, Unit::Count),
    Column::new("revenue", Text::Revenue, Unit::Money).about(Text::AboutDealRevenue),
];

const DAYS_COLUMNS: [Column; 4] = [
    Column::new("from", Text::DaysToSale, Unit::Count).about(Text::AboutTimeToSale),
    Column::new("to", Text::To, Unit::Count),
    Column::new("deals", Text::WonDeals, Unit::Count),
    Column::new("revenue", Text::Revenue, Unit::Money).about(Text::AboutDealRevenue),
];

const ROLES_COLUMNS: [Column; 7] = [
    columns::CHANNEL,
    Column::new("first", Text::RoleFirst, Unit::Count).about(Text::AboutRoles),
    Column::new("middle", Text::RoleMiddle, Unit::Count).about(Text::AboutRoles),
    Column::new("last", Text::RoleLast, Unit::Count).about(Text::AboutRoles),
    Column::new("only", Text::RoleOnly, Unit::Count).about(Text::AboutRoles),
    Column::new("deals", Text::WonDeals, Unit::Count),
    Column::new("revenue", Text::TouchedRevenue, Unit::Money).about(Text::AboutTouchedRevenue),
];

const DEALS_COLUMNS: [Column; 10] = [
    Column::new("deal_id", Text::Deal, Unit::Text),
    Column::new("status", Text::Status, Unit::Text),
    Column::new("stage", Text::Stage, Unit::Text),
    Column::new("pipeline", Text::Pipeline, Unit::Text),
    Column::new("manager_id", Text::Manager, Unit::Text),
    Column::new("created_at", Text::CreatedAt, Unit::Time),
    Column::new("won_at", Text::WonAt, Unit::Time),
    Column::new("revenue", Text::Revenue, Unit::Money).about(Text::AboutDealRevenue),
    Column::new("profit", Text::Profit, Unit::Money).about(Text::AboutProfit),
    Column::new("client_id", Text::Client, Unit::Text).about(Text::AboutClient),
];

row! {
    /// A path.
    struct PathRow {
        names: Vec<String>,
        deals: i64,
        revenue: i64,
        profit: i64,
        all_touches: i64,
        seconds: i64,
    }
}

async fn paths(ask: &Ask) -> Result<Report, ReadError> {
    let params = ask.params(ask.span.hours);
    let rows: Vec<PathRow> = ask.rows(PATHS_QUESTION, &params).await?;
    let row = |row: PathRow| {
        vec![
            Value::List(row.names),
            Value::Count(row.deals),
            Value::Money(row.revenue),
            Value::Money(row.profit),
            Value::ratio(row.all_touches, row.deals),
            Value::mean_seconds(row.seconds, row.deals),
        ]
    };
    let mut report = Report::new(rows.into_iter().map(row).collect());
    report.cut(LIMIT);
    Ok(report)
}

async fn counted(ask: &Ask, question: Question, ranges: &[i64]) -> Result<Report, ReadError> {
    let rows: Vec<(i64, i64, i64)> = ask.rows(question, &ask.params(ask.span.hours)).await?;
    let mut report = Report::default();
    for (place, from) in ranges.iter().enumerate() {
        let next = ranges.get(place + 1);
        let within = |count: i64| count >= *from && next.is_none_or(|next| count < *next);
        let (mut deals, mut revenue) = (0, 0);
        for row in rows.iter().filter(|row| within(row.0)) {
            deals += row.1;
            revenue += row.2;
        }
        if deals > 0 {
            report.rows.push(vec![
                Value::Count(*from),
                next.map_or(Value::Nothing, |next| Value::Count(next - 1)),
                Value::Count(deals),
                Value::Money(revenue),
            ]);
        }
    }
    Ok(report)
}

async fn roles(ask: &Ask) -> Result<Report, ReadError> {
    let params = ask.params(ask.span.hours);
    let rows: Vec<(String, i64, i64, i64, i64, i64, i64)> =
        ask.rows(ROLES_QUESTION, &params).await?;
    let row = |(channel, first, middle, last, only, deals, revenue)| {
        vec![
            Value::Text(channel),
            Value::Count(first),
            Value::Count(middle),
            Value::Count(last),
            Value::Count(only),
            Value::Count(deals),
            Value::Money(revenue),
        ]
    };
    let mut report = Report::new(rows.into_iter().map(row).collect());
    report.sort(ROLES_COLUMNS.len() - 2, true);
    Ok(report)
}

row! {
    /// A deal.
    struct DealRow {
        deal_id: String,
        status: String,
        stage: String,
        pipeline: String,
        manager_id: String,
        created_ms: i64,
        won_ms: Option<i64>,
        revenue: i64,
        profit: i64,
        client_id: String,
    }
}

async fn deals(ask: &Ask) -> Result<Report, ReadError> {
    let rows: Vec<DealRow> = ask
        .rows(DEALS_QUESTION, &ask.params(ask.span.hours))
        .await?;
    let row = |row: DealRow| {
        vec![
            Value::Text(row.deal_id),
            Value::Text(row.status),
            Value::Text(row.stage),
            Value::Text(row.pipeline),
            Value::Text(row.manager_id),
            Value::Time(row.created_ms),
            Value::time(row.won_ms),
            Value::Money(row.revenue),
            Value::Money(row.profit),
            Value::Text(row.client_id),
        ]
    };
    let mut report = Report::new(rows.into_iter().map(row).collect());
    report.cut(LIMIT);
    Ok(report)
}
