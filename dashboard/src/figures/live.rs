//! The last minutes.

use crate::error::ReadError;
use crate::queries::{
    DEAD_LETTERS as LETTERS_QUESTION, LATEST_DEALS as DEALS_QUESTION,
    LATEST_TOUCHES as TOUCHES_QUESTION,
};
use crate::reader::Fence;
use crate::report::{Column, Report, Unit, Value};
use crate::texts::Text;

use super::{Ask, Reported};

/// How far back the latest touches go, seconds.
pub const LATEST_SECONDS: i64 = 900;
/// By what they are added up, seconds.
pub const LATEST_STEP: i64 = 10;

/// Touches of the last quarter of an hour.
pub const LATEST_TOUCHES: Reported = Reported {
    name: "latest_touches",
    about: "Touches of the last 15 minutes by ten seconds and kind",
    columns: &TOUCH_COLUMNS,
    read: |ask| Box::pin(touches(ask)),
};

/// Deals won last.
pub const LATEST_DEALS: Reported = Reported {
    name: "latest_deals",
    about: "The 20 deals that were won last, within a week, and the channels they came by",
    columns: &DEAL_COLUMNS,
    read: |ask| Box::pin(deals(ask)),
};

/// Rejected records.
pub const DEAD_LETTERS: Reported = Reported {
    name: "dead_letters",
    about: "Records of all tenants that were rejected within a day and not sent again, by topic and reason; for admins",
    columns: &LETTER_COLUMNS,
    read: |ask| Box::pin(letters(ask)),
};

const TOUCH_COLUMNS: [Column; 3] = [
    Column::new("at", Text::At, Unit::Time),
    Column::new("kind", Text::Kind, Unit::Text),
    Column::new("touches", Text::TouchCount, Unit::Count),
];

const DEAL_COLUMNS: [Column; 5] = [
    Column::new("deal_id", Text::Deal, Unit::Text),
    Column::new("won_at", Text::WonAt, Unit::Time),
    Column::new("revenue", Text::Revenue, Unit::Money).about(Text::AboutDealRevenue),
    Column::new("profit", Text::Profit, Unit::Money).about(Text::AboutProfit),
    Column::new("path", Text::Path, Unit::List).about(Text::AboutPath),
];

const LETTER_COLUMNS: [Column; 4] = [
    Column::new("topic", Text::Topic, Unit::Text),
    Column::new("reason", Text::Reason, Unit::Text),
    Column::new("records", Text::Records, Unit::Count),
    Column::new("latest_at", Text::LatestAt, Unit::Time),
];

row! {
    /// A deal that was won.
    struct DealRow {
        deal_id: String,
        won_ms: i64,
        revenue: i64,
        profit: i64,
        names: Vec<String>,
    }
}

async fn touches(ask: &Ask) -> Result<Report, ReadError> {
    let params = ask.params(ask.span.hours);
    let rows: Vec<(i64, String, i64)> = ask.rows(TOUCHES_QUESTION, &params).await?;
    let row = |(at, kind, count)| {
        vec![
            Value::Time(at * 1000),
            Value::Text(kind),
            Value::Count(count),
        ]
    };
    Ok(Report::new(rows.into_iter().map(row).collect()))
}

async fn deals(ask: &Ask) -> Result<Report, ReadError> {
    let params = ask.params(ask.span.hours);
    let rows: Vec<DealRow> = ask.rows(DEALS_QUESTION, &params).await?;
    let row = |row: DealRow| {
        vec![
            Value::Text(row.deal_id),
            Value::Time(row.won_ms),
            Value::Money(row.revenue),
            Value::Money(row.profit),
            Value::List(row.names),
        ]
    };
    Ok(Report::new(rows.into_iter().map(row).collect()))
}

async fn letters(ask: &Ask) -> Result<Report, ReadError> {
    if !ask.is_admin {
        // Nobody's rows are not a tenant's.
        return Ok(Report::default());
    }
    let params = ask.params(ask.span.hours);
    let rows: Vec<(String, String, i64, i64)> = ask
        .reader
        .rows(LETTERS_QUESTION, &Fence::None, &params)
        .await?;
    let row = |(topic, reason, count, latest)| {
        vec![
            Value::Text(topic),
            Value::Text(reason),
            Value::Count(count),
            Value::Time(latest),
        ]
    };
    Ok(Report::new(rows.into_iter().map(row).collect()))
}
