//! The newest row of every key: what a replacing table holds once it is merged.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rustc_hash::FxHashSet;
use throughline_proto::Ident;
use throughline_proto::flat::Reader;
use throughline_proto::rollups::{self as wire, Batch, Row, Rows, Table};

/// A name that many rows share.
pub type Name = Arc<str>;

/// Where a touch came from, by names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Dimension {
    /// The channel.
    pub channel: Name,
    /// The source.
    pub source: Name,
    /// The medium.
    pub medium: Name,
    /// The campaign.
    pub campaign: Name,
    /// The advertisement.
    pub content: Name,
    /// The keyword.
    pub term: Name,
}

/// A touch.
#[derive(Clone, Debug)]
pub struct Touch {
    /// The client.
    pub client: Ident,
    /// Epoch milliseconds.
    pub at: i64,
    /// Its kind.
    pub kind: Name,
    /// Where it came from.
    pub dimension: Dimension,
}

/// A deal.
#[derive(Clone, Debug)]
pub struct Deal {
    /// The client.
    pub client: Ident,
    /// Its latest event.
    pub status: Name,
    /// The latest given.
    pub stage: Name,
    /// The latest given.
    pub pipeline: Name,
    /// The latest given.
    pub manager_id: Name,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds; none unless it is won now.
    pub won_at: Option<i64>,
    /// Gross, refunds, revenue, cost and profit in 1/10000.
    pub figures: [i64; 5],
}

/// The figures of a model in a cell, by name.
pub type Share = (Name, [i64; 4]);

/// One touch's share in one model.
#[derive(Clone, Debug)]
pub struct CreditShare {
    /// The model.
    pub model: Name,
    /// The touch's id; empty when unattributed.
    pub touch_id: String,
    /// The touch's time, epoch milliseconds.
    pub at: i64,
    /// The touch's kind.
    pub kind: Name,
    /// Where the touch came from.
    pub dimension: Dimension,
    /// Credit in parts per million; gross, revenue, profit in 1/10000.
    pub figures: [i64; 4],
}

/// The credits of one won deal.
#[derive(Clone, Debug)]
pub struct Credits {
    /// When it was won.
    pub won_at: i64,
    /// Shares by model, then touch.
    pub shares: Vec<CreditShare>,
}

/// Rows by key, each with its version; `None` stands for a tombstone.
pub type Versioned<K, T> = BTreeMap<K, (u64, Option<T>)>;

/// The key of a cell: tenant, hour, dimension, partition.
pub type CellKey = (Name, i32, Dimension, u32);

/// The newest row of every key, by table.
#[derive(Debug, Default)]
pub struct Tables {
    names: FxHashSet<Name>,
    /// By tenant, touch id, content.
    pub touchpoints: Versioned<(Name, String, u64), Touch>,
    /// By tenant and deal id.
    pub deals: Versioned<(Name, String), Deal>,
    /// By tenant and deal id.
    pub credits: Versioned<(Name, String), Credits>,
    /// By tenant, hour, dimension and partition.
    pub traffic_cells: Versioned<CellKey, wire::TrafficCell>,
    /// By the name of the basis, then as the others. Shares are credit in parts per million;
    /// gross, revenue and profit in 1/10000.
    pub credit_cells: Versioned<(&'static str, CellKey), (i32, Vec<Share>)>,
    /// The models of each tenant, in order.
    pub models: BTreeMap<Name, Vec<Name>>,
}

/// The names of one batch, shared among its rows.
struct Names {
    tenants: Vec<Name>,
    dimensions: Vec<Dimension>,
    models: Vec<Name>,
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
            Table::TrafficCells => each(rest, |row| self.add_traffic_cell(&names, row)),
            Table::CreditCells => each(rest, |row| self.add_credit_cell(&names, &row)),
            // No view that is offered here reads these.
            Table::Calls | Table::Identities | Table::Links | Table::Erasures | Table::Costs => {
                Ok(())
            }
        }
        .context(context)
    }

    fn names_of(&mut self, batch: &Batch<'_>) -> Names {
        Names {
            tenants: batch.tenants.iter().map(|name| self.name(name)).collect(),
            models: batch.models.iter().map(|name| self.name(name)).collect(),
            dimensions: batch
                .dimensions
                .iter()
                .map(|dimension| Dimension {
                    channel: self.name(dimension.channel),
                    source: self.name(dimension.source),
                    medium: self.name(dimension.medium),
                    campaign: self.name(dimension.campaign),
                    content: self.name(dimension.content),
                    term: self.name(dimension.term),
                })
                .collect(),
        }
    }

    fn name(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return Arc::clone(name);
        }
        let name: Name = text.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    fn add_tenant(&mut self, names: &Names, row: &wire::Tenant<'_>) -> Result<()> {
        let models = row.models.iter().map(|model| get(&names.models, *model));
        let models = models.collect::<Result<_>>()?;
        self.models.insert(get(&names.tenants, row.tenant)?, models);
        Ok(())
    }

    fn add_touchpoint(&mut self, names: &Names, row: &wire::Touchpoint<'_>) -> Result<()> {
        let key = (
            get(&names.tenants, row.tenant)?,
            touch_id(row.topic, row.event_id),
            row.content.0,
        );
        let touch = row.state.map(|state| -> Result<_> {
            Ok(Touch {
                client: row.client,
                at: state.at,
                kind: self.name(state.kind),
                dimension: get(&names.dimensions, state.dimension)?,
            })
        });
        let touch = touch.transpose()?;
        replace(&mut self.touchpoints, key, row.version, touch);
        Ok(())
    }

    fn add_deal(&mut self, names: &Names, row: &wire::Deal<'_>) -> Result<()> {
        let key = (get(&names.tenants, row.tenant)?, row.deal_id.to_owned());
        let deal = row.state.map(|deal| Deal {
            client: row.client,
            status: self.name(deal.status),
            stage: self.name(deal.stage),
            pipeline: self.name(deal.pipeline),
            manager_id: self.name(deal.manager_id),
            created_at: deal.created_at,
            won_at: deal.won_at,
            figures: [
                deal.gross,
                deal.refunds,
                deal.revenue,
                deal.cost,
                deal.profit,
            ],
        });
        replace(&mut self.deals, key, row.version, deal);
        Ok(())
    }

    fn add_credits(&mut self, names: &Names, row: &wire::Credit<'_>) -> Result<()> {
        let key = (get(&names.tenants, row.tenant)?, row.deal_id.to_owned());
        let credits = row.state.as_ref().map(|state| -> Result<_> {
            let shares = state.shares.iter().map(|share| {
                let Some(touch) = state.touches.get(share.touch as usize) else {
                    bail!("a share names touch {}, which is not there", share.touch);
                };
                Ok(CreditShare {
                    model: get(&names.models, share.model)?,
                    touch_id: touch
                        .touch
                        .map(|touch| touch_id(touch.topic, touch.event_id))
                        .unwrap_or_default(),
                    at: touch.at,
                    kind: self.name(touch.kind),
                    dimension: get(&names.dimensions, touch.dimension)?,
                    figures: [share.credit_ppm, share.gross, share.revenue, share.profit],
                })
            });
            Ok(Credits {
                won_at: state.won_at,
                shares: shares.collect::<Result<_>>()?,
            })
        });
        let credits = credits.transpose()?;
        replace(&mut self.credits, key, row.version, credits);
        Ok(())
    }

    fn add_traffic_cell(&mut self, names: &Names, row: wire::TrafficCell) -> Result<()> {
        let key = cell_key(names, row.tenant, row.hour, row.dimension, row.partition)?;
        let cell = (!row.is_empty()).then_some(row);
        replace(&mut self.traffic_cells, key, row.version, cell);
        Ok(())
    }

    fn add_credit_cell(&mut self, names: &Names, row: &wire::CreditCell) -> Result<()> {
        let key = cell_key(names, row.tenant, row.hour, row.dimension, row.partition)?;
        let shares = row.shares.iter().map(|share| {
            let figures = [
                share.conversions_ppm,
                share.gross,
                share.revenue,
                share.profit,
            ];
            Ok((get(&names.models, share.model)?, figures))
        });
        let shares: Vec<Share> = shares.collect::<Result<_>>()?;
        let cell = (!shares.is_empty()).then_some((row.day, shares));
        let key = (row.basis.name(), key);
        replace(&mut self.credit_cells, key, row.version, cell);
        Ok(())
    }
}

/// Reads the rows of a record, which are all of one type.
fn each<'a, T: Row<'a>>(rest: Reader<'a>, mut add: impl FnMut(T) -> Result<()>) -> Result<()> {
    Rows::new(rest).try_for_each(|row| add(row?))
}

fn touch_id(topic: wire::TouchTopic, event_id: &str) -> String {
    format!("{}:{event_id}", topic.name())
}

fn cell_key(
    names: &Names,
    tenant: u32,
    hour: i32,
    dimension: u32,
    partition: u32,
) -> Result<CellKey> {
    Ok((
        get(&names.tenants, tenant)?,
        hour,
        get(&names.dimensions, dimension)?,
        partition,
    ))
}

fn get<T: Clone>(names: &[T], index: u32) -> Result<T> {
    names
        .get(index as usize)
        .cloned()
        .with_context(|| format!("a row names entry {index} of a table that ends before"))
}

/// Keeps the row of the higher version. Rows of one version are equal.
fn replace<K: Ord, T>(rows: &mut Versioned<K, T>, key: K, version: u64, row: Option<T>) {
    match rows.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert((version, row));
        }
        Entry::Occupied(mut occupied) if occupied.get().0 <= version => {
            occupied.insert((version, row));
        }
        Entry::Occupied(_) => {}
    }
}
