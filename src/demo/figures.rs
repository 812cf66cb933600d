//! What ClickHouse shows: the channels, and whether the books agree.

use chrono::{NaiveDate, TimeDelta};
use throughline_sink::{ClickHouse, SinkError};

use super::args::Basis;

/// The tenant of the generated traffic.
const TENANT: &str = "default";

/// A channel over all days; money in 1/10000.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// What advertising cost.
    pub spend: i64,
    /// Visits.
    pub visits: i64,
    /// Forms and inbound calls.
    pub leads: i64,
    /// Credit for won deals, in parts of a million.
    pub conversions_ppm: i64,
    /// Its share of the revenue.
    pub revenue: i64,
    /// Its share of the profit before advertising.
    pub profit: i64,
}

/// Everything at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// The channels, the highest revenue first.
    pub channels: Vec<Channel>,
    /// The first and the last day.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// The revenue of all won deals by the CRM.
    pub crm_revenue: i64,
    /// How many they are.
    pub won_deals: u64,
    /// The revenue of all shares of them.
    pub credited_revenue: i64,
    /// How long ago the youngest touch happened, milliseconds.
    pub youngest: Option<i64>,
    /// Rejected records.
    pub rejected: u64,
}

impl Channel {
    /// Adds another one's figures.
    pub fn add(&mut self, other: &Self) {
        self.spend += other.spend;
        self.visits += other.visits;
        self.leads += other.leads;
        self.conversions_ppm += other.conversions_ppm;
        self.revenue += other.revenue;
        self.profit += other.profit;
    }
}

impl Figures {
    /// All channels together.
    pub fn total(&self) -> Channel {
        let mut total = Channel::default();
        for channel in &self.channels {
            total.add(channel);
        }
        total
    }

    /// What the CRM has and the channels, or the shares of deals, have not.
    pub fn difference(&self) -> i64 {
        let table = self.crm_revenue - self.total().revenue;
        if table != 0 {
            return table;
        }
        self.crm_revenue - self.credited_revenue
    }
}

/// A row of the query for channels: the fields of [`Channel`], the first day
/// and the last one.
type Row = (String, i64, i64, i64, i64, i64, i64, i32, i32);

/// Reads the figures of a model and basis.
pub fn read(clickhouse: &ClickHouse, model: &str, basis: Basis) -> Result<Figures, SinkError> {
    let (model, basis) = (literal(model), basis.name());
    let rows: Vec<Row> = clickhouse.rows(
        "read channel_roi",
        &format!(
            "SELECT toString(channel), toInt64(sum(spend) * 10000), toInt64(sum(visits)),
                 toInt64(sum(leads) + sum(calls)), toInt64(sum(conversions) * 1000000),
                 toInt64(sum(revenue) * 10000), toInt64(sum(profit) * 10000),
                 toInt32(min(day)), toInt32(max(day))
             FROM channel_roi
             WHERE tenant = '{TENANT}' AND model = {model} AND basis = '{basis}'
             GROUP BY channel"
        ),
    )?;
    let (crm_revenue, won_deals) = clickhouse.scalar(
        "read deals",
        &format!(
            "SELECT toInt64(sum(revenue) * 10000), count() FROM deals
             WHERE tenant = '{TENANT}' AND won_at IS NOT NULL"
        ),
    )?;
    let credited_revenue = clickhouse.scalar(
        "read credits",
        &format!(
            "SELECT toInt64(sum(revenue) * 10000) FROM credits
             WHERE tenant = '{TENANT}' AND model = {model}"
        ),
    )?;
    let (touches, youngest): (u64, i64) = clickhouse.scalar(
        "read touchpoints",
        &format!(
            "SELECT count(), dateDiff('millisecond', max(occurred_at), now64(3, 'UTC'))
             FROM touchpoints WHERE tenant = '{TENANT}'"
        ),
    )?;
    let rejected = clickhouse.scalar("read dead_letters", "SELECT count() FROM dead_letters")?;
    let first = rows.iter().map(|row| row.7).min();
    let last = rows.iter().map(|row| row.8).max();
    let mut channels: Vec<Channel> = rows.into_iter().map(channel).collect();
    channels.sort_by(|a, b| {
        let order = (b.revenue, b.spend).cmp(&(a.revenue, a.spend));
        order.then_with(|| a.name.cmp(&b.name))
    });
    Ok(Figures {
        channels,
        days: first.map(day).zip(last.map(day)),
        crm_revenue,
        won_deals,
        credited_revenue,
        youngest: (touches > 0).then_some(youngest),
        rejected,
    })
}

fn channel(row: Row) -> Channel {
    let (name, spend, visits, leads, conversions_ppm, revenue, profit, _, _) = row;
    Channel {
        name,
        spend,
        visits,
        leads,
        conversions_ppm,
        revenue,
        profit,
    }
}

fn day(since_1970: i32) -> NaiveDate {
    NaiveDate::default() + TimeDelta::days(i64::from(since_1970))
}

/// A text for SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
