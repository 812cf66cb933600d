//! The tables with rows of persons, and the statements that find, list and
//! delete those of erased ones. No statement names a row or a person.

use std::time::Duration;

use crate::config::Connection;
use crate::schema::quoted;
use crate::table::Table;

/// Where the pseudonyms of erased identifiers stand.
pub(crate) const ERASED: &str = "erased_identifiers";
/// Where it stands which rows are deleted.
pub(crate) const ROWS: &str = "erasure_rows";
/// Keys that are deleted at once. ClickHouse holds some 100 bytes for each
/// version of them meanwhile.
pub(super) const ROUND_KEYS: u64 = 250_000;
/// Passes of one millisecond are told apart by a number below this.
pub(super) const PASS_DICE: u64 = 10_000;
/// How many of ClickHouse's threads look for rows.
const SEARCH_THREADS: u8 = 2;

/// A table with rows of persons.
#[derive(Clone, Copy, Debug)]
pub struct PersonTable {
    /// The table.
    pub table: Table,
    /// What tells its rows apart.
    pub keys: &'static [&'static str],
    /// The columns that name a person by an identifier.
    pub names: &'static [&'static str],
}

/// Every table with rows of persons. Identifiers and what links them go last:
/// what is interrupted can still be explained by them.
pub const PERSON_TABLES: [PersonTable; 6] = [
    PersonTable {
        table: Table::Touchpoints,
        keys: &["generation", "tenant", "touch_id", "content_hash"],
        names: &["client"],
    },
    PersonTable {
        table: Table::Calls,
        keys: &["generation", "tenant", "touch_id", "content_hash"],
        names: &["client"],
    },
    PersonTable {
        table: Table::Credits,
        keys: &["generation", "tenant", "deal_id"],
        names: &["client"],
    },
    PersonTable {
        table: Table::Deals,
        keys: &["generation", "tenant", "deal_id"],
        names: &["client"],
    },
    PersonTable {
        table: Table::Links,
        keys: &["tenant", "identifier", "other", "kind"],
        names: &["identifier", "other"],
    },
    PersonTable {
        table: Table::Identities,
        keys: &["generation", "tenant", "identifier"],
        names: &["client", "identifier"],
    },
];

impl PersonTable {
    /// The table, if it has rows of persons.
    pub(crate) fn of(table: Table) -> Option<&'static Self> {
        PERSON_TABLES.iter().find(|person| person.table == table)
    }

    /// A number of a row's key: 128 bits of a hash.
    fn key(&self) -> String {
        format!("sipHash128({})", self.keys.join(", "))
    }

    /// The same without the generation: what the row is about.
    fn subject(&self) -> String {
        let keys = self.keys.iter().copied();
        let keys: Vec<_> = keys.filter(|key| *key != "generation").collect();
        format!("sipHash128({})", keys.join(", "))
    }

    /// The condition that a row names somebody who is erased: the pseudonym of an
    /// identifier is the first 15 bytes of its SHA-256 and its own last one.
    /// `erased` is the name of the table of pseudonyms, of which those count that
    /// have stood there for so long.
    pub(crate) fn is_erased(&self, erased: &str, since: Duration) -> String {
        let names = self.names.iter().map(|name| {
            format!(
                "(tenant, toFixedString(concat(\
                 substring(SHA256({name}), 1, 15), substring({name}, 16, 1)), 16)) IN \
                 (SELECT tenant, pseudonym FROM {erased} FINAL \
                 WHERE erased_at <= now() - {})",
                since.as_secs()
            )
        });
        format!("({})", names.collect::<Vec<_>>().join(" OR "))
    }

    /// Counts at most one row that names somebody who is erased.
    pub(super) fn search(&self, since: Duration) -> String {
        format!(
            "SELECT count() FROM (SELECT 1 FROM {} WHERE {} LIMIT 1) \
             SETTINGS max_threads = {SEARCH_THREADS}",
            self.table.name(),
            self.is_erased(ERASED, since)
        )
    }

    /// Lists which versions of which keys go. Whose a subject is says its newest
    /// row, of whichever generation: one of an older generation is not written
    /// again when it changes hands. If it is an erased person's, all of its rows
    /// go, else those that name one.
    pub(super) fn listing(&self, pass: u64, since: Duration) -> String {
        let (name, key, subject) = (self.table.name(), self.key(), self.subject());
        let is_erased = self.is_erased(ERASED, since);
        format!(
            "INSERT INTO {ROWS} (pass, table_name, key, version, is_newest) \
             SELECT {pass}, '{name}', of_one.1, of_row.1, of_row.1 = of_one.2 FROM \
             (SELECT of_one, arrayJoin(arrayFilter(of_version -> of_owner OR of_version.2, of_one.3)) AS of_row FROM \
             (SELECT argMax(of_last, (newest, of_last)) AS of_owner, \
             arrayJoin(groupArray((of_key, newest, versions))) AS of_one FROM \
             (SELECT of_subject, of_key, max(version) AS newest, \
             argMax(of_erased, (version, of_erased)) AS of_last, \
             groupArray((version, of_erased)) AS versions FROM \
             (SELECT {subject} AS of_subject, {key} AS of_key, version, {is_erased} AS of_erased FROM {name} \
             WHERE {subject} IN (SELECT DISTINCT {subject} FROM {name} WHERE {is_erased} LIMIT {ROUND_KEYS})) \
             GROUP BY of_subject, of_key) GROUP BY of_subject)) \
             SETTINGS max_threads = {SEARCH_THREADS}, async_insert = 0, insert_deduplicate = 0"
        )
    }

    /// Deletes listed rows and waits until they are gone. The list of a pass does
    /// not change, so it is the same one for every part, whenever that is dealt with.
    pub(super) fn deletion(&self, connection: &Connection, pass: u64, is_newest: u8) -> String {
        format!(
            "ALTER TABLE {stored}{on_cluster} DELETE WHERE ({key}, version) IN \
             (SELECT key, version FROM {database}.{ROWS} \
             WHERE pass = {pass} AND table_name = '{name}' AND is_newest = {is_newest}) \
             SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1, \
             mutations_execute_subqueries_on_initiator = 0",
            stored = connection.stored(self.table.name()),
            on_cluster = connection.on_cluster(),
            name = self.table.name(),
            key = self.key(),
            database = quoted(&connection.database),
        )
    }
}
