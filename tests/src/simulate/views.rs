//! The contract's views over the table of rows, as the reference's tables.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use throughline_proto::Ident;
use throughline_proto::rollups::Table;

use super::table::RowTable;
use crate::reference::Tables;
use crate::reference::tables::{Cell, Row};
use crate::reference::time::{HOUR, date_text};

/// The views that [`of`] gives; the one that is missing sums these up by day.
pub const COMPARED: [&str; 10] = [
    "channel_hourly",
    "traffic_hourly",
    "deals",
    "deal_events",
    "credits",
    "touchpoints",
    "calls",
    "identities",
    "clients",
    "costs",
];

/// Those among them that count, and tell of nobody.
pub const SUMS: [&str; 2] = ["channel_hourly", "traffic_hourly"];

/// Cells of a row of deals before those of its events: the client, what the view has, how many events are not listed.
const DEAL_CELLS: usize = 18;
/// Cells of an event in a row of deals, the three of its origin last.
const EVENT_CELLS: usize = 9;
/// Cells of a share in a row of credits.
const CREDIT_CELLS: usize = 14;
/// Cells of a share in a rollup cell: the model and four figures.
const SHARE_CELLS: usize = 5;

/// Clients as numbers.
#[derive(Default)]
struct Clients(BTreeMap<Cell, i64>);

impl Clients {
    fn number(&mut self, client: &Cell) -> Cell {
        let next = self.0.len() as i64;
        Cell::Int(*self.0.entry(client.clone()).or_insert(next))
    }
}

/// The pseudonyms of erased identifiers, each with its tenant: every row that names one is deleted.
struct Erased<'a>(BTreeSet<&'a [Cell]>);

impl<'a> Erased<'a> {
    fn of(table: &'a RowTable) -> Self {
        let keys = table.0.keys();
        let keys = keys.filter(|(table, _)| *table == Table::Erasures);
        Self(keys.map(|(_, key)| key.as_slice()).collect())
    }

    /// Whether a row names an erased person.
    fn are_named_in(&self, table: Table, key: &[Cell], state: &[Cell]) -> bool {
        let names = match table {
            Table::Identities => [&key[1], &state[1]],
            Table::Touchpoints | Table::Calls | Table::Deals | Table::Credits => [&state[0]; 2],
            _ => return false,
        };
        let is_one = |name: &Cell| match name {
            Cell::Text(digits) => {
                let ident = u128::from_str_radix(digits, 16).map(Ident);
                let pseudonym = ident.expect("hexadecimal digits").pseudonym();
                let pseudonym = Cell::from(pseudonym.to_string().as_str());
                self.0.contains([key[0].clone(), pseudonym].as_slice())
            }
            _ => false,
        };
        !self.0.is_empty() && names.into_iter().any(is_one)
    }
}

/// The views over the rows, those of erased persons deleted.
pub fn of(table: &RowTable) -> Tables {
    let mut tables = Tables::default();
    let mut clients = Clients::default();
    let erased = &Erased::of(table);
    let rows = |wanted: Table| {
        let all = table.0.iter();
        all.filter(move |((table, _), _)| *table == wanted)
            .filter_map(|((_, key), (_, state))| Some((key.as_slice(), state.as_deref()?)))
            .filter(move |(key, state)| !erased.are_named_in(wanted, key, state))
    };
    // Tenant and id, then the client as a number; what follows is cut to what the view has.
    let mut with_client = |wanted: Table, columns: usize| {
        let row = |(key, state): (&[Cell], &[Cell])| {
            let mut cells = key[..2].to_vec();
            cells.push(clients.number(&state[0]));
            cells.extend_from_slice(&state[1..columns - 2]);
            Row(cells)
        };
        rows(wanted).map(row).collect::<Vec<_>>()
    };
    tables.set("touchpoints", with_client(Table::Touchpoints, 11));
    tables.set("deals", with_client(Table::Deals, 19));
    tables.set("calls", with_client(Table::Calls, 18));
    let events = rows(Table::Deals).flat_map(|(key, state)| {
        let client = clients.number(&state[0]);
        deal_events(key, &client, state)
    });
    let events = events.collect();
    tables.set("deal_events", events);
    let identities = rows(Table::Identities).map(|(key, state)| {
        let mut cells = key.to_vec();
        cells.extend([state[0].clone(), clients.number(&state[1])]);
        Row(cells)
    });
    let identities: Vec<_> = identities.collect();
    let distinct: BTreeSet<_> = identities
        .iter()
        .map(|Row(cells)| Row(vec![cells[0].clone(), cells[3].clone()]))
        .collect();
    tables.set("identities", identities);
    tables.set("clients", distinct.into_iter().collect());
    tables.set("credits", credits(rows(Table::Credits)));
    tables.set("costs", costs(rows(Table::Costs)));
    tables.set("traffic_hourly", traffic(rows(Table::TrafficCells)));
    tables.set("channel_hourly", credit_cells(rows(Table::CreditCells)));
    tables
}

fn deal_events(key: &[Cell], client: &Cell, state: &[Cell]) -> Vec<Row> {
    let (of_deal, events) = state.split_at(DEAL_CELLS);
    let earlier = of_deal.last().map_or(0, number);
    let events = (earlier + 1..).zip(events.chunks(EVENT_CELLS));
    let row = |(position, event): (i64, &[Cell])| {
        let mut cells = key.to_vec();
        cells.extend([position.into(), client.clone()]);
        cells.extend_from_slice(&event[..EVENT_CELLS - 3]);
        Row(cells)
    };
    events.map(row).collect()
}

fn credits<'a>(rows: impl Iterator<Item = (&'a [Cell], &'a [Cell])>) -> Vec<Row> {
    let shares = rows.flat_map(|(key, state)| {
        state[2..].chunks(CREDIT_CELLS).map(move |share| {
            let mut cells = key.to_vec();
            cells.extend_from_slice(&share[..3]);
            cells.push(state[1].clone());
            cells.extend_from_slice(&share[3..]);
            Row(cells)
        })
    });
    shares.collect()
}

fn costs<'a>(rows: impl Iterator<Item = (&'a [Cell], &'a [Cell])>) -> Vec<Row> {
    let row = |(key, state): (&[Cell], &[Cell])| {
        let mut cells = key.to_vec();
        cells[1] = date(&key[1]);
        cells.extend_from_slice(&state[1..]);
        Row(cells)
    };
    rows.map(row).collect()
}

fn date(days: &Cell) -> Cell {
    let date = NaiveDate::default() + Days::new(number(days) as u64);
    date_text(date).as_str().into()
}

fn number(cell: &Cell) -> i64 {
    match cell {
        Cell::Int(number) => *number,
        _ => 0,
    }
}

/// Sums figures by key; what is all zero is not shown.
fn sums(figures: impl Iterator<Item = (Vec<Cell>, Vec<i64>)>) -> Vec<Row> {
    let mut sums: BTreeMap<Vec<Cell>, Vec<i64>> = BTreeMap::new();
    for (key, figures) in figures {
        match sums.get_mut(&key) {
            None => {
                sums.insert(key, figures);
            }
            Some(sum) => {
                for (sum, figure) in sum.iter_mut().zip(figures) {
                    *sum += figure;
                }
            }
        }
    }
    let shown = sums
        .into_iter()
        .filter(|(_, sum)| sum.iter().any(|figure| *figure != 0));
    shown
        .map(|(mut key, sum)| {
            key.extend(sum.into_iter().map(Cell::Int));
            Row(key)
        })
        .collect()
}

fn hour(cell: &Cell) -> Cell {
    Cell::Int(number(cell) * HOUR)
}

fn traffic<'a>(rows: impl Iterator<Item = (&'a [Cell], &'a [Cell])>) -> Vec<Row> {
    sums(rows.map(|(key, state)| {
        let mut cells = vec![key[0].clone(), hour(&key[1])];
        cells.extend_from_slice(&key[4..8]);
        (cells, state.iter().map(number).collect())
    }))
}

fn credit_cells<'a>(rows: impl Iterator<Item = (&'a [Cell], &'a [Cell])>) -> Vec<Row> {
    sums(rows.flat_map(|(key, state)| {
        state.chunks(SHARE_CELLS).map(move |share| {
            let mut cells = vec![key[0].clone(), share[0].clone(), key[3].clone()];
            cells.push(hour(&key[1]));
            cells.extend_from_slice(&key[4..8]);
            (cells, share[1..].iter().map(number).collect())
        })
    }))
}
