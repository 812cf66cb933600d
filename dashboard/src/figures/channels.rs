//! Channels, down to campaigns: traffic and spend beside the credit of one
//! model, or of two.

use std::collections::BTreeMap;

use crate::error::ReadError;
use crate::queries::{CREDIT, TRAFFIC};
use crate::reader::{Param, Params};
use crate::report::{Column, Report, Unit, Value};
use crate::texts::Text;
use crate::view::{Dimension, Hours};

use super::{Amounts, Ask, Reported, columns};

/// Channels with their traffic, spend, credit and ratios.
pub const CHANNELS: Reported = Reported {
    name: "channels",
    about: "Traffic, spend, credit and ratios by channel and, as deep as `level` says, source, medium and campaign; with `versus`, the credit of a second model and the difference",
    columns: &COLUMNS,
    read: |ask| Box::pin(read(ask)),
};

/// How many columns name the row.
pub const NAMES: usize = 4;

const COLUMNS: [Column; 21] = [
    columns::CHANNEL,
    columns::SOURCE,
    columns::MEDIUM,
    columns::CAMPAIGN,
    columns::VISITS,
    columns::LEADS,
    columns::CALLS,
    Column::new("missed_calls", Text::MissedCalls, Unit::Count)
        .about(Text::AboutMissedCalls)
        .less(),
    columns::SPEND,
    columns::CONVERSIONS,
    columns::REVENUE,
    columns::PROFIT,
    columns::NET_PROFIT,
    columns::CPL,
    columns::CAC,
    columns::ROAS,
    columns::ROI,
    Column::new("versus_conversions", Text::VersusConversions, Unit::Credit),
    Column::new("versus_revenue", Text::VersusRevenue, Unit::Money),
    Column::new("versus_roi", Text::VersusRoi, Unit::Share),
    Column::new("revenue_difference", Text::RevenueDifference, Unit::Money)
        .about(Text::AboutDifference),
];

/// What a page has no room for: the API gives it.
const LEFT_OUT: [&str; 2] = ["missed_calls", "profit"];

/// The places of the columns that a page shows: dimensions down to a level, and
/// the second model's when there is one.
pub fn columns(level: Dimension, has_versus: bool) -> Vec<usize> {
    let names = 0..=level as usize;
    let figures = NAMES..if has_versus {
        COLUMNS.len()
    } else {
        COLUMNS.len() - 4
    };
    let all = names.chain(figures);
    all.filter(|place| !LEFT_OUT.contains(&COLUMNS[*place].name))
        .collect()
}

/// The name of a row: channel, source, medium, campaign; empty below the level.
pub type Name = [String; NAMES];

row! {
    /// Credit in one model.
    struct CreditRow {
        channel_name: String,
        source_name: String,
        medium_name: String,
        campaign_name: String,
        model_name: String,
        conversions: i64,
        revenue: i64,
        profit: i64,
    }
}

row! {
    /// Traffic and spend.
    struct TrafficRow {
        channel_name: String,
        source_name: String,
        medium_name: String,
        campaign_name: String,
        visits: i64,
        calls: i64,
        missed_calls: i64,
        leads: i64,
        email_clicks: i64,
        other_touches: i64,
        spend: i64,
        impressions: i64,
        clicks: i64,
    }
}

/// Amounts by name and by model, with the same traffic beside every model.
/// `level` -1: all in one row.
pub async fn amounts(
    ask: &Ask,
    params: &Params,
    level: i64,
    models: &[String],
) -> Result<BTreeMap<Name, Vec<Amounts>>, ReadError> {
    let params = params
        .clone()
        .number("level", level)
        .with("models", Param::Texts(models.to_vec()));
    let (credit, traffic) = tokio::try_join!(
        ask.rows::<CreditRow>(CREDIT, &params),
        ask.rows::<TrafficRow>(TRAFFIC, &params),
    )?;
    let mut all: BTreeMap<Name, Vec<Amounts>> = BTreeMap::new();
    let nothing = || vec![Amounts::default(); models.len()];
    for row in traffic {
        let name = [
            row.channel_name,
            row.source_name,
            row.medium_name,
            row.campaign_name,
        ];
        for amounts in all.entry(name).or_insert_with(nothing) {
            *amounts = Amounts {
                visits: row.visits,
                calls: row.calls,
                missed_calls: row.missed_calls,
                leads: row.leads,
                email_clicks: row.email_clicks,
                other_touches: row.other_touches,
                spend: row.spend,
                impressions: row.impressions,
                clicks: row.clicks,
                ..*amounts
            };
        }
    }
    for row in credit {
        let name = [
            row.channel_name,
            row.source_name,
            row.medium_name,
            row.campaign_name,
        ];
        let amounts = all.entry(name).or_insert_with(nothing);
        let place = models.iter().position(|model| *model == row.model_name);
        if let Some(amounts) = place.and_then(|place| amounts.get_mut(place)) {
            amounts.conversions = row.conversions;
            amounts.revenue = row.revenue;
            amounts.profit = row.profit;
        }
    }
    all.retain(|_, amounts| amounts.iter().any(|amounts| *amounts != Amounts::default()));
    Ok(all)
}

/// The amounts of everything that is asked for in some hours, in one model.
pub async fn total(ask: &Ask, hours: Hours) -> Result<Amounts, ReadError> {
    let models = [ask.model.clone()];
    let rows = amounts(ask, &ask.params(hours), -1, &models).await?;
    let first = rows.values().flatten().next();
    Ok(first.copied().unwrap_or_default())
}

async fn read(ask: &Ask) -> Result<Report, ReadError> {
    let level = ask.view.level.unwrap_or(Dimension::Channel);
    let mut models = vec![ask.model.clone()];
    models.extend(ask.versus.clone());
    let rows = amounts(ask, &ask.params(ask.span.hours), level as i64, &models).await?;
    Ok(report_of(&rows, models.len()))
}

/// The rows as a report, with their sums, the greatest revenue first.
pub fn report_of(rows: &BTreeMap<Name, Vec<Amounts>>, models: usize) -> Report {
    let mut total = vec![Amounts::default(); models];
    for row in rows.values() {
        for (sum, amounts) in total.iter_mut().zip(row) {
            *sum += *amounts;
        }
    }
    let names = |name: &Name| name.iter().map(Value::text).collect();
    let mut report = Report::new(
        rows.iter()
            .map(|(name, amounts)| values(names(name), amounts))
            .collect(),
    )
    .with_total(values(vec![Value::Nothing; NAMES], &total));
    let revenue = COLUMNS.iter().position(|column| column.name == "revenue");
    report.sort(revenue.unwrap_or_default(), true);
    report
}

fn values(mut values: Vec<Value>, amounts: &[Amounts]) -> Vec<Value> {
    let one = amounts.first().copied().unwrap_or_default();
    values.extend([
        Value::Count(one.visits),
        Value::Count(one.leads),
        Value::Count(one.calls),
        Value::Count(one.missed_calls),
        Value::Money(one.spend),
        Value::Credit(one.conversions),
        Value::Money(one.revenue),
        Value::Money(one.profit),
        Value::Money(one.net_profit()),
        one.cpl(),
        one.cac(),
        one.roas(),
        one.roi(),
    ]);
    match amounts.get(1) {
        None => values.extend([const { Value::Nothing }; 4]),
        Some(two) => values.extend([
            Value::Credit(two.conversions),
            Value::Money(two.revenue),
            two.roi(),
            Value::Money(two.revenue - one.revenue),
        ]),
    }
    values
}
