//! From a record to rows of the tables: the one place that knows both the
//! wire's messages and the tables' columns.

pub mod cells;
pub mod clients;
pub mod dead_letters;
pub mod deals;
pub mod touches;

use throughline_proto::Ident;
use throughline_proto::rollups::{Dimension, Id, RowBatch, row_batch::Rows};

use crate::blocks::Blocks;
use crate::table::Table;

/// What a batch of rows refers to but does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RowError {
    /// The batch has no rows of a kind that this program knows.
    #[error("no table that this program knows")]
    UnknownTable,
    /// An index beyond one of the tables in front.
    #[error("{0} {1} is not in the batch")]
    Missing(&'static str, u32),
    /// A credit's share of a touch that the credit does not list.
    #[error("touch {0} is not in the credit")]
    MissingTouch(u32),
    /// An enumeration's number without a meaning.
    #[error("{0} {1} has no meaning")]
    Meaningless(&'static str, i32),
}

/// Appends all rows of a batch to the block of their table.
pub fn append(batch: &RowBatch, blocks: &mut Blocks) -> Result<(), RowError> {
    let names = Names(batch);
    match batch.rows.as_ref().ok_or(RowError::UnknownTable)? {
        Rows::Touchpoints(rows) => blocks.append(Table::Touchpoints, &rows.rows, |row, out| {
            touches::touchpoint(row, names, out)
        }),
        Rows::Calls(rows) => blocks.append(Table::Calls, &rows.rows, |row, out| {
            touches::call(row, names, out)
        }),
        Rows::Deals(rows) => blocks.append(Table::Deals, &rows.rows, |row, out| {
            deals::deal(row, names, out)
        }),
        Rows::Credits(rows) => blocks.append(Table::Credits, &rows.rows, |row, out| {
            deals::credit(row, names, out)
        }),
        Rows::Identities(rows) => blocks.append(Table::Identities, &rows.rows, |row, out| {
            clients::identity(row, names, out)
        }),
        Rows::Costs(rows) => blocks.append(Table::Costs, &rows.rows, |row, out| {
            cells::cost(row, names, out)
        }),
        Rows::TrafficCells(rows) => blocks.append(Table::TrafficCells, &rows.rows, |row, out| {
            cells::traffic(row, names, out)
        }),
        Rows::CreditCells(rows) => blocks.append(Table::CreditCells, &rows.rows, |row, out| {
            cells::credit(row, names, out)
        }),
        Rows::TenantsSettings(rows) => blocks.append(Table::Tenants, &rows.rows, |row, out| {
            clients::tenant(row, names, out)
        }),
    }
}

/// The tables in front of a batch's rows.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(&'a RowBatch);

impl<'a> Names<'a> {
    fn generation(self) -> u32 {
        self.0.generation
    }

    fn tenant(self, index: u32) -> Result<&'a str, RowError> {
        look_up(&self.0.tenants, "tenant", index).map(String::as_str)
    }

    fn model(self, index: u32) -> Result<&'a str, RowError> {
        look_up(&self.0.models, "model", index).map(String::as_str)
    }

    fn dimension(self, index: u32) -> Result<&'a Dimension, RowError> {
        look_up(&self.0.dimensions, "dimension", index)
    }

    /// A tombstone names no dimension unless it is part of its key.
    fn dimension_of(self, index: u32, deleted: bool) -> Result<&'a Dimension, RowError> {
        if deleted {
            Ok(NO_DIMENSION)
        } else {
            self.dimension(index)
        }
    }

    fn origin_of(self, index: u32, deleted: bool) -> Result<&'a str, RowError> {
        if deleted {
            Ok("")
        } else {
            look_up(&self.0.origin_topics, "origin topic", index).map(String::as_str)
        }
    }
}

const NO_DIMENSION: &Dimension = &Dimension {
    channel: String::new(),
    source: String::new(),
    medium: String::new(),
    campaign: String::new(),
    content: String::new(),
    term: String::new(),
};

fn look_up<'a, T>(table: &'a [T], what: &'static str, index: u32) -> Result<&'a T, RowError> {
    table
        .get(index as usize)
        .ok_or(RowError::Missing(what, index))
}

/// An id's 128 bits; a tombstone may have none.
fn bits(id: Option<Id>) -> u128 {
    id.map_or(0, |id| Ident::from(id).0)
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
