//! The newest row of every key: what a replacing table holds once it is merged.
//!
//! Rows come in any order and no view depends on it: they are found by hashing
//! while they come, and sorted by whoever shows them.

use std::collections::hash_map::Entry;

use anyhow::{Context as _, Result, bail};
use rustc_hash::FxHashMap;
use throughline_proto::Ident;
use throughline_proto::flat::Reader;
use throughline_proto::rollups::{self as wire, Batch, Row, Rows, Table};

use super::names::{Dimension, DimensionId, NameId, Names};

/// A touch.
#[derive(Clone, Debug)]
pub struct Touch {
    /// The client.
    pub client: Ident,
    /// Epoch milliseconds.
    pub at: i64,
    /// Its kind.
    pub kind: NameId,
    /// Where it came from.
    pub dimension: DimensionId,
}

/// A deal.
#[derive(Clone, Debug)]
pub struct Deal {
    /// The client.
    pub client: Ident,
    /// Its latest event.
    pub status: NameId,
    /// The latest given.
    pub stage: NameId,
    /// The latest given.
    pub pipeline: NameId,
    /// The latest given.
    pub manager_id: NameId,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds; none unless it is won now.
    pub won_at: Option<i64>,
    /// Gross, refunds, revenue, cost and profit in 1/10000.
    pub figures: [i64; 5],
    /// The touch under which it was created; empty when there was none.
    pub created_touch: Box<str>,
    /// Where that touch came from.
    pub created_dimension: DimensionId,
    /// How many of its events come before those below.
    pub earlier_events: u32,
    /// Its events in order; of very many the newest.
    pub events: Box<[DealEvent]>,
}

/// An event of a deal; what it does not give is empty.
#[derive(Clone, Debug)]
pub struct DealEvent {
    /// Its id.
    pub id: Box<str>,
    /// Epoch milliseconds.
    pub at: i64,
    /// What it says.
    pub event: NameId,
    /// The stage of the pipeline.
    pub stage: NameId,
    /// The pipeline.
    pub pipeline: NameId,
    /// Who is in charge.
    pub manager_id: NameId,
}

/// A touch that has credit.
#[derive(Clone, Debug)]
pub struct CreditTouch {
    /// Its id; empty when unattributed.
    pub id: Box<str>,
    /// Epoch milliseconds.
    pub at: i64,
    /// Its kind.
    pub kind: NameId,
    /// Where it came from.
    pub dimension: DimensionId,
}

/// One touch's share in one model.
#[derive(Clone, Copy, Debug)]
pub struct CreditShare {
    /// The model.
    pub model: NameId,
    /// Which of the credits' touches.
    pub touch: u32,
    /// Credit in parts per million; gross, revenue, profit in 1/10000.
    pub figures: [i64; 4],
}

/// The credits of one won deal.
#[derive(Clone, Debug)]
pub struct Credits {
    /// When it was won.
    pub won_at: i64,
    /// The touches that have a share.
    pub touches: Box<[CreditTouch]>,
    /// Shares by model, then touch.
    pub shares: Box<[CreditShare]>,
}

/// Where a cell belongs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CellKey {
    /// The tenant.
    pub tenant: NameId,
    /// Hours since the epoch, UTC.
    pub hour: i32,
    /// Where its touches came from.
    pub dimension: DimensionId,
    /// The partition that says so.
    pub partition: u32,
}

/// What happened in an hour.
#[derive(Clone, Debug)]
pub struct TrafficCell {
    /// The hour's day in the tenant's zone.
    pub day: i32,
    /// Visits, calls, missed calls, leads, e-mail clicks, other touches; spend
    /// in 1/10000; impressions, clicks.
    pub figures: [i64; 9],
}

/// What was earned in an hour.
#[derive(Clone, Debug)]
pub struct CreditCell {
    /// The hour's day in the tenant's zone.
    pub day: i32,
    /// The models' shares: credit in parts per million; gross, revenue and
    /// profit in 1/10000.
    pub shares: Box<[(NameId, [i64; 4])]>,
}

/// Rows by key, each with its version; `None` stands for a tombstone.
pub type Versioned<K, T> = FxHashMap<K, (u64, Option<T>)>;

/// The newest row of every key, by table.
#[derive(Debug, Default)]
pub struct Tables {
    /// The names that rows refer to.
    pub names: Names,
    /// By tenant, touch id, content.
    pub touchpoints: Versioned<(NameId, Box<str>, u64), Touch>,
    /// By tenant and deal id.
    pub deals: Versioned<(NameId, Box<str>), Deal>,
    /// By tenant and deal id.
    pub credits: Versioned<(NameId, Box<str>), Credits>,
    /// By tenant, hour, dimension and partition.
    pub traffic_cells: Versioned<CellKey, TrafficCell>,
    /// In the order of [`wire::Basis`], each as the others.
    pub credit_cells: [Versioned<CellKey, CreditCell>; 2],
    /// The models of each tenant, in order.
    pub models: FxHashMap<NameId, Vec<NameId>>,
}

/// The names of one batch.
struct BatchNames {
    tenants: Vec<NameId>,
    dimensions: Vec<DimensionId>,
    models: Vec<NameId>,
}

impl Tables {
    /// Takes a record of `rollups`.
    pub fn add(&mut self, value: &[u8]) -> Result<()> {
        let context = "a record of rows cannot be read";
        let (batch, rest) = Batch::read(value).context(context)?;
        let names = self.names_of(&batch);
        match batch.table {
            Table::Tenants => each(rest, |row| self.add_tenant(&names, &row)),
            Table::Touchpoints => each(rest, |row| self.add_touchpoint(&names, &row)),
            Table::Deals => each(rest, |row| self.add_deal(&names, &row)),
            Table::Credits => each(rest, |row| self.add_credits(&names, &row)),
            Table::TrafficCells => each(rest, |row| self.add_traffic_cell(&names, &row)),
            Table::CreditCells => each(rest, |row| self.add_credit_cell(&names, &row)),
            // No view that is offered here reads these.
            Table::Calls | Table::Identities | Table::Links | Table::Erasures | Table::Costs => {
                Ok(())
            }
        }
        .context(context)
    }

    fn names_of(&mut self, batch: &Batch<'_>) -> BatchNames {
        let names = &mut self.names;
        BatchNames {
            tenants: batch.tenants.iter().map(|name| names.name(name)).collect(),
            models: batch.models.iter().map(|name| names.name(name)).collect(),
            dimensions: batch
                .dimensions
                .iter()
                .map(|dimension| {
                    let dimension = Dimension {
                        channel: names.name(dimension.channel),
                        source: names.name(dimension.source),
                        medium: names.name(dimension.medium),
                        campaign: names.name(dimension.campaign),
                        content: names.name(dimension.content),
                        term: names.name(dimension.term),
                    };
                    names.dimension(dimension)
                })
                .collect(),
        }
    }

    fn add_tenant(&mut self, names: &BatchNames, row: &wire::Tenant<'_>) -> Result<()> {
        let models = row.models.iter().map(|model| get(&names.models, *model));
        let models = models.collect::<Result<_>>()?;
        self.models.insert(get(&names.tenants, row.tenant)?, models);
        Ok(())
    }

    fn add_touchpoint(&mut self, names: &BatchNames, row: &wire::Touchpoint<'_>) -> Result<()> {
        let key = (
            get(&names.tenants, row.tenant)?,
            touch_id(row.topic, row.event_id),
            row.content.0,
        );
        replace(&mut self.touchpoints, key, row.version, || {
            let Some(state) = row.state else {
                return Ok(None);
            };
            Ok(Some(Touch {
                client: row.client,
                at: state.at,
                kind: self.names.name(state.kind),
                dimension: get(&names.dimensions, state.dimension)?,
            }))
        })
    }

    fn add_deal(&mut self, names: &BatchNames, row: &wire::Deal<'_>) -> Result<()> {
        let key = (get(&names.tenants, row.tenant)?, row.deal_id.into());
        replace(&mut self.deals, key, row.version, || {
            let Some(deal) = &row.state else {
                return Ok(None);
            };
            let touch = deal.created_touch;
            let touch = touch.map(|id| touch_id(id.topic, id.event_id));
            Ok(Some(Deal {
                client: row.client,
                status: self.names.name(deal.status),
                stage: self.names.name(deal.stage),
                pipeline: self.names.name(deal.pipeline),
                manager_id: self.names.name(deal.manager_id),
                created_at: deal.created_at,
                won_at: deal.won_at,
                figures: [
                    deal.gross,
                    deal.refunds,
                    deal.revenue,
                    deal.cost,
                    deal.profit,
                ],
                created_touch: touch.unwrap_or_default(),
                created_dimension: get(&names.dimensions, deal.created_dimension)?,
                earlier_events: deal.earlier_events,
                events: deal_events(&deal.events, &mut self.names),
            }))
        })
    }

    fn add_credits(&mut self, names: &BatchNames, row: &wire::Credit<'_>) -> Result<()> {
        let key = (get(&names.tenants, row.tenant)?, row.deal_id.into());
        replace(&mut self.credits, key, row.version, || {
            let Some(state) = &row.state else {
                return Ok(None);
            };
            let touches = state.touches.iter().map(|touch| {
                let id = touch.touch.map(|id| touch_id(id.topic, id.event_id));
                Ok(CreditTouch {
                    id: id.unwrap_or_default(),
                    at: touch.at,
                    kind: self.names.name(touch.kind),
                    dimension: get(&names.dimensions, touch.dimension)?,
                })
            });
            let touches = touches.collect::<Result<_>>()?;
            let shares = state.shares.iter().map(|share| {
                if share.touch as usize >= state.touches.len() {
                    bail!("a share names touch {}, which is not there", share.touch);
                }
                Ok(CreditShare {
                    model: get(&names.models, share.model)?,
                    touch: share.touch,
                    figures: [share.credit_ppm, share.gross, share.revenue, share.profit],
                })
            });
            Ok(Some(Credits {
                won_at: state.won_at,
                touches,
                shares: shares.collect::<Result<_>>()?,
            }))
        })
    }

    fn add_traffic_cell(&mut self, names: &BatchNames, row: &wire::TrafficCell) -> Result<()> {
        let key = cell_key(names, row.tenant, row.hour, row.dimension, row.partition)?;
        replace(&mut self.traffic_cells, key, row.version, || {
            Ok((!row.is_empty()).then_some(TrafficCell {
                day: row.day,
                figures: [
                    row.visits,
                    row.calls,
                    row.missed_calls,
                    row.leads,
                    row.email_clicks,
                    row.other_touches,
                    row.spend,
                    row.impressions,
                    row.clicks,
                ],
            }))
        })
    }

    fn add_credit_cell(&mut self, names: &BatchNames, row: &wire::CreditCell) -> Result<()> {
        let key = cell_key(names, row.tenant, row.hour, row.dimension, row.partition)?;
        let cells = &mut self.credit_cells[row.basis as usize];
        replace(cells, key, row.version, || {
            if row.shares.is_empty() {
                return Ok(None);
            }
            let shares = row.shares.iter().map(|share| {
                let figures = [
                    share.conversions_ppm,
                    share.gross,
                    share.revenue,
                    share.profit,
                ];
                Ok((get(&names.models, share.model)?, figures))
            });
            Ok(Some(CreditCell {
                day: row.day,
                shares: shares.collect::<Result<_>>()?,
            }))
        })
    }
}

/// Reads the rows of a record, which are all of one type.
fn each<'a, T: Row<'a>>(rest: Reader<'a>, mut add: impl FnMut(T) -> Result<()>) -> Result<()> {
    Rows::new(rest).try_for_each(|row| add(row?))
}

fn touch_id(topic: wire::TouchTopic, event_id: &str) -> Box<str> {
    [topic.name(), ":", event_id].concat().into()
}

fn deal_events(events: &[wire::DealEvent<'_>], names: &mut Names) -> Box<[DealEvent]> {
    let event = |event: &wire::DealEvent<'_>| DealEvent {
        id: event.event_id.into(),
        at: event.at,
        event: names.name(event.event),
        stage: names.name(event.stage),
        pipeline: names.name(event.pipeline),
        manager_id: names.name(event.manager_id),
    };
    events.iter().map(event).collect()
}

fn cell_key(
    names: &BatchNames,
    tenant: u32,
    hour: i32,
    dimension: u32,
    partition: u32,
) -> Result<CellKey> {
    Ok(CellKey {
        tenant: get(&names.tenants, tenant)?,
        hour,
        dimension: get(&names.dimensions, dimension)?,
        partition,
    })
}

fn get<T: Copy>(names: &[T], index: u32) -> Result<T> {
    names
        .get(index as usize)
        .copied()
        .with_context(|| format!("a row names entry {index} of a table that ends before"))
}

/// Keeps the row of the higher version; that of a lower one is not even made.
/// Rows of one version are equal.
fn replace<K: std::hash::Hash + Eq, T>(
    rows: &mut Versioned<K, T>,
    key: K,
    version: u64,
    row: impl FnOnce() -> Result<Option<T>>,
) -> Result<()> {
    match rows.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert((version, row()?));
        }
        Entry::Occupied(mut occupied) if occupied.get().0 < version => {
            occupied.insert((version, row()?));
        }
        Entry::Occupied(_) => {}
    }
    Ok(())
}
