//! From a record to rows of the tables: the one place that knows both the
//! wire's messages and the tables' columns.

pub mod cells;
pub mod clients;
pub mod dead_letters;
pub mod deals;
pub mod touches;

use throughline_proto::flat::Malformed;
use throughline_proto::rollups::{self as wire, Batch, Rows};

use crate::blocks::Blocks;
use crate::native::{Known, Number};
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
    let numbers = Numbers::of(&batch);
    let names = Names {
        batch: &batch,
        numbers: &numbers,
    };
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
pub struct Names<'a> {
    batch: &'a Batch<'a>,
    numbers: &'a Numbers,
}

/// The numbers of a batch's texts in the dictionaries of their columns.
#[derive(Debug)]
struct Numbers {
    tenants: Vec<Number>,
    models: Vec<Number>,
    topics: Vec<Number>,
    dimensions: Vec<[Number; 4]>,
}

/// A dimension of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    channel: Known<'a>,
    source: Known<'a>,
    medium: Known<'a>,
    campaign: Known<'a>,
    content: &'a str,
    term: &'a str,
}

impl Numbers {
    fn of(batch: &Batch<'_>) -> Self {
        fn numbers<T: Default>(count: usize) -> Vec<T> {
            std::iter::repeat_with(T::default).take(count).collect()
        }
        Self {
            tenants: numbers(batch.tenants.len()),
            models: numbers(batch.models.len()),
            topics: numbers(batch.topics.len()),
            dimensions: numbers(batch.dimensions.len()),
        }
    }
}

impl<'a> Names<'a> {
    fn generation(self) -> u32 {
        self.batch.generation
    }

    fn tenant(self, index: u32) -> Result<Known<'a>, RowError> {
        known(&self.batch.tenants, &self.numbers.tenants, "tenant", index)
    }

    fn model(self, index: u32) -> Result<Known<'a>, RowError> {
        known(&self.batch.models, &self.numbers.models, "model", index)
    }

    fn topic(self, index: u32) -> Result<Known<'a>, RowError> {
        known(&self.batch.topics, &self.numbers.topics, "topic", index)
    }

    fn dimension(self, index: u32) -> Result<Named<'a>, RowError> {
        let (dimension, numbers) = look_up(
            &self.batch.dimensions,
            &self.numbers.dimensions,
            "dimension",
            index,
        )?;
        let [channel, source, medium, campaign] = numbers;
        let known = |text, number| Known { text, number };
        Ok(Named {
            channel: known(dimension.channel, channel),
            source: known(dimension.source, source),
            medium: known(dimension.medium, medium),
            campaign: known(dimension.campaign, campaign),
            content: dimension.content,
            term: dimension.term,
        })
    }
}

fn known<'a>(
    texts: &'a [&'a str],
    numbers: &'a [Number],
    what: &'static str,
    index: u32,
) -> Result<Known<'a>, RowError> {
    let (text, number) = look_up(texts, numbers, what, index)?;
    Ok(Known { text, number })
}

fn look_up<'a, T, N>(
    table: &'a [T],
    numbers: &'a [N],
    what: &'static str,
    index: u32,
) -> Result<(&'a T, &'a N), RowError> {
    let at = index as usize;
    let found = table.get(at).zip(numbers.get(at));
    found.ok_or(RowError::Missing(what, index))
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
