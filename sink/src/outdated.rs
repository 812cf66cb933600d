//! Rows of generations that are shown no more, out of ClickHouse.
//!
//! A new generation writes every figure anew, beside those of the ones before.
//! The newest of those that became active stay, as many as are asked for; what
//! is older is deleted, table by table, by ClickHouse in the background. Rows
//! can come after that (a topic that is read again, a worker that was stopped),
//! so it is looked for again and again.
//!
//! Rows of the active generation and of one that is on its way are above the
//! floor, whatever was asked for. Several processes may do this at once: a row
//! that is gone is gone, and a deletion that is under way is left to itself.
//! The rows of `generations` stay: they are few, and tell what once was active.

use std::time::Duration;

use throughline_stream::{Stop, metric_names};

use crate::client::ClickHouse;
use crate::config::Connection;
use crate::error::SinkError;
use crate::table::Table;

/// How long after one look the next one comes.
const INTERVAL: Duration = Duration::from_mins(5);
/// What all deletions of this kind begin with, in the words of `system.mutations`.
const DELETION: &str = "DELETE WHERE generation < ";

/// Removes what is older than the generations to be kept.
#[derive(Debug)]
pub struct Outdated {
    clickhouse: ClickHouse,
    keep: u32,
    stop: Stop,
}

impl Outdated {
    /// Keeps so many generations before the active one, beside it. Nothing is
    /// asked of ClickHouse yet, and no answer is waited for once a stop is requested.
    pub fn new(connection: &Connection, keep: u32, stop: Stop) -> Result<Self, SinkError> {
        Ok(Self {
            clickhouse: ClickHouse::new(connection)?.until(stop.clone()),
            keep,
            stop,
        })
    }

    /// Looks again and again until a stop is requested. What goes wrong is
    /// logged and counted; rows that stay for longer do no harm.
    pub fn run(&self) {
        let failures = metrics::counter!(metric_names::SINK_OUTDATED_FAILURES_TOTAL);
        failures.increment(0);
        loop {
            let looked = self.look();
            if self.stop.is_requested() {
                return;
            }
            if let Err(error) = looked {
                failures.increment(1);
                tracing::warn!(
                    %error,
                    remedy = remedy(&error),
                    "rows of older generations cannot be removed for now; they are not shown, and it is tried again"
                );
            }
            if self.stop.sleep(INTERVAL) {
                return;
            }
        }
    }

    /// Has ClickHouse delete what is outdated by now. Every table is tried; the
    /// error is the first one's.
    pub fn look(&self) -> Result<(), SinkError> {
        let floor = self.floor()?;
        let looked = Table::ALL
            .into_iter()
            .filter(|table| has_generations(*table));
        let looked: Vec<_> = looked.map(|table| self.look_at(table, floor)).collect();
        looked.into_iter().collect()
    }

    /// The first generation that is kept; 0 where all are. What counts is what
    /// was ever shown: a generation that was given up on its way takes no place.
    fn floor(&self) -> Result<u32, SinkError> {
        let kept = u64::from(self.keep) + 1;
        self.clickhouse.scalar(
            "look up the generations to keep",
            &format!(
                "SELECT if(count() = {kept}, min(generation), 0) FROM \
                 (SELECT DISTINCT generation FROM generations ORDER BY generation DESC LIMIT {kept})"
            ),
        )
    }

    fn look_at(&self, table: Table, floor: u32) -> Result<(), SinkError> {
        let name = table.name();
        let rows: u64 = match floor {
            0 => 0,
            _ => self.clickhouse.scalar(
                "count rows of older generations",
                &format!("SELECT count() FROM {name} WHERE generation < {floor}"),
            )?,
        };
        metrics::gauge!(metric_names::SINK_OUTDATED_ROWS, "table" => name).set(rows as f64);
        if rows == 0 || self.is_under_way(table)? {
            return Ok(());
        }
        tracing::info!(
            table = name,
            rows,
            before = floor,
            "removing rows of generations that are shown no more"
        );
        let connection = self.clickhouse.connection();
        // ClickHouse goes on by itself; later looks find how it ended.
        self.clickhouse.execute(
            "delete rows of older generations",
            &format!(
                "ALTER TABLE {}{} {DELETION}{floor} SETTINGS mutations_sync = 0",
                connection.stored(name),
                connection.on_cluster()
            ),
        )
    }

    /// Whether ClickHouse is still at a deletion that somebody began.
    fn is_under_way(&self, table: Table) -> Result<bool, SinkError> {
        let name = table.name();
        let connection = self.clickhouse.connection();
        let (unfinished, trouble): (u64, String) = self.clickhouse.scalar(
            "look for a deletion that is under way",
            &format!(
                "SELECT count(), max(latest_fail_reason) FROM {} \
                 WHERE database = '{}' AND table = '{}' AND NOT is_done \
                 AND position(command, '{DELETION}') > 0",
                connection.on_all_servers("mutations"),
                connection.database,
                connection.stored(name)
            ),
        )?;
        if !trouble.is_empty() {
            return Err(SinkError::Failed {
                url: self.clickhouse.connection().url.clone(),
                context: format!("deleting rows of older generations from {name}"),
                reason: trouble,
            });
        }
        Ok(unfinished > 0)
    }
}

/// Whether rows of a table belong to generations: links and rejected records are
/// facts, whatever the rules are.
fn has_generations(table: Table) -> bool {
    let mut columns = table.columns().iter();
    columns.any(|(name, _)| *name == "generation")
}

const fn remedy(error: &SinkError) -> &'static str {
    match error {
        SinkError::Unreachable { .. } => {
            "start clickhouse, or set `clickhouse.url` to where it answers"
        }
        SinkError::Refused { .. } => {
            "grant the user SELECT on system.mutations, and SELECT and ALTER DELETE on the \
             database; or keep all generations by a large `sink.keep_generations`"
        }
        SinkError::NoSchema { .. } => "apply the schema with `throughline schema apply`",
        _ => "remove the cause that clickhouse names; a deletion it began goes on by itself then",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tables_have_generations_but_those_of_none() {
        let without: Vec<_> = Table::ALL
            .into_iter()
            .filter(|table| !has_generations(*table))
            .collect();
        assert_eq!(without, [Table::Links, Table::Erasures, Table::DeadLetters]);
    }
}
