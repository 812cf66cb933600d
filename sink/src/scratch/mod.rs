//! Rows that were reckoned anew, in tables beside the real ones, so that
//! ClickHouse itself compares the two. They stand in a database of their own,
//! which goes when this value does. The rows come by the sink's own way, and
//! the memory of this process holds one block of them at a time. Of a cluster,
//! the server that is asked alone has them.

mod conservation;
mod judge;
mod repair;
mod restated;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throughline_proto::rollups::{self as wire, Batch};
use throughline_stream::Stop;

use crate::blocks::Blocks;
use crate::client::ClickHouse;
use crate::config::Connection;
use crate::error::SinkError;
use crate::insert::{Sent, insert};
use crate::rows;
use crate::schema::quoted;
use crate::table::Table;

pub use conservation::{Imbalance, Sums};
pub use judge::{Counts, Difference, EXAMPLES, Horizon, Kind, Span};
pub use restated::Moved;

/// A scratch database that is older was left behind by a run that was killed.
const STALE: Duration = Duration::from_hours(24);
/// Between the name of the database and the time when its scratch was made.
const INFIX: &str = "_scratch_";

/// Tables beside the real ones.
#[derive(Debug)]
pub struct Scratch {
    /// The real tables.
    real: ClickHouse,
    /// The tables beside them.
    beside: ClickHouse,
    generation: u32,
    tables: Vec<Layout>,
    blocks: Blocks,
    max_bytes: usize,
}

/// What is to be known of a table's columns.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) table: Table,
    /// The columns that tell rows apart, without the generation.
    pub(crate) keys: Vec<&'static str>,
    /// The columns that a row says something in.
    pub(crate) values: Vec<&'static str>,
}

impl Scratch {
    /// Empty tables beside those of the database, for rows of one generation.
    /// A block of rows is inserted when it has so many bytes.
    pub fn new(
        connection: &Connection,
        tables: &[Table],
        generation: u32,
        max_bytes: usize,
    ) -> Result<Self, SinkError> {
        let real = ClickHouse::new(connection)?;
        real.check()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default();
        drop_stale(&real, now)?;
        let prefix = format!("{}{INFIX}", connection.database);
        let database = format!("{prefix}{}", now.as_millis());
        let beside = ClickHouse::new(&Connection {
            database: database.clone(),
            ..connection.clone()
        })?;
        real.execute(
            "create a database beside it",
            &format!("CREATE DATABASE {}", quoted(&database)),
        )?;
        let mut scratch = Self {
            real,
            beside,
            generation,
            tables: Vec::new(),
            blocks: Blocks::default(),
            max_bytes,
        };
        for table in tables {
            let layout = scratch.layout(*table)?;
            scratch.tables.push(layout);
            let (mine, theirs) = (scratch.mine(*table), scratch.theirs(*table));
            scratch.real.execute(
                "create a table beside it",
                &format!("CREATE TABLE {mine} AS {theirs} ENGINE = MergeTree ORDER BY tuple()"),
            )?;
        }
        scratch.create_judged()?;
        Ok(scratch)
    }

    /// Takes a record of `rollups`; rows of tables that were not asked for are left out.
    pub fn add(&mut self, value: &[u8], stop: &Stop) -> Result<(), SinkError> {
        let unreadable = |reason: String| SinkError::Failed {
            url: self.real.connection().url.clone(),
            context: "read rows that were reckoned anew".to_owned(),
            reason,
        };
        let (batch, _) = Batch::read(value).map_err(|error| unreadable(error.0.to_owned()))?;
        let table = table_of(batch.table);
        if !self.tables.iter().any(|layout| layout.table == table) {
            return Ok(());
        }
        rows::append(value, &mut self.blocks).map_err(|error| unreadable(error.to_string()))?;
        if self.blocks.bytes() >= self.max_bytes {
            self.flush(stop)?;
        }
        Ok(())
    }

    /// Inserts what was taken and still waits.
    pub fn flush(&mut self, stop: &Stop) -> Result<(), SinkError> {
        for sent in insert(&self.beside, self.blocks.take(|_| true), stop) {
            match sent {
                Sent::Done(block) => self.blocks.recycle(block),
                Sent::Failed(block, error) => {
                    let context = format!("insert rows beside {}", block.table.name());
                    return Err(self.beside.explain(&context, &error));
                }
            }
        }
        Ok(())
    }

    /// The name of a table beside the real one.
    fn mine(&self, table: Table) -> String {
        self.beside(table.name())
    }

    fn beside(&self, name: &str) -> String {
        format!("{}.{name}", quoted(&self.beside.connection().database))
    }

    /// The name of the real table.
    fn theirs(&self, table: Table) -> String {
        let database = quoted(&self.real.connection().database);
        format!("{database}.{}", table.name())
    }

    fn layout(&self, table: Table) -> Result<Layout, SinkError> {
        let sorted: Vec<String> = self.real.rows(
            "look up the keys of a table",
            &format!(
                "SELECT name FROM system.columns WHERE database = currentDatabase() \
                 AND table = '{}' AND is_in_sorting_key",
                self.real.connection().stored(table.name())
            ),
        )?;
        let columns = table.columns().iter().map(|(name, _)| *name);
        let columns =
            columns.filter(|name| !matches!(*name, "generation" | "version" | "is_deleted"));
        let (keys, values) = columns.partition(|name| sorted.iter().any(|key| key == name));
        Ok(Layout {
            table,
            keys,
            values,
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let database = &self.beside.connection().database;
        let sql = format!("DROP DATABASE IF EXISTS {} SYNC", quoted(database));
        if let Err(error) = self.real.execute("drop the database beside it", &sql) {
            tracing::warn!(%error, database, "left behind; it is dropped by a later run after a day");
        }
    }
}

impl Layout {
    /// A number of a key by which it is found and told apart: 128 bits of a hash.
    pub(crate) fn key(&self) -> String {
        format!("sipHash128({})", self.keys.join(", "))
    }
}

/// Drops what runs that were killed have left behind.
fn drop_stale(real: &ClickHouse, now: Duration) -> Result<(), SinkError> {
    let prefix = format!("{}{INFIX}", real.connection().database);
    let names: Vec<String> = real.rows(
        "look for old databases",
        "SELECT name FROM system.databases",
    )?;
    for name in names {
        let made = name
            .strip_prefix(&prefix)
            .and_then(|made| made.parse().ok());
        let is_stale = made.is_some_and(|made| Duration::from_millis(made) + STALE < now);
        if is_stale {
            real.execute(
                "drop an old database",
                &format!("DROP DATABASE IF EXISTS {} SYNC", quoted(&name)),
            )?;
        }
    }
    Ok(())
}

const fn table_of(table: wire::Table) -> Table {
    match table {
        wire::Table::Tenants => Table::Tenants,
        wire::Table::Identities => Table::Identities,
        wire::Table::Links => Table::Links,
        wire::Table::Touchpoints => Table::Touchpoints,
        wire::Table::Calls => Table::Calls,
        wire::Table::Deals => Table::Deals,
        wire::Table::Credits => Table::Credits,
        wire::Table::Erasures => Table::Erasures,
        wire::Table::Costs => Table::Costs,
        wire::Table::TrafficCells => Table::TrafficCells,
        wire::Table::CreditCells => Table::CreditCells,
    }
}
