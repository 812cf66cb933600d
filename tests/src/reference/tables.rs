//! The views as plain tables: the same for the reference's rows and for loaded ones.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::schema::{TABLES, Table, Type, table};

/// One value.
#[derive(Clone, Debug)]
pub enum Cell {
    /// The loaded row has no such column.
    Absent,
    /// NULL.
    Null,
    /// A string or a date.
    Text(Arc<str>),
    /// Any integer: counts, money, times, clients.
    Int(i64),
    /// A quotient.
    Ratio(f64),
}

impl Cell {
    fn rank(&self) -> u8 {
        match self {
            Self::Absent => 0,
            Self::Null => 1,
            Self::Text(_) => 2,
            Self::Int(_) => 3,
            Self::Ratio(_) => 4,
        }
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Int(one), Self::Int(two)) => one.cmp(two),
            (Self::Ratio(one), Self::Ratio(two)) => one.total_cmp(two),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

impl From<Option<f64>> for Cell {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Null, Self::Ratio)
    }
}

/// One row, its cells in the order of the table's columns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(pub Vec<Cell>);

/// Rows of every view.
#[derive(Clone, Default)]
pub struct Tables {
    /// The rows of each view, sorted.
    pub rows: BTreeMap<&'static str, Vec<Row>>,
    /// Numbers given to the client ids of loaded rows, by tenant and id.
    pub clients: BTreeMap<(String, String), i64>,
}

impl Tables {
    /// The rows of a view.
    pub fn of(&self, name: &str) -> &[Row] {
        self.rows.get(name).map_or(&[], Vec::as_slice)
    }

    /// Replaces the rows of a view.
    pub fn set(&mut self, name: &str, mut rows: Vec<Row>) {
        rows.sort();
        self.rows.insert(table(name).name, rows);
    }

    /// The rows of a view with `column = text` for all the given pairs, printed as `column=value …` without the
    /// columns of the filter: for tests.
    ///
    /// # Panics
    ///
    /// When the view has no such column.
    pub fn find(&self, name: &str, filter: &[(&str, &str)], columns: &[&str]) -> Vec<String> {
        let table = table(name);
        let at = |column: &str| {
            let found = table
                .columns
                .iter()
                .position(|candidate| candidate.name == column);
            found.unwrap_or_else(|| panic!("{name} has no column {column}"))
        };
        let matches = |row: &&Row| {
            filter
                .iter()
                .all(|(column, text)| show(table, &row.0, at(column)) == *text)
        };
        let print = |row: &Row| {
            columns
                .iter()
                .map(|column| show(table, &row.0, at(column)))
                .collect::<Vec<_>>()
        };
        self.of(name)
            .iter()
            .filter(matches)
            .map(|row| print(row).join(" "))
            .collect()
    }
}

/// A cell as a person reads it: money with four decimals, times in ISO 8601.
pub fn show(table: &Table, row: &[Cell], column: usize) -> String {
    match (&row[column], table.columns[column].ty) {
        (Cell::Absent, _) => "absent".to_owned(),
        (Cell::Null, _) => "NULL".to_owned(),
        (Cell::Text(text), _) => text.to_string(),
        (Cell::Int(number), Type::Time) => super::time::iso(*number),
        (Cell::Int(number), Type::Money) => decimal(*number, 4),
        (Cell::Int(number), Type::Deals) => decimal(*number, 6),
        (Cell::Int(number), _) => number.to_string(),
        (Cell::Ratio(number), _) => format!("{number:.6}"),
    }
}

fn decimal(number: i64, places: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let unit = 10_u64.pow(places as u32);
    let (whole, fraction) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    let fraction = format!("{fraction:0places$}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &TABLES {
            writeln!(out, "{}:", table.name)?;
            for row in self.of(table.name) {
                let cells = table.columns.iter().enumerate();
                let cells: Vec<_> = cells
                    .map(|(at, column)| format!("{}={}", column.name, show(table, &row.0, at)))
                    .collect();
                writeln!(out, "  {}", cells.join(" "))?;
            }
        }
        Ok(())
    }
}
