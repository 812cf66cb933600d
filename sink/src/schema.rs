//! The schema in ClickHouse: numbered migrations, each applied once.
//!
//! A migration is a file of statements, never edited once released; what it
//! was is remembered by its checksum. ClickHouse has no transactions and no
//! locks for this, so every statement may run twice (`IF NOT EXISTS`,
//! `IF EXISTS`, `OR REPLACE`): a process that dies in the middle, or two that start at
//! once, do no harm.

mod cluster;
pub mod dictionary;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::client::ClickHouse;
use crate::config::Connection;
use crate::error::SinkError;

pub use cluster::SHARD_SUFFIX;
pub(crate) use cluster::catch_up;

/// A numbered step of the schema.
#[derive(Clone, Copy, Debug)]
struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal,)*) => {
        /// Every migration in order.
        const MIGRATIONS: &[Migration] = &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../migrations/", $name, ".sql")),
        },)*];
    };
}

migrations! {
    1 "0001_tables",
    2 "0002_views",
    3 "0003_replays",
    4 "0004_links",
    5 "0005_erasure",
    6 "0006_deals",
    7 "0007_dashboard",
    8 "0008_journeys",
    9 "0009_arrivals",
}

/// Remembers what was applied. A migration applied by two processes at once
/// stands here twice until a merge.
const SCHEMA_MIGRATIONS: &str = "\
CREATE TABLE IF NOT EXISTS schema_migrations
(
    number UInt32 COMMENT 'The number of the migration.',
    name String COMMENT 'The name of the migration.',
    checksum String COMMENT 'The SHA-256 of its text, hexadecimal.',
    applied_at DateTime64(3, 'UTC') COMMENT 'When it was applied, UTC, to the millisecond.'
)
ENGINE = ReplacingMergeTree
ORDER BY (number, checksum)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
COMMENT 'The migrations of this schema that were applied to this database.'";

/// The whole schema as one script for `clickhouse-client`.
pub fn print(connection: &Connection) -> String {
    let database = quoted(&connection.database);
    let on_cluster = connection.on_cluster();
    let mut script =
        format!("CREATE DATABASE IF NOT EXISTS {database}{on_cluster};\nUSE {database};\n");
    for migration in MIGRATIONS {
        let _ = write!(script, "\n-- {}\n\n", migration.name);
        if connection.cluster.is_empty() {
            script.push_str(&unix(migration.sql));
            continue;
        }
        for statement in statements(migration.sql) {
            for statement in connection.statements(&statement) {
                let _ = write!(script, "{statement};\n\n");
            }
        }
    }
    script
}

/// Makes the database where it is missing and applies the migrations that it
/// has not seen; gives their names. Where no generation is active yet,
/// `generation` becomes so.
pub fn apply(clickhouse: &ClickHouse, generation: u32) -> Result<Vec<&'static str>, SinkError> {
    let database = &clickhouse.connection().database;
    if !database_exists(clickhouse)? {
        clickhouse.execute_outside(
            "create the database",
            &format!(
                "CREATE DATABASE IF NOT EXISTS {}{}",
                quoted(database),
                clickhouse.connection().on_cluster()
            ),
        )?;
    }
    for statement in clickhouse.connection().statements(SCHEMA_MIGRATIONS) {
        clickhouse.execute("create schema_migrations", &statement)?;
    }
    let seen: Vec<(u32, String)> = clickhouse.rows(
        "read the applied migrations",
        "SELECT DISTINCT number, checksum FROM schema_migrations ORDER BY number, checksum",
    )?;
    warn_of_unknown(&seen);
    let mut applied = Vec::new();
    for migration in MIGRATIONS {
        if apply_one(clickhouse, migration, &seen)? {
            applied.push(migration.name);
        }
    }
    clickhouse.execute(
        "activate the first generation",
        &format!(
            "INSERT INTO generations SELECT {generation}, now64(3) WHERE (SELECT count() FROM generations) = 0"
        ),
    )?;
    Ok(applied)
}

/// Drops the database with everything in it.
pub fn drop(clickhouse: &ClickHouse) -> Result<(), SinkError> {
    let database = quoted(&clickhouse.connection().database);
    let on_cluster = clickhouse.connection().on_cluster();
    clickhouse.execute_outside(
        "drop the database",
        &format!("DROP DATABASE IF EXISTS {database}{on_cluster} SYNC"),
    )
}

/// Makes a generation the one that the views show, unless a higher one is
/// active already: generations only grow.
pub fn activate(clickhouse: &ClickHouse, generation: u32) -> Result<(), SinkError> {
    clickhouse.execute(
        "activate a generation",
        &format!("INSERT INTO generations SELECT {generation}, now64(3)"),
    )
}

/// The generation that the views show; 0 when none is active.
pub fn active_generation(clickhouse: &ClickHouse) -> Result<u32, SinkError> {
    clickhouse.scalar(
        "read the active generation",
        "SELECT max(generation) FROM generations",
    )
}

fn database_exists(clickhouse: &ClickHouse) -> Result<bool, SinkError> {
    match clickhouse.scalar::<u8>("look for the database", "SELECT toUInt8(1)") {
        Ok(_) => Ok(true),
        Err(SinkError::NoSchema { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the migration was new to the database.
fn apply_one(
    clickhouse: &ClickHouse,
    migration: &Migration,
    seen: &[(u32, String)],
) -> Result<bool, SinkError> {
    let checksum = checksum(migration.sql);
    let mut known = seen
        .iter()
        .filter(|(number, _)| *number == migration.number)
        .peekable();
    if known.peek().is_some() {
        if known.any(|(_, theirs)| *theirs != checksum) {
            return Err(SinkError::EditedMigration {
                name: migration.name,
                database: clickhouse.connection().database.clone(),
            });
        }
        return Ok(false);
    }
    for statement in statements(migration.sql) {
        for statement in clickhouse.connection().statements(&statement) {
            clickhouse.execute(migration.name, &statement)?;
        }
    }
    clickhouse.execute(
        "remember a migration",
        &format!(
            "INSERT INTO schema_migrations VALUES ({}, '{}', '{checksum}', now64(3))",
            migration.number, migration.name
        ),
    )?;
    tracing::info!(migration = migration.name, "applied a migration");
    Ok(true)
}

/// A database that a newer program has migrated keeps working: its views keep
/// their columns. What that program added is merely unused.
fn warn_of_unknown(seen: &[(u32, String)]) {
    let newest = MIGRATIONS.iter().map(|known| known.number).max();
    for (number, _) in seen.iter().filter(|(number, _)| Some(*number) > newest) {
        tracing::warn!(
            number,
            "the database has a migration that this program does not know"
        );
    }
}

/// The statements of a file: each ends with a semicolon at the end of a line.
fn statements(sql: &str) -> Vec<String> {
    unix(sql)
        .split(";\n")
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

/// The text, whichever way the checkout ends its lines.
fn unix(sql: &str) -> String {
    sql.replace("\r\n", "\n")
}

fn checksum(sql: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(unix(sql)) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// An identifier in backticks.
pub(crate) fn quoted(identifier: &str) -> String {
    format!("`{}`", identifier.replace('\\', "\\\\").replace('`', "\\`"))
}

#[cfg(test)]
mod tests;
