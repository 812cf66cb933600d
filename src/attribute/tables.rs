//! The newest row of every key: what a replacing table holds once it is merged.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use prost::Message as _;
use rustc_hash::FxHashSet;
use throughline_proto::Ident;
use throughline_proto::rollups::{self as wire, row_batch::Rows};

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

/// A row with its names resolved.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The row as it came.
    pub row: T,
    /// Where it came from, if that is part of the row.
    pub dimension: Option<Dimension>,
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
    pub kind: String,
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
    pub touchpoints: Versioned<(Name, String, u64), Named<wire::Touchpoint>>,
    /// By tenant and deal id.
    pub deals: Versioned<(Name, String), wire::Deal>,
    /// By tenant and deal id.
    pub credits: Versioned<(Name, String), Credits>,
    /// By tenant, hour, dimension and partition.
    pub traffic_cells: Versioned<CellKey, wire::TrafficCell>,
    /// By basis, then as the others. Shares are credit in parts per million;
    /// gross, revenue and profit in 1/10000.
    pub credit_cells: Versioned<(i32, CellKey), (i32, Vec<Share>)>,
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
        let batch = wire::RowBatch::decode(value).context("a record of rows cannot be read")?;
        let names = self.names_of(&batch);
        match batch.rows {
            Some(Rows::Touchpoints(rows)) => {
                for row in rows.rows {
                    self.add_touchpoint(&names, row)?;
                }
            }
            Some(Rows::Deals(rows)) => {
                for row in rows.rows {
                    let key = (get(&names.tenants, row.tenant)?, row.deal_id.clone());
                    replace(
                        &mut self.deals,
                        key,
                        row.version,
                        (!row.deleted).then_some(row),
                    );
                }
            }
            Some(Rows::Credits(rows)) => {
                for row in rows.rows {
                    self.add_credits(&names, &row)?;
                }
            }
            Some(Rows::TrafficCells(rows)) => {
                for row in rows.rows {
                    let key = cell_key(&names, row.tenant, row.hour, row.dimension, row.partition)?;
                    replace(
                        &mut self.traffic_cells,
                        key,
                        row.version,
                        (!row.deleted).then_some(row),
                    );
                }
            }
            Some(Rows::CreditCells(rows)) => {
                for row in rows.rows {
                    self.add_credit_cell(&names, &row)?;
                }
            }
            Some(Rows::TenantsSettings(rows)) => {
                for row in rows.rows {
                    let models = row.models.iter().map(|model| get(&names.models, *model));
                    let models = models.collect::<Result<_>>()?;
                    self.models.insert(get(&names.tenants, row.tenant)?, models);
                }
            }
            // No view that is offered here reads these.
            Some(Rows::Calls(_) | Rows::Identities(_) | Rows::Costs(_)) | None => {}
        }
        Ok(())
    }

    fn names_of(&mut self, batch: &wire::RowBatch) -> Names {
        Names {
            tenants: batch.tenants.iter().map(|name| self.name(name)).collect(),
            models: batch.models.iter().map(|name| self.name(name)).collect(),
            dimensions: batch
                .dimensions
                .iter()
                .map(|dimension| Dimension {
                    channel: self.name(&dimension.channel),
                    source: self.name(&dimension.source),
                    medium: self.name(&dimension.medium),
                    campaign: self.name(&dimension.campaign),
                    content: self.name(&dimension.content),
                    term: self.name(&dimension.term),
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

    fn add_touchpoint(&mut self, names: &Names, row: wire::Touchpoint) -> Result<()> {
        let key = (
            get(&names.tenants, row.tenant)?,
            row.touch_id.clone(),
            row.content_hash,
        );
        let version = row.version;
        let row = if row.deleted {
            None
        } else {
            Some(Named {
                dimension: Some(get(&names.dimensions, row.dimension)?),
                row,
            })
        };
        replace(&mut self.touchpoints, key, version, row);
        Ok(())
    }

    fn add_credits(&mut self, names: &Names, row: &wire::Credit) -> Result<()> {
        let key = (get(&names.tenants, row.tenant)?, row.deal_id.clone());
        let shares = row.shares.iter().map(|share| {
            let Some(touch) = row.touches.get(share.touch as usize) else {
                bail!("a share names touch {}, which is not there", share.touch);
            };
            Ok(CreditShare {
                model: get(&names.models, share.model)?,
                touch_id: touch.touch_id.clone(),
                at: touch.at,
                kind: touch.kind.clone(),
                dimension: get(&names.dimensions, touch.dimension)?,
                figures: [share.credit_ppm, share.gross, share.revenue, share.profit],
            })
        });
        let shares = shares.collect::<Result<_>>()?;
        let credits = (!row.deleted).then_some(Credits {
            won_at: row.won_at,
            shares,
        });
        replace(&mut self.credits, key, row.version, credits);
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
        let shares = shares.collect::<Result<_>>()?;
        let cell = (!row.deleted).then_some((row.day, shares));
        replace(&mut self.credit_cells, (row.basis, key), row.version, cell);
        Ok(())
    }
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

/// A client's id as the views show it.
pub fn client_id(client: Option<wire::Id>) -> String {
    client
        .map(|client| Ident::from(client).to_string())
        .unwrap_or_default()
}
