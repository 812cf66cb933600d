//! The contract's views over the newest rows. They say the same as the views
//! in ClickHouse; the end-to-end tests compare both with the reference.
//!
//! Rows are shown in the order of the texts of their keys, byte by byte.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use throughline_proto::rollups::{Basis, Table};

use super::names::{DimensionId, NameId, Names};
use super::tables::{CellKey, Tables, Versioned};
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
    /// What the CRM said of each deal, event by event.
    DealEvents,
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
            Self::DealEvents => deal_events(tables),
            Self::Touchpoints => touchpoints(tables),
        }
    }

    /// The tables that it is over.
    pub const fn tables(self) -> &'static [Table] {
        match self {
            Self::ChannelRoi => &[Table::Tenants, Table::TrafficCells, Table::CreditCells],
            Self::ChannelHourly => &[Table::CreditCells],
            Self::TrafficHourly => &[Table::TrafficCells],
            Self::Credits => &[Table::Credits],
            Self::Deals | Self::DealEvents => &[Table::Deals],
            Self::Touchpoints => &[Table::Touchpoints],
        }
    }
}

/// Decimal digits of money.
const MONEY: u32 = 4;
/// Decimal digits of conversions.
const PPM: u32 = 6;

/// In the order of their names.
const BASES: [Basis; 2] = [Basis::Conversion, Basis::Touch];

fn text(name: &str) -> Value {
    Value::Text(name.to_owned())
}

fn money(amount: i64) -> Value {
    Value::Decimal(amount, MONEY)
}

fn source(names: &Names, dimension: DimensionId) -> [Value; 4] {
    let dimension = names.of(dimension);
    [
        dimension.channel,
        dimension.source,
        dimension.medium,
        dimension.campaign,
    ]
    .map(|name| text(names.text(name)))
}

fn content(names: &Names, dimension: DimensionId) -> [Value; 2] {
    let dimension = names.of(dimension);
    [dimension.content, dimension.term].map(|name| text(names.text(name)))
}

fn row<const N: usize>(parts: [&[Value]; N]) -> Vec<Value> {
    parts.concat()
}

/// The rows that are not tombstones.
fn live<K, T>(rows: &Versioned<K, T>) -> impl Iterator<Item = (&K, &T)> {
    rows.iter()
        .filter_map(|(key, (_, row))| Some((key, row.as_ref()?)))
}

/// Sums figures by key and drops sums that are all zero.
fn sums<K: Hash + Eq, const N: usize>(
    figures: impl Iterator<Item = (K, [i64; N])>,
) -> FxHashMap<K, [i64; N]> {
    let mut sums = FxHashMap::default();
    for (key, figures) in figures {
        let sum = sums.entry(key).or_insert([0; N]);
        for (sum, figure) in sum.iter_mut().zip(figures) {
            *sum += figure;
        }
    }
    sums.retain(|_, sum| *sum != [0; N]);
    sums
}

/// In the order that a rank of their keys gives; no two have one.
fn sorted<K, T, R: Ord>(
    rows: impl IntoIterator<Item = (K, T)>,
    rank: impl Fn(&K) -> R,
) -> Vec<(K, T)> {
    let mut rows: Vec<(K, T)> = rows.into_iter().collect();
    rows.sort_unstable_by_key(|(key, _)| rank(key));
    rows
}

fn channel_hourly(tables: &Tables) -> View {
    let cells = BASES.into_iter().flat_map(|basis| {
        live(&tables.credit_cells[basis as usize])
            .map(move |(key, cell)| (basis as usize, key, cell))
    });
    let sums = sums(cells.flat_map(|(basis, key, cell)| {
        let CellKey {
            tenant,
            hour,
            dimension,
            ..
        } = *key;
        let shares = cell.shares.iter();
        shares.map(move |(model, figures)| ((tenant, *model, basis, hour, dimension), *figures))
    }));
    let (names, ranks) = (&tables.names, tables.names.ranks());
    let rows = sorted(sums, |(tenant, model, basis, hour, dimension)| {
        let (tenant, model) = (ranks.name(*tenant), ranks.name(*model));
        (tenant, model, *basis, *hour, ranks.dimension(*dimension))
    });
    let rows = rows
        .into_iter()
        .map(|((tenant, model, basis, hour, dimension), figures)| {
            let [ppm, gross, revenue, profit] = figures;
            row([
                &[
                    text(names.text(tenant)),
                    text(names.text(model)),
                    text(BASES[basis].name()),
                    Value::Hour(hour),
                ],
                &source(names, dimension),
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

fn traffic_hourly(tables: &Tables) -> View {
    let sums = sums(
        live(&tables.traffic_cells)
            .map(|(key, cell)| ((key.tenant, key.hour, key.dimension), cell.figures)),
    );
    let (names, ranks) = (&tables.names, tables.names.ranks());
    let rows = sorted(sums, |(tenant, hour, dimension)| {
        (ranks.name(*tenant), *hour, ranks.dimension(*dimension))
    });
    let rows = rows
        .into_iter()
        .map(|((tenant, hour, dimension), figures)| {
            let [contacts @ .., spend, impressions, clicks] = figures;
            row([
                &[text(names.text(tenant)), Value::Hour(hour)],
                &source(names, dimension),
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
type RoiKey = (NameId, NameId, usize, i32, NameId);

/// Every channel with traffic or spend on a day has a row in every model and
/// basis, whether anything was earned or not.
fn channel_roi(tables: &Tables) -> View {
    let (names, ranks) = (&tables.names, tables.names.ranks());
    let cells = BASES.into_iter().flat_map(|basis| {
        live(&tables.credit_cells[basis as usize])
            .map(move |(key, cell)| (basis as usize, key, cell))
    });
    let earned = sums(cells.flat_map(|(basis, key, cell)| {
        let channel = names.of(key.dimension).channel;
        let shares = cell.shares.iter();
        shares
            .map(move |(model, figures)| ((key.tenant, *model, basis, cell.day, channel), *figures))
    }));
    let traffic = sums(live(&tables.traffic_cells).map(|(key, cell)| {
        let channel = names.of(key.dimension).channel;
        ((key.tenant, cell.day, channel), cell.figures)
    }));
    let mut rows: FxHashMap<RoiKey, ([i64; 4], Traffic)> = FxHashMap::default();
    for ((tenant, day, channel), figures) in traffic {
        for model in tables.models.get(&tenant).into_iter().flatten() {
            for basis in BASES {
                let key = (tenant, *model, basis as usize, day, channel);
                rows.insert(key, ([0; 4], figures));
            }
        }
    }
    for (key, figures) in earned {
        rows.entry(key).or_insert(([0; 4], [0; 9])).0 = figures;
    }
    let rows = sorted(rows, |(tenant, model, basis, day, channel)| {
        let (tenant, model) = (ranks.name(*tenant), ranks.name(*model));
        (tenant, model, *basis, *day, ranks.name(*channel))
    });
    let rows = rows.into_iter().map(
        |((tenant, model, basis, day, channel), (earned, traffic))| {
            row([
                &[
                    text(names.text(tenant)),
                    text(names.text(model)),
                    text(BASES[basis].name()),
                    Value::Day(day),
                    text(names.text(channel)),
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
    let (names, ranks) = (&tables.names, tables.names.ranks());
    let deals = sorted(live(&tables.credits), |(tenant, deal_id)| {
        (ranks.name(*tenant), deal_id)
    });
    let rows = deals.into_iter().flat_map(|((tenant, deal_id), credits)| {
        credits.shares.iter().map(move |share| {
            let touch = &credits.touches[share.touch as usize];
            let [ppm, gross, revenue, profit] = share.figures;
            row([
                &[
                    text(names.text(*tenant)),
                    text(deal_id),
                    text(names.text(share.model)),
                    text(&touch.id),
                    Value::Moment(Some(touch.at)),
                    Value::Moment(Some(credits.won_at)),
                ],
                &source(names, touch.dimension),
                &content(names, touch.dimension),
                &[text(names.text(touch.kind)), Value::Integer(ppm)],
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
    let (names, ranks) = (&tables.names, tables.names.ranks());
    let deals = sorted(live(&tables.deals), |(tenant, deal_id)| {
        (ranks.name(*tenant), deal_id)
    });
    let rows = deals.into_iter().map(|((tenant, deal_id), deal)| {
        row([
            &[
                text(names.text(*tenant)),
                text(deal_id),
                Value::Text(deal.client.to_string()),
                text(names.text(deal.status)),
                text(names.text(deal.stage)),
                text(names.text(deal.pipeline)),
                text(names.text(deal.manager_id)),
                Value::Moment(Some(deal.created_at)),
                Value::Moment(deal.won_at),
            ],
            &deal.figures.map(money),
            &[text(&deal.created_touch)],
            &source(names, deal.created_dimension),
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
            "created_touch_id",
            "created_channel",
            "created_source",
            "created_medium",
            "created_campaign",
        ],
        rows: rows.collect(),
    }
}

fn deal_events(tables: &Tables) -> View {
    let (names, ranks) = (&tables.names, tables.names.ranks());
    let deals = sorted(live(&tables.deals), |(tenant, deal_id)| {
        (ranks.name(*tenant), deal_id)
    });
    let rows = deals.into_iter().flat_map(|((tenant, deal_id), deal)| {
        let positions = i64::from(deal.earlier_events) + 1..;
        positions.zip(&deal.events).map(move |(position, event)| {
            vec![
                text(names.text(*tenant)),
                text(deal_id),
                Value::Text(deal.client.to_string()),
                Value::Integer(position),
                text(&event.id),
                text(names.text(event.event)),
                Value::Moment(Some(event.at)),
                text(names.text(event.stage)),
                text(names.text(event.pipeline)),
                text(names.text(event.manager_id)),
            ]
        })
    });
    View {
        columns: &[
            "tenant",
            "deal_id",
            "client_id",
            "position",
            "event_id",
            "event",
            "occurred_at",
            "stage",
            "pipeline",
            "manager_id",
        ],
        rows: rows.collect(),
    }
}

fn touchpoints(tables: &Tables) -> View {
    let (names, ranks) = (&tables.names, tables.names.ranks());
    let touches = sorted(live(&tables.touchpoints), |(tenant, touch_id, content)| {
        (ranks.name(*tenant), touch_id, *content)
    });
    let rows = touches.into_iter().map(|((tenant, touch_id, _), touch)| {
        row([
            &[
                text(names.text(*tenant)),
                text(touch_id),
                Value::Text(touch.client.to_string()),
                text(names.text(touch.kind)),
                Value::Moment(Some(touch.at)),
            ],
            &source(names, touch.dimension),
            &content(names, touch.dimension),
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
