//! From a record to rows of the tables: the one place that knows both the
//! wire's messages and the tables' columns.

pub mod cells;
pub mod clients;
pub mod dead_letters;
pub mod deals;
pub mod touches;

use throughline_proto::flat::Malformed;
use throughline_proto::rollups::{self as wire, Batch, Dimension, Rows};

use crate::blocks::Blocks;
use crate::table::Table;

/// Why a record's rows cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RowError {
    /// The bytes are no rows.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// An index beyond one of the tables in front.
    #[error("{0} {1} is not in the batch")]
    Missing(&'static str, u32),
    /// A credit's share of a touch that the credit does not list.
    #[error("touch {0} is not in the credit")]
    MissingTouch(u32),
}

/// Appends all rows of a record to the block of their table.
pub fn append(value: &[u8], blocks: &mut Blocks) -> Result<(), RowError> {
    let (batch, rest) = Batch::read(value)?;
    let names = Names(&batch);
    match batch.table {
        wire::Table::Tenants => blocks.append(Table::Tenants, Rows::new(rest), |row, out| {
            clients::tenant(row, names, out)
        }),
        wire::Table::Identities => blocks.append(Table::Identities, Rows::new(rest), |row, out| {
            clients::identity(row, names, out)
        }),
        wire::Table::Links => blocks.append(Table::Links, Rows::new(rest), |row, out| {
            clients::link(row, names, out)
        }),
        wire::Table::Erasures => blocks.append(Table::Erasures, Rows::new(rest), |row, out| {
            clients::erasure(row, names, out)
        }),
        wire::Table::Touchpoints => {
            blocks.append(Table::Touchpoints, Rows::new(rest), |row, out| {
                touches::touchpoint(row, names, out)
            })
        }
        wire::Table::Calls => blocks.append(Table::Calls, Rows::new(rest), |row, out| {
            touches::call(row, names, out)
        }),
        wire::Table::Deals => blocks.append(Table::Deals, Rows::new(rest), |row, out| {
            deals::deal(row, names, out)
        }),
        wire::Table::Credits => blocks.append(Table::Credits, Rows::new(rest), |row, out| {
            deals::credit(row, names, out)
        }),
        wire::Table::Costs => blocks.append(Table::Costs, Rows::new(rest), |row, out| {
            cells::cost(row, names, out)
        }),
        wire::Table::TrafficCells => {
            blocks.append(Table::TrafficCells, Rows::new(rest), |row, out| {
                cells::traffic(row, names, out)
            })
        }
        wire::Table::CreditCells => {
            blocks.append(Table::CreditCells, Rows::new(rest), |row, out| {
                cells::credit(row, names, out)
            })
        }
    }
}

/// The tables in front of a batch's rows.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(&'a Batch<'a>);

impl<'a> Names<'a> {
    fn generation(self) -> u32 {
        self.0.generation
    }

    fn tenant(self, index: u32) -> Result<&'a str, RowError> {
        look_up(&self.0.tenants, "tenant", index).copied()
    }

    fn model(self, index: u32) -> Result<&'a str, RowError> {
        look_up(&self.0.models, "model", index).copied()
    }

    fn topic(self, index: u32) -> Result<&'a str, RowError> {
        look_up(&self.0.topics, "topic", index).copied()
    }

    fn dimension(self, index: u32) -> Result<&'a Dimension<'a>, RowError> {
        look_up(&self.0.dimensions, "dimension", index)
    }
}

fn look_up<'a, T>(table: &'a [T], what: &'static str, index: u32) -> Result<&'a T, RowError> {
    table
        .get(index as usize)
        .ok_or(RowError::Missing(what, index))
}

/// A `Date`. Days outside of what the type can hold (1970 to 2149) become its
/// nearest end; ingest lets no such event in.
fn date(days: i32) -> u16 {
    days.clamp(0, i32::from(u16::MAX)) as u16
}

/// A `DateTime`, from hours since the epoch; clamped likewise (1970 to 2106).
fn hour(hours: i32) -> u32 {
    (i64::from(hours) * 3600).clamp(0, i64::from(u32::MAX / 3600 * 3600)) as u32
}

#[cfg(test)]
mod tests;
