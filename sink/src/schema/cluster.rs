//! The schema on a cluster of several servers.
//!
//! There is one text of the schema, that of a single server. On a cluster, every
//! table of it is two: `NAME_shard`, replicated, holds the rows of one shard on
//! each of its servers; `NAME` is a `Distributed` table over all of them. Views
//! and everybody who reads or inserts know `NAME` alone, so nothing above the tables
//! is different. Materialised views pass rows on within their shard.
//!
//! A row's shard follows from its key without the generation: the versions of a key
//! must meet in one place, or `FINAL` could not tell which counts, and so must a
//! subject's rows of all generations. Nothing else of a row stays as it is: its
//! client can change. All tables are sharded alike, small ones too, so that
//! whatever a server is asked, its answer is that of the whole cluster.

use crate::client::ClickHouse;
use crate::config::Connection;
use crate::error::SinkError;

use super::quoted;

/// What the tables are called that hold the rows of one shard.
pub const SHARD_SUFFIX: &str = "_shard";

/// Where a shard's replicas of a table meet in the keeper. It says the table by its
/// name, not by a number: whoever makes a table twice at once, or later on
/// another server, means the same one.
const KEEPER_PATH: &str = "/clickhouse/tables/{shard}/{database}/{table}";

/// Set for every statement where there is a cluster.
const SETTINGS: [(&str, &str); 4] = [
    // Acknowledged means written on the shards, not queued on the way to them.
    ("distributed_foreground_insert", "1"),
    // What a condition asks of another table it asks of all shards.
    ("distributed_product_mode", "global"),
    // Rows that are read to be inserted go where their keys belong.
    ("parallel_distributed_insert_select", "0"),
    // A statement for all servers gives no rows, but an error.
    ("distributed_ddl_output_mode", "none"),
];

impl Connection {
    /// The table that holds the rows: on a cluster, those of one shard.
    pub fn stored(&self, table: &str) -> String {
        let suffix = if self.cluster.is_empty() {
            ""
        } else {
            SHARD_SUFFIX
        };
        format!("{table}{suffix}")
    }

    /// What makes a statement one for all servers, with a space before it.
    pub(crate) fn on_cluster(&self) -> String {
        if self.cluster.is_empty() {
            return String::new();
        }
        format!(" ON CLUSTER {}", quoted(&self.cluster))
    }

    /// A table of the database `system`, of all servers.
    pub(crate) fn on_all_servers(&self, table: &str) -> String {
        if self.cluster.is_empty() {
            return format!("system.{table}");
        }
        format!("clusterAllReplicas('{}', system.{table})", self.cluster)
    }

    /// The settings of every statement.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        if self.cluster.is_empty() {
            return Vec::new();
        }
        let settings = SETTINGS.map(|(name, value)| (name, value.to_owned()));
        let timeout = (self.request_timeout_ms / 1000).max(1).to_string();
        let timeout = ("distributed_ddl_task_timeout", timeout);
        settings.into_iter().chain([timeout]).collect()
    }

    /// The statements that stand for one of the schema's.
    pub(super) fn statements(&self, statement: &str) -> Vec<String> {
        if self.cluster.is_empty() {
            return vec![statement.to_owned()];
        }
        for_cluster(self, statement)
    }
}

/// Waits until every replica of a table has what was inserted before.
pub(crate) fn catch_up(clickhouse: &ClickHouse, table: &str) -> Result<(), SinkError> {
    let connection = clickhouse.connection();
    if connection.cluster.is_empty() {
        return Ok(());
    }
    clickhouse.execute(
        "wait for the replicas of a table",
        &format!(
            "SYSTEM SYNC REPLICA{} {}.{}",
            connection.on_cluster(),
            quoted(&connection.database),
            connection.stored(table)
        ),
    )
}

fn for_cluster(connection: &Connection, statement: &str) -> Vec<String> {
    // Comments before a statement say why it is there.
    let sql: Vec<_> = statement
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with("--"))
        .collect();
    let sql = sql.join("\n");
    if let Some((name, rest)) = after(&sql, &["CREATE TABLE IF NOT EXISTS "]) {
        if gathers(name) {
            let on_cluster = connection.on_cluster();
            return vec![format!(
                "CREATE TABLE IF NOT EXISTS {name}{on_cluster}{rest}"
            )];
        }
        return vec![
            shard(connection, name, rest),
            distributed(connection, name, rest),
        ];
    }
    if let Some((name, rest)) = after(&sql, &["ALTER TABLE "]) {
        let alter = |name: &str| format!("ALTER TABLE {name}{}{rest}", connection.on_cluster());
        let mut all = vec![alter(&connection.stored(name))];
        // Indices and how parts are merged are no matter of a table without parts.
        if rest.trim_start().starts_with("ADD COLUMN ") {
            all.push(alter(name));
        }
        return all;
    }
    if let Some((name, rest)) = after(&sql, &["CREATE MATERIALIZED VIEW IF NOT EXISTS "]) {
        return vec![within_shard(connection, name, rest)];
    }
    let views = [
        "CREATE VIEW IF NOT EXISTS ",
        "CREATE OR REPLACE VIEW ",
        "DROP VIEW IF EXISTS ",
    ];
    match after(&sql, &views) {
        Some((name, rest)) => {
            let start = sql.len() - rest.len() - name.len();
            let words = sql.get(..start).unwrap_or_default();
            vec![format!("{words}{name}{}{rest}", connection.on_cluster())]
        }
        // None is left: a test goes through all.
        None => vec![sql],
    }
}

/// The name after the words that a statement begins with, and what comes then.
fn after<'a>(sql: &'a str, words: &[&str]) -> Option<(&'a str, &'a str)> {
    let rest = words.iter().find_map(|words| sql.strip_prefix(words))?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// Whether a table gathers in memory what another one then stores. Each server has
/// its own, and what leaves it goes to all shards.
fn gathers(table: &str) -> bool {
    table.ends_with("_gathered")
}

/// The table of a shard's rows.
fn shard(connection: &Connection, name: &str, rest: &str) -> String {
    let lines: Vec<_> = rest
        .lines()
        .map(|line| match line.strip_prefix("ENGINE = ") {
            Some(engine) => {
                let (engine, arguments) = match engine.split_once('(') {
                    Some((engine, arguments)) => (engine, format!(", {arguments}")),
                    None => (engine, ")".to_owned()),
                };
                format!("ENGINE = Replicated{engine}('{KEEPER_PATH}', '{{replica}}'{arguments}")
            }
            // No block is left out for being the same as one before: rows that were
            // deleted, or lost, may be inserted again.
            None => line.replace(
                "non_replicated_deduplication_window",
                "replicated_deduplication_window",
            ),
        })
        .collect();
    let name = connection.stored(name);
    let on_cluster = connection.on_cluster();
    format!(
        "CREATE TABLE IF NOT EXISTS {name}{on_cluster}{}",
        lines.join("\n")
    )
}

/// The table over all shards. Its columns are those of the shard's table.
fn distributed(connection: &Connection, name: &str, rest: &str) -> String {
    let line = |start: &str| {
        let mut lines = rest.lines();
        lines.find_map(|line| line.strip_prefix(start))
    };
    let order = line("ORDER BY ").unwrap_or_default();
    let all: Vec<_> = order.trim_matches(['(', ')']).split(", ").collect();
    let subject: Vec<_> = all
        .iter()
        .copied()
        .filter(|column| *column != "generation")
        .collect();
    // Of `generations` nothing else would be left.
    let key = if subject.is_empty() { all } else { subject };
    let database = quoted(&connection.database);
    let stored = connection.stored(name);
    format!(
        "CREATE TABLE IF NOT EXISTS {name}{} AS {database}.{stored}\n\
         ENGINE = Distributed({}, {database}, {stored}, cityHash64({}))\n\
         COMMENT {}",
        connection.on_cluster(),
        quoted(&connection.cluster),
        key.join(", "),
        line("COMMENT ").unwrap_or("''"),
    )
}

/// A view that passes rows on: from a shard's table to another one of it.
fn within_shard(connection: &Connection, name: &str, rest: &str) -> String {
    let lines: Vec<_> = rest
        .lines()
        .map(|line| {
            if let Some(target) = line.strip_prefix(" TO ") {
                return if gathers(target) {
                    line.to_owned()
                } else {
                    format!(" TO {}", connection.stored(target))
                };
            }
            match after(line, &["FROM "]) {
                Some((from, more)) => format!("FROM {} AS {from}{more}", connection.stored(from)),
                None => line.to_owned(),
            }
        })
        .collect();
    format!(
        "CREATE MATERIALIZED VIEW IF NOT EXISTS {name}{}{}",
        connection.on_cluster(),
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests;
