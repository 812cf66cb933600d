//! The contract's views over the newest rows. They say the same as the views
//! in ClickHouse; the end-to-end tests compare both with the reference.

use std::collections::BTreeMap;

use throughline_proto::rollups::Basis;

use super::tables::{Dimension, Name, Tables};
use super::view::{Value, View};

/// The views that can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ViewName {
    /// Revenue, spend and ROI by day and channel.
    ChannelRoi,
    /// Credit by hour and source.
    ChannelHourly,
    /// Visits, calls, leads and spend by hour and source.
    TrafficHourly,
    /// Each touch's share of each won deal.
    Credits,
    /// Deals as their events leave them.
    Deals,
    /// Touches of every client.
    Touchpoints,
}

impl ViewName {
    /// The view over these rows.
    pub fn of(self, tables: &Tables) -> View {
        match self {
            Self::ChannelRoi => channel_roi(tables),
            Self::ChannelHourly => channel_hourly(tables),
            Self::TrafficHourly => traffic_hourly(tables),
            Self::Credits => credits(tables),
            Self::Deals => deals(tables),
            Self::Touchpoints => touchpoints(tables),
        }
    }
}

/// Decimal digits of money.
const MONEY: u32 = 4;
/// Decimal digits of conversions.
const PPM: u32 = 6;

const BASES: [&str; 2] = [Basis::Conversion.name(), Basis::Touch.name()];

fn text(name: &str) -> Value {
    Value::Text(name.to_owned())
}

fn money(amount: i64) -> Value {
    Value::Decimal(amount, MONEY)
}

fn source(dimension: &Dimension) -> [Value; 4] {
    [
        &dimension.channel,
        &dimension.source,
        &dimension.medium,
        &dimension.campaign,
    ]
    .map(|name| text(name))
}

fn content(dimension: &Dimension) -> [Value; 2] {
    [text(&dimension.content), text(&dimension.term)]
}

fn row<const N: usize>(parts: [&[Value]; N]) -> Vec<Value> {
    parts.concat()
}

/// Sums figures by key and drops sums that are all zero.
fn sums<K: Ord, const N: usize>(
    figures: impl Iterator<Item = (K, [i64; N])>,
) -> BTreeMap<K, [i64; N]> {
    let mut sums = BTreeMap::new();
    for (key, figures) in figures {
        let sum = sums.entry(key).or_insert([0; N]);
        for (sum, figure) in sum.iter_mut().zip(figures) {
            *sum += figure;
        }
    }
    sums.retain(|_, sum| *sum != [0; N]);
    sums
}

fn channel_hourly(tables: &Tables) -> View {
    let cells = tables
        .credit_cells
        .iter()
        .filter_map(|((basis, key), (_, cell))| {
            cell.as_ref().map(|(_, shares)| (basis, key, shares))
        });
    let sums = sums(
        cells.flat_map(|(basis, (tenant, hour, dimension, _), shares)| {
            shares
                .iter()
                .map(move |(model, figures)| ((tenant, model, *basis, *hour, dimension), *figures))
        }),
    );
    let rows = sums
        .into_iter()
        .map(|((tenant, model, basis, hour, dimension), figures)| {
            let [ppm, gross, revenue, profit] = figures;
            row([
                &[text(tenant), text(model), text(basis), Value::Hour(hour)],
                &source(dimension),
                &[
                    Value::Integer(ppm),
                    money(gross),
                    money(revenue),
                    money(profit),
                ],
            ])
        });
    View {
        columns: &[
            "tenant",
            "model",
            "basis",
            "hour",
            "channel",
            "source",
            "medium",
            "campaign",
            "conversions_ppm",
            "gross",
            "revenue",
            "profit",
        ],
        rows: rows.collect(),
    }
}

/// Visits, calls, missed calls, leads, e-mail clicks, other touches, spend,
/// impressions, clicks.
type Traffic = [i64; 9];

fn traffic_cells(tables: &Tables) -> impl Iterator<Item = (&Name, i32, i32, &Dimension, Traffic)> {
    tables
        .traffic_cells
        .iter()
        .filter_map(|((tenant, hour, dimension, _), (_, cell))| {
            let cell = cell.as_ref()?;
            let figures = [
                cell.visits,
                cell.calls,
                cell.missed_calls,
                cell.leads,
                cell.email_clicks,
                cell.other_touches,
                cell.spend,
                cell.impressions,
                cell.clicks,
            ];
            Some((tenant, *hour, cell.day, dimension, figures))
        })
}

fn traffic_hourly(tables: &Tables) -> View {
    let cells = traffic_cells(tables);
    let sums = sums(
        cells.map(|(tenant, hour, _, dimension, figures)| ((tenant, hour, dimension), figures)),
    );
    let rows = sums
        .into_iter()
        .map(|((tenant, hour, dimension), figures)| {
            let [contacts @ .., spend, impressions, clicks] = figures;
            row([
                &[text(tenant), Value::Hour(hour)],
                &source(dimension),
                &contacts.map(Value::Integer),
                &[
                    money(spend),
                    Value::Integer(impressions),
                    Value::Integer(clicks),
                ],
            ])
        });
    View {
        columns: &[
            "tenant",
            "hour",
            "channel",
            "source",
            "medium",
            "campaign",
            "visits",
            "calls",
            "missed_calls",
            "leads",
            "email_clicks",
            "other_touches",
            "spend",
            "impressions",
            "clicks",
        ],
        rows: rows.collect(),
    }
}

/// The key of a row of `channel_roi`: tenant, model, basis, day, channel.
type RoiKey<'a> = (&'a Name, &'a Name, &'static str, i32, &'a Name);

/// Every channel with traffic or spend on a day has a row in every model and
/// basis, whether anything was earned or not.
fn channel_roi(tables: &Tables) -> View {
    let cells = tables
        .credit_cells
        .iter()
        .filter_map(|((basis, key), (_, cell))| {
            cell.as_ref().map(|(day, shares)| (basis, key, day, shares))
        });
    let earned = sums(
        cells.flat_map(|(basis, (tenant, _, dimension, _), day, shares)| {
            shares.iter().map(move |(model, figures)| {
                ((tenant, model, *basis, *day, &dimension.channel), *figures)
            })
        }),
    );
    let traffic = sums(
        traffic_cells(tables).map(|(tenant, _, day, dimension, figures)| {
            ((tenant, day, &dimension.channel), figures)
        }),
    );
    let mut rows: BTreeMap<RoiKey<'_>, ([i64; 4], Traffic)> = BTreeMap::new();
    for ((tenant, day, channel), figures) in &traffic {
        for model in tables.models.get(*tenant).into_iter().flatten() {
            for basis in BASES {
                rows.insert((tenant, model, basis, *day, channel), ([0; 4], *figures));
            }
        }
    }
    for (key, figures) in earned {
        rows.entry(key).or_insert(([0; 4], [0; 9])).0 = figures;
    }
    let rows = rows.into_iter().map(
        |((tenant, model, basis, day, channel), (earned, traffic))| {
            row([
                &[
                    text(tenant),
                    text(model),
                    text(basis),
                    Value::Day(day),
                    text(channel),
                ],
                &roi_figures(earned, traffic),
            ])
        },
    );
    View {
        columns: &[
            "tenant",
            "model",
            "basis",
            "day",
            "channel",
            "conversions",
            "gross",
            "revenue",
            "profit",
            "spend",
            "visits",
            "calls",
            "leads",
            "cac",
            "cpl",
            "roas",
            "roi",
        ],
        rows: rows.collect(),
    }
}

/// cac = spend / conversions, cpl = spend / (leads + calls),
/// roas = revenue / spend, roi = (profit − spend) / spend.
fn roi_figures(earned: [i64; 4], traffic: Traffic) -> [Value; 12] {
    let [ppm, gross, revenue, profit] = earned;
    let [visits, calls, _, leads, _, _, spend, _, _] = traffic;
    let units = 10_f64.powi(MONEY as i32);
    let quotient =
        |dividend: f64, divisor: f64| Value::Ratio((divisor != 0.0).then(|| dividend / divisor));
    let (spent, conversions) = (spend as f64 / units, ppm as f64 / 1e6);
    [
        Value::Decimal(ppm, PPM),
        money(gross),
        money(revenue),
        money(profit),
        money(spend),
        Value::Integer(visits),
        Value::Integer(calls),
        Value::Integer(leads),
        quotient(spent, conversions),
        quotient(spent, (leads + calls) as f64),
        quotient(revenue as f64 / units, spent),
        quotient((profit - spend) as f64 / units, spent),
    ]
}

fn credits(tables: &Tables) -> View {
    let deals = tables
        .credits
        .iter()
        .filter_map(|((tenant, deal_id), (_, credits))| {
            credits.as_ref().map(|credits| (tenant, deal_id, credits))
        });
    let rows = deals.flat_map(|(tenant, deal_id, credits)| {
        credits.shares.iter().map(move |share| {
            let [ppm, gross, revenue, profit] = share.figures;
            row([
                &[
                    text(tenant),
                    text(deal_id),
                    text(&share.model),
                    text(&share.touch_id),
                    Value::Moment(Some(share.at)),
                    Value::Moment(Some(credits.won_at)),
                ],
                &source(&share.dimension),
                &content(&share.dimension),
                &[text(&share.kind), Value::Integer(ppm)],
                &[gross, revenue, profit].map(money),
            ])
        })
    });
    View {
        columns: &[
            "tenant",
            "deal_id",
            "model",
            "touch_id",
            "touch_at",
            "won_at",
            "channel",
            "source",
            "medium",
            "campaign",
            "content",
            "term",
            "kind",
            "credit_ppm",
            "gross",
            "revenue",
            "profit",
        ],
        rows: rows.collect(),
    }
}

fn deals(tables: &Tables) -> View {
    let deals = tables.deals.iter().filter_map(|(key, (_, deal))| {
        let (tenant, deal_id) = key;
        deal.as_ref().map(|deal| (tenant, deal_id, deal))
    });
    let rows = deals.map(|(tenant, deal_id, deal)| {
        row([
            &[
                text(tenant),
                text(deal_id),
                Value::Text(deal.client.to_string()),
                text(&deal.status),
                text(&deal.stage),
                text(&deal.pipeline),
                text(&deal.manager_id),
                Value::Moment(Some(deal.created_at)),
                Value::Moment(deal.won_at),
            ],
            &deal.figures.map(money),
        ])
    });
    View {
        columns: &[
            "tenant",
            "deal_id",
            "client_id",
            "status",
            "stage",
            "pipeline",
            "manager_id",
            "created_at",
            "won_at",
            "gross",
            "refunds",
            "revenue",
            "cost",
            "profit",
        ],
        rows: rows.collect(),
    }
}

fn touchpoints(tables: &Tables) -> View {
    let touches = tables.touchpoints.iter().filter_map(|(key, (_, touch))| {
        let (tenant, touch_id, _) = key;
        touch.as_ref().map(|touch| (tenant, touch_id, touch))
    });
    let rows = touches.map(|(tenant, touch_id, touch)| {
        row([
            &[
                text(tenant),
                text(touch_id),
                Value::Text(touch.client.to_string()),
                text(&touch.kind),
                Value::Moment(Some(touch.at)),
            ],
            &source(&touch.dimension),
            &content(&touch.dimension),
        ])
    });
    View {
        columns: &[
            "tenant",
            "touch_id",
            "client_id",
            "kind",
            "occurred_at",
            "channel",
            "source",
            "medium",
            "campaign",
            "content",
            "term",
        ],
        rows: rows.collect(),
    }
}
