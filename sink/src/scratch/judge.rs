//! Which rows of the real tables are what was reckoned.
//!
//! Of a key the row of the highest version counts, and of equal versions the
//! one that was inserted last, as for the tables' own engine. Rows of one key
//! and version must be equal. A version that a partition gave after the end of
//! what was reckoned is later news, and one that it gave before the beginning has
//! not changed since: neither is judged. Any other that was not reckoned is
//! nothing that the log gives. A tombstone of an erased person need not be there:
//! it is deleted with all else of the person.

use std::fmt::Write as _;
use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::{Layout, Scratch};
use crate::client::Param;
use crate::erased::{ERASED, PersonTable};
use crate::error::SinkError;
use crate::schema::{catch_up, quoted};
use crate::table::Table;

/// How many examples are given of each table's differences.
pub const EXAMPLES: usize = 5;

/// The stretch of each partition's clock in which rows were reckoned.
#[derive(Clone, Debug, Default)]
pub struct Horizon(pub Vec<Span>);

/// A stretch of a partition's Lamport clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// The time of the last record before it.
    pub before: u64,
    /// The time of the last record in it.
    pub after: u64,
}

impl Horizon {
    /// The same without an end: nothing is later news.
    #[must_use]
    pub fn without_end(&self) -> Self {
        let spans = self.0.iter();
        Self(
            spans
                .map(|span| Span {
                    after: u64::MAX,
                    ..*span
                })
                .collect(),
        )
    }
}

/// How many keys of a table are what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// As reckoned.
    pub equal: u64,
    /// Of a later version than was reckoned.
    pub moved_on: u64,
    /// Of a version that was given before what was reckoned begins. Another
    /// partition may have reckoned an older one: each begins at its own place.
    pub before: u64,
    /// Not there.
    pub missing: u64,
    /// Of an older version or with other content.
    pub different: u64,
    /// There, though the log gives no such row.
    pub surplus: u64,
}

impl Counts {
    /// All keys.
    pub const fn rows(&self) -> u64 {
        self.equal + self.moved_on + self.before + self.differences()
    }

    /// The keys that are not what they must be.
    pub const fn differences(&self) -> u64 {
        self.missing + self.different + self.surplus
    }
}

/// What is wrong with a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It is not there.
    Missing,
    /// It is of an older version or has other content.
    Different,
    /// The log gives no such row.
    Surplus,
}

impl Kind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Different => "different",
            Self::Surplus => "surplus",
        }
    }
}

/// A column of a row that is not what it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What is wrong with the row.
    pub kind: Kind,
    /// The columns of its key and what they say.
    pub key: Vec<(&'static str, String)>,
    /// The column; none when the whole row is meant.
    pub column: Option<&'static str>,
    /// What was reckoned; none: no row.
    pub expected: Option<String>,
    /// What ClickHouse has; none: no row.
    pub found: Option<String>,
}

/// The kinds in the table of judgements.
const KINDS: &str = "Enum8('nothing' = 0, 'equal' = 1, 'moved_on' = 2, 'missing' = 3, 'different' = 4, 'surplus' = 5, 'before' = 6)";

/// Where a row stands in the order of insertion: the first block of its part
/// (`all_FIRST_LAST_LEVEL`), and its place there.
const PLACE: &str = "(toUInt64(splitByChar('_', toString(_part))[2]), toUInt64(_part_offset))";

#[derive(Row, Deserialize)]
struct Texts {
    texts: Vec<String>,
}

impl Scratch {
    pub(super) fn create_judged(&self) -> Result<(), SinkError> {
        self.real.execute(
            "create the table of judgements",
            &format!(
                "CREATE TABLE {} (table_name LowCardinality(String), kind {KINDS}, \
                 key FixedString(16), found UInt64, expected UInt64) \
                 ENGINE = MergeTree ORDER BY (table_name, kind)",
                self.beside("judged")
            ),
        )
    }

    /// The tables at hand.
    pub fn tables(&self) -> impl Iterator<Item = Table> {
        self.tables.iter().map(|layout| layout.table)
    }

    /// Compares a table, of one tenant or all, and counts. About `slice_rows`
    /// rows are compared at once: this bounds ClickHouse's memory, which is a
    /// few hundred bytes for each.
    pub fn judge(
        &self,
        table: Table,
        tenant: Option<&str>,
        horizon: &Horizon,
        slice_rows: u64,
    ) -> Result<Counts, SinkError> {
        let Some(layout) = self.layout_of(table) else {
            return Ok(Counts::default());
        };
        let judged = self.beside("judged");
        catch_up(&self.real, table.name())?;
        self.real.execute(
            "forget earlier judgements",
            &format!(
                "ALTER TABLE {judged} DELETE WHERE table_name = '{}' SETTINGS mutations_sync = 2",
                table.name()
            ),
        )?;
        let rows: u64 = self.real.scalar(
            "count the rows to compare",
            &format!(
                "SELECT sum(rows) FROM (SELECT count() AS rows FROM {} WHERE generation = {g} \
                 UNION ALL SELECT count() AS rows FROM {} WHERE generation = {g})",
                self.theirs(table),
                self.mine(table),
                g = self.generation
            ),
        )?;
        let slices = rows.div_ceil(slice_rows.max(1)).max(1);
        for slice in 0..slices {
            let sql = self.judgement(layout, tenant.is_some(), horizon, (slice, slices));
            self.real
                .execute_with("compare rows", &sql, &tenant_param(tenant))?;
        }
        self.counts(table)
    }

    fn layout_of(&self, table: Table) -> Option<&Layout> {
        self.tables.iter().find(|layout| layout.table == table)
    }

    /// The statement that judges the keys of a slice.
    fn judgement(
        &self,
        layout: &Layout,
        of_tenant: bool,
        horizon: &Horizon,
        slice: (u64, u64),
    ) -> String {
        let erased = format!("{}.{ERASED}", quoted(&self.real.connection().database));
        let person = PersonTable::of(layout.table);
        let is_erased = person.map(|person| person.is_erased(&erased, Duration::ZERO));
        let side = |number: u8, table: &str| {
            // Only of what was reckoned it matters.
            let is_erased = is_erased.as_deref().filter(|_| number == 1).unwrap_or("0");
            let mut condition = format!("generation = {}", self.generation);
            if of_tenant {
                condition.push_str(" AND tenant = {tenant:String}");
            }
            if slice.1 > 1 {
                let keys = layout.keys.join(", ");
                let _ = write!(
                    condition,
                    " AND cityHash64({keys}) % {} = {}",
                    slice.1, slice.0
                );
            }
            // The text tells every value, NULL too; 0 stands for no row. No column is
            // named as one of these, or the name would mean something else.
            format!(
                "SELECT {number} AS of_side, {} AS of_key, version, \
                 if(is_deleted = 1, 0, bitOr(sipHash64(toString(tuple({}))), 1)) AS of_row, \
                 {is_erased} AS of_erased, {PLACE} AS of_place FROM {table} WHERE {condition}",
                layout.key(),
                layout.values.join(", ")
            )
        };
        let newest =
            |side| format!("argMaxIf((version, of_row), (version, of_place), of_side = {side})");
        let partitions = horizon.0.len();
        // Of what is found: the Lamport time against that of its partition.
        let against = |order: &str, time: fn(&Span) -> u64| {
            let times: Vec<_> = horizon
                .0
                .iter()
                .map(|span| format!("toUInt64({})", time(span)))
                .collect();
            format!(
                "bitAnd(found.1, 65535) < {partitions} AND \
                 bitShiftRight(found.1, 16) {order} [{}][bitAnd(found.1, 65535) + 1]",
                times.join(", ")
            )
        };
        let later = against(">", |span| span.after);
        let earlier = against("<=", |span| span.before);
        format!(
            "INSERT INTO {judged} SELECT '{table}', multiIf(\
             found.2 = 0 AND expected.2 = 0 AND (found.1 >= expected.1 OR erased), 'nothing', \
             found.1 > expected.1 AND {later}, 'moved_on', \
             found.1 > expected.1 AND {earlier}, 'before', \
             expected.1 = 0, 'surplus', \
             found.1 = 0, 'missing', \
             found = expected, 'equal', \
             'different'), of_key, found.1, expected.1 \
             FROM (SELECT of_key, {found} AS found, {expected} AS expected, \
             argMaxIf(of_erased, (version, of_place), of_side = 1) AS erased \
             FROM ({theirs} UNION ALL {mine}) GROUP BY of_key)",
            judged = self.beside("judged"),
            table = layout.table.name(),
            found = newest(0),
            expected = newest(1),
            theirs = side(0, &self.theirs(layout.table)),
            mine = side(1, &self.mine(layout.table)),
        )
    }

    fn counts(&self, table: Table) -> Result<Counts, SinkError> {
        let kinds: Vec<(String, u64)> = self.real.rows(
            "count what was compared",
            &format!(
                "SELECT toString(kind), count() FROM {} WHERE table_name = '{}' GROUP BY kind",
                self.beside("judged"),
                table.name()
            ),
        )?;
        let of = |name: &str| {
            let mut kinds = kinds.iter().filter(|(kind, _)| kind == name);
            kinds.next().map_or(0, |(_, count)| *count)
        };
        Ok(Counts {
            equal: of("equal"),
            moved_on: of("moved_on"),
            before: of("before"),
            missing: of(Kind::Missing.name()),
            different: of(Kind::Different.name()),
            surplus: of(Kind::Surplus.name()),
        })
    }

    /// The first few differences of a table that was judged.
    pub fn examples(&self, table: Table) -> Result<Vec<Difference>, SinkError> {
        let Some(layout) = self.layout_of(table) else {
            return Ok(Vec::new());
        };
        let bad: Vec<(String, String)> = self.real.rows(
            "look up differences",
            &format!(
                "SELECT hex(key), toString(kind) FROM {} WHERE table_name = '{}' \
                 AND kind IN ('missing', 'different', 'surplus') ORDER BY kind, key LIMIT {EXAMPLES}",
                self.beside("judged"),
                table.name()
            ),
        )?;
        let mut differences = Vec::new();
        for (key, kind) in bad {
            let found = self.row(layout, &self.theirs(table), &key)?;
            let expected = self.row(layout, &self.mine(table), &key)?;
            let kind = match kind.as_str() {
                "missing" => Kind::Missing,
                "surplus" => Kind::Surplus,
                _ => Kind::Different,
            };
            differences.extend(layout.differences(kind, expected.as_deref(), found.as_deref()));
        }
        Ok(differences)
    }

    /// The newest row of a key: its columns as texts, keys first, then values,
    /// version and whether it is a tombstone.
    fn row(
        &self,
        layout: &Layout,
        table: &str,
        key: &str,
    ) -> Result<Option<Vec<String>>, SinkError> {
        let texts: Vec<_> = layout.columns().map(|name| layout.text(name)).collect();
        let rows: Vec<Texts> = self.real.rows_with(
            "read a row that differs",
            &format!(
                "SELECT [{}] AS texts FROM {table} WHERE generation = {} \
                 AND hex({}) = {{key:String}} ORDER BY version DESC, {PLACE} DESC LIMIT 1",
                texts.join(", "),
                self.generation,
                layout.key()
            ),
            &[("key", Param::Text(key.to_owned()))],
        )?;
        Ok(rows.into_iter().next().map(|row| row.texts))
    }
}

pub(super) fn tenant_param(tenant: Option<&str>) -> Vec<(&'static str, Param)> {
    let tenant = tenant.map(|tenant| ("tenant", Param::Text(tenant.to_owned())));
    tenant.into_iter().collect()
}

impl Layout {
    /// Every column but the generation: keys, values, version, tombstone.
    fn columns(&self) -> impl Iterator<Item = &'static str> {
        let all = self.keys.iter().chain(&self.values).copied();
        all.chain(["version", "is_deleted"])
    }

    /// A column as text. Hashes are shown as everywhere else.
    fn text(&self, name: &str) -> String {
        let mut columns = self.table.columns().iter();
        let kind = columns
            .find(|(column, _)| *column == name)
            .map(|(_, kind)| *kind);
        match kind {
            Some("FixedString(16)") => format!("lower(hex({name}))"),
            Some(kind) if kind.starts_with("Nullable") => {
                format!("ifNull(toString({name}), 'NULL')")
            }
            _ => format!("toString({name})"),
        }
    }

    /// The columns in which two rows of a key differ.
    fn differences(
        &self,
        kind: Kind,
        expected: Option<&[String]>,
        found: Option<&[String]>,
    ) -> Vec<Difference> {
        let Some(either) = found.or(expected) else {
            return Vec::new();
        };
        let key: Vec<_> = self
            .keys
            .iter()
            .copied()
            .zip(either.iter().cloned())
            .collect();
        let difference = |column, expected: Option<&String>, found: Option<&String>| Difference {
            kind,
            key: key.clone(),
            column,
            expected: expected.cloned(),
            found: found.cloned(),
        };
        let (Some(expected), Some(found)) = (expected, found) else {
            let version = self.keys.len() + self.values.len();
            let of = |row: Option<&[String]>| row.and_then(|row| row.get(version).cloned());
            return vec![difference(None, of(expected).as_ref(), of(found).as_ref())];
        };
        self.columns()
            .zip(expected.iter().zip(found))
            .filter(|(_, (expected, found))| expected != found)
            .map(|(column, (expected, found))| {
                difference(Some(column), Some(expected), Some(found))
            })
            .collect()
    }
}
