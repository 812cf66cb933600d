//! Making the real tables say what was reckoned.
//!
//! What is missing or says something else is inserted again with the version
//! that it has: the engine keeps the row that was inserted last of those of
//! one version. A row that the log does not give is deleted, not covered by a
//! tombstone: that would need a version which no partition gave, and which
//! could hide a later row of the key that one does give. Nothing goes through
//! `rollups`: the damage is ClickHouse's own, and others who read that topic
//! have the rows.

use super::Scratch;
use super::judge::Kind;
use crate::erased::{ROWS, forget, name_pass};
use crate::error::SinkError;
use crate::schema::{catch_up, quoted};
use crate::table::Table;

impl Scratch {
    /// Mends what the last judgement of a table found.
    pub fn repair(&self, table: Table) -> Result<(), SinkError> {
        let Some(layout) = self.tables.iter().find(|layout| layout.table == table) else {
            return Ok(());
        };
        let (theirs, mine, key) = (self.theirs(table), self.mine(table), layout.key());
        let judged = self.beside("judged");
        let of_table = format!("table_name = '{}'", table.name());
        let not_given = format!(
            "{of_table} AND (kind = '{}' OR kind = '{}' AND found > expected)",
            Kind::Surplus.name(),
            Kind::Different.name()
        );
        let count: u64 = self.real.scalar(
            "count rows to delete",
            &format!("SELECT count() FROM {judged} WHERE {not_given}"),
        )?;
        if count > 0 {
            let listed = format!("SELECT key, found FROM {judged} WHERE {not_given}");
            if self.real.connection().cluster.is_empty() {
                self.delete(table, &key, &listed)?;
            } else {
                self.delete_everywhere(table, &key, &listed)?;
            }
        }
        let columns: Vec<_> = table
            .columns()
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let columns = columns.join(", ");
        self.real.execute(
            "insert rows again",
            &format!(
                "INSERT INTO {theirs} ({columns}) \
                 SELECT {columns} FROM {mine} WHERE generation = {} AND {key} IN \
                 (SELECT key FROM {judged} WHERE {of_table} AND kind IN ('{}', '{}')) \
                 ORDER BY version DESC LIMIT 1 BY {} \
                 SETTINGS async_insert = 0, insert_deduplicate = 0",
                self.generation,
                Kind::Missing.name(),
                Kind::Different.name(),
                layout.keys.join(", ")
            ),
        )
    }

    /// Deletes the rows of listed keys and versions.
    fn delete(&self, table: Table, key: &str, listed: &str) -> Result<(), SinkError> {
        let connection = self.real.connection();
        self.real.execute(
            "delete rows that the log does not give",
            &format!(
                "ALTER TABLE {}.{}{} DELETE WHERE generation = {} AND ({key}, version) IN ({listed}) \
                 SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1",
                quoted(&connection.database),
                connection.stored(table.name()),
                connection.on_cluster(),
                self.generation
            ),
        )
    }

    /// The same on a cluster, whose other servers do not see what was judged
    /// here: they find the list where lists of rows to delete stand.
    fn delete_everywhere(&self, table: Table, key: &str, listed: &str) -> Result<(), SinkError> {
        let rows = format!("{}.{ROWS}", quoted(&self.real.connection().database));
        let pass: u64 = self.real.scalar("name a deletion", &name_pass())?;
        self.real.execute(
            "list rows that the log does not give",
            &format!(
                "INSERT INTO {rows} (pass, table_name, key, version, is_newest) \
                 SELECT {pass}, '{}', key, found, 1 FROM ({listed})",
                table.name()
            ),
        )?;
        catch_up(&self.real, ROWS)?;
        let listed = format!("SELECT key, version FROM {rows} WHERE pass = {pass}");
        self.delete(table, key, &listed)?;
        forget(&self.real, pass)
    }
}
