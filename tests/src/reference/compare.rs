//! Differences between the reference's tables and loaded ones, for a person to read.
//!
//! Client ids are opaque on both sides. Rows with the same key pair the clients of the two sides; the pairing must be
//! one to one, and every further row and the kinds of every client's identifiers must agree with it.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::{TABLES, Table, Type, table};
use super::tables::{Cell, Row, Tables, show};

/// Differences told of each table.
const TOLD: usize = 20;
/// Quotients may be cut to four decimals by one side.
const TOLERANCE: f64 = 1.01e-4;

impl Tables {
    /// What differs when `self` is right; empty when nothing does.
    pub fn compare(&self, actual: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let pairs = Pairs::of(self, actual, &mut differences);
        for table in TABLES
            .iter()
            .filter(|table| !["clients", "identities"].contains(&table.name))
        {
            told(
                table.name,
                rows_of(table, self, actual, &pairs),
                &mut differences,
            );
        }
        told(
            "identities",
            identities(self, actual, &pairs),
            &mut differences,
        );
        told("clients", clients(self, actual), &mut differences);
        differences
    }
}

/// Adds the first few differences of a table, and how many more there are.
fn told(table: &str, found: Vec<String>, differences: &mut Vec<String>) {
    let more = found.len().saturating_sub(TOLD);
    differences.extend(
        found
            .into_iter()
            .take(TOLD)
            .map(|text| format!("{table}: {text}")),
    );
    if more > 0 {
        differences.push(format!("{table}: and {more} more differences"));
    }
}

/// The clients of the two sides that are the same client.
struct Pairs {
    actual_of: BTreeMap<i64, i64>,
}

impl Pairs {
    fn of(expected: &Tables, actual: &Tables, differences: &mut Vec<String>) -> Self {
        let mut actual_of: BTreeMap<i64, i64> = BTreeMap::new();
        let mut expected_of: BTreeMap<i64, i64> = BTreeMap::new();
        let mut found = Vec::new();
        for table in ["touchpoints", "deals", "calls"].map(table) {
            let others = by_key(table, actual.of(table.name));
            for (key, rows) in by_key(table, expected.of(table.name)) {
                // A key that stands for several rows (one id, two contents) pairs nobody.
                let (&[row], Some(&[other])) =
                    (rows.as_slice(), others.get(&key).map(Vec::as_slice))
                else {
                    continue;
                };
                let (Some(client), Some(other)) = (client(table, row), client(table, other)) else {
                    continue;
                };
                let same = *actual_of.entry(client).or_insert(other) == other
                    && *expected_of.entry(other).or_insert(client) == client;
                if !same {
                    found.push(format!(
                        "{} {} belongs to a client it should not",
                        table.name,
                        print_key(table, row)
                    ));
                }
            }
        }
        told("clients", found, differences);
        Self { actual_of }
    }

    /// The row as the other side would write it: its client replaced by that side's number.
    fn translate(&self, table: &Table, row: &Row) -> Row {
        let mut row = row.clone();
        for (cell, column) in row.0.iter_mut().zip(table.columns) {
            if let (Cell::Int(client), Type::Client) = (&*cell, column.ty) {
                *cell = self
                    .actual_of
                    .get(client)
                    .map_or(Cell::Absent, |other| Cell::Int(*other));
            }
        }
        row
    }
}

fn client(table: &Table, row: &Row) -> Option<i64> {
    let at = table
        .columns
        .iter()
        .position(|column| column.ty == Type::Client)?;
    match row.0[at] {
        Cell::Int(client) => Some(client),
        _ => None,
    }
}

fn by_key<'a>(table: &Table, rows: &'a [Row]) -> BTreeMap<Vec<Cell>, Vec<&'a Row>> {
    let mut groups: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let cells = row
            .0
            .iter()
            .zip(table.columns)
            .filter(|(_, column)| column.key);
        groups
            .entry(cells.map(|(cell, _)| cell.clone()).collect())
            .or_default()
            .push(row);
    }
    groups
}

fn rows_of(table: &Table, expected: &Tables, actual: &Tables, pairs: &Pairs) -> Vec<String> {
    let mut found = Vec::new();
    let mut others = by_key(table, actual.of(table.name));
    for (key, rows) in by_key(table, expected.of(table.name)) {
        let mut rows: Vec<Row> = rows
            .into_iter()
            .map(|row| pairs.translate(table, row))
            .collect();
        let mut other = others.remove(&key).unwrap_or_default();
        // Rows of one key are compared in an order that does not depend on columns one side may lack.
        let order = |row: &Row| required_cells(table, row);
        rows.sort_by_cached_key(order);
        other.sort_by_cached_key(|row| order(row));
        for (row, other) in rows.iter().zip(&other) {
            let differing: Vec<String> = (0..table.columns.len())
                .filter(|at| !same(&row.0[*at], &other.0[*at]))
                .map(|at| {
                    format!(
                        "{} {} ≠ {}",
                        table.columns[at].name,
                        show(table, &row.0, at),
                        show(table, &other.0, at)
                    )
                })
                .collect();
            if !differing.is_empty() {
                found.push(format!(
                    "{}: expected {}",
                    print_key(table, row),
                    differing.join(", ")
                ));
            }
        }
        found.extend(
            rows.iter()
                .skip(other.len())
                .map(|row| format!("missing {}", print(table, row))),
        );
        found.extend(
            other
                .iter()
                .skip(rows.len())
                .map(|row| format!("unexpected {}", print(table, row))),
        );
    }
    found.extend(
        others
            .values()
            .flatten()
            .map(|row| format!("unexpected {}", print(table, row))),
    );
    found
}

fn required_cells(table: &Table, row: &Row) -> Vec<Cell> {
    // The client last: where it is the only difference, the rows must already stand side by side.
    let (clients, values): (Vec<_>, Vec<_>) = row
        .0
        .iter()
        .zip(table.columns)
        .filter(|(_, column)| !column.optional)
        .partition(|(_, column)| column.ty == Type::Client);
    values
        .into_iter()
        .chain(clients)
        .map(|(cell, _)| cell.clone())
        .collect()
}

fn same(one: &Cell, other: &Cell) -> bool {
    match (one, other) {
        (Cell::Absent, _) | (_, Cell::Absent) => true,
        (Cell::Ratio(one), Cell::Ratio(other)) => {
            (one - other).abs() <= TOLERANCE + 1e-9 * one.abs()
        }
        _ => one == other,
    }
}

/// Identifiers are hashes on one side, so they are compared as how many of each kind every client has.
fn identities(expected: &Tables, actual: &Tables, pairs: &Pairs) -> Vec<String> {
    let mut found = Vec::new();
    let table = table("identities");
    for (side, tables) in [("expected", expected), ("actual", actual)] {
        let doubled = by_key(table, tables.of("identities"))
            .into_values()
            .filter(|rows| rows.len() > 1);
        found.extend(
            doubled.map(|rows| format!("{side} more than once: {}", print_key(table, rows[0]))),
        );
    }
    let mut expected = kinds(expected);
    let mut actual = kinds(actual);
    for (client, other) in &pairs.actual_of {
        let (own, others) = (expected.remove(client), actual.remove(other));
        if own != others {
            found.push(format!("expected a client of {own:?}, not of {others:?}"));
        }
    }
    // Clients with nothing but identifiers are told apart by these alone.
    let multiset = |clients: BTreeMap<i64, Vec<String>>| {
        let mut multiset: BTreeMap<Vec<String>, i64> = BTreeMap::new();
        for kinds in clients.into_values() {
            *multiset.entry(kinds).or_default() += 1;
        }
        multiset
    };
    let (expected, actual) = (multiset(expected), multiset(actual));
    let all: BTreeSet<_> = expected.keys().chain(actual.keys()).collect();
    for kinds in all {
        let (own, others) = (
            expected.get(kinds).unwrap_or(&0),
            actual.get(kinds).unwrap_or(&0),
        );
        if own != others {
            found.push(format!(
                "expected {own}, not {others} idle clients of {kinds:?}"
            ));
        }
    }
    found
}

/// The tenant and kind of every identifier of each client.
fn kinds(tables: &Tables) -> BTreeMap<i64, Vec<String>> {
    let table = table("identities");
    let mut kinds: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in tables.of(table.name) {
        let text = format!("{} {}", show(table, &row.0, 0), show(table, &row.0, 2));
        kinds
            .entry(client(table, row).unwrap_or(-1))
            .or_default()
            .push(text);
    }
    for kinds in kinds.values_mut() {
        kinds.sort();
    }
    kinds
}

/// Every client with an identifier has one row, and nobody else.
fn clients(expected: &Tables, actual: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    let numbers = |tables: &Tables, name| {
        tables
            .of(name)
            .iter()
            .filter_map(|row| client(table(name), row))
            .collect()
    };
    for (side, tables) in [("expected", expected), ("actual", actual)] {
        let rows: Vec<i64> = numbers(tables, "clients");
        let distinct: BTreeSet<i64> = rows.iter().copied().collect();
        if distinct.len() != rows.len() {
            found.push(format!(
                "{side} {} rows of {} clients",
                rows.len(),
                distinct.len()
            ));
        }
        let identified: Vec<i64> = numbers(tables, "identities");
        let identified: BTreeSet<i64> = identified.into_iter().collect();
        if identified != distinct {
            found.push(format!(
                "{side} {} clients, but identities of {}",
                distinct.len(),
                identified.len()
            ));
        }
    }
    let (own, others) = (expected.of("clients").len(), actual.of("clients").len());
    if own != others {
        found.push(format!("expected {own} clients, not {others}"));
    }
    found
}

fn print(table: &Table, row: &Row) -> String {
    let cells = table.columns.iter().enumerate();
    cells
        .map(|(at, column)| format!("{}={}", column.name, show(table, &row.0, at)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn print_key(table: &Table, row: &Row) -> String {
    let cells = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.key);
    cells
        .map(|(at, _)| show(table, &row.0, at))
        .collect::<Vec<_>>()
        .join(" / ")
}
