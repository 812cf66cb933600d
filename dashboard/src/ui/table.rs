//! Tables, made of reports.

use crate::format::Format;
use crate::report::{Better, Column, Report, Unit, Value};
use crate::texts::Text;
use crate::view::{Sort, View};

use super::Link;

/// From so many rows on the best and the worst are marked.
const MARKED_ROWS: usize = 3;
/// The channel of deals without touches in the views.
const UNATTRIBUTED: &str = "Unattributed";

/// What stands in a cell.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// What people read.
    pub human: String,
    /// What a machine reads.
    pub machine: String,
    /// What people read who want it exactly; empty: nothing more.
    pub exact: String,
    /// Where it leads; empty: nowhere.
    pub href: String,
    /// Whether it is the best or the worst of its column.
    pub mark: Option<Mark>,
    /// How long its bar is, in percent of the longest; none: no bar.
    pub bar: Option<u32>,
    /// Whether it is a number.
    pub is_number: bool,
    /// Whether less than nothing.
    pub is_negative: bool,
}

/// The ends of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// The best.
    Best,
    /// The worst.
    Worst,
}

/// The head of a column.
#[derive(Clone, Debug)]
pub struct Head {
    /// The name of the column.
    pub name: &'static str,
    /// What people call it.
    pub title: String,
    /// What it means; empty: it speaks for itself.
    pub about: &'static str,
    /// The address with the rows in its order; empty: there is none.
    pub href: String,
    /// Whether the rows are in its order, and whether the greatest comes first.
    pub sorted: Option<bool>,
    /// Whether it has numbers.
    pub is_number: bool,
}

impl Head {
    /// A head without an address and without an explanation.
    pub fn plain(name: &'static str, title: impl Into<String>, is_number: bool) -> Self {
        Self {
            name,
            title: title.into(),
            about: "",
            href: String::new(),
            sorted: None,
            is_number,
        }
    }

    /// How the order is told to programs that read a page aloud.
    pub fn aria_sort(&self) -> &'static str {
        match self.sorted {
            None => "none",
            Some(true) => "descending",
            Some(false) => "ascending",
        }
    }
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its cells.
    pub cells: Vec<Cell>,
    /// What can be done with what the row is about: short signs and links.
    pub links: Vec<(&'static str, Link)>,
    /// Whether it is shaded.
    pub is_shaded: bool,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name of the report, for machines.
    pub name: &'static str,
    /// The title.
    pub title: String,
    /// The heads of the columns.
    pub heads: Vec<Head>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The figures of all rows together.
    pub total: Option<Vec<Cell>>,
    /// A sentence under the title.
    pub note: String,
    /// Where it comes as CSV; empty: nowhere.
    pub csv: String,
    /// Whether there are more rows.
    pub is_cut: bool,
    /// Whether two of its kind stand side by side where there is room.
    pub is_half: bool,
}

impl Table {
    /// The columns of a report that `picks` names by their places.
    pub fn new(
        name: &'static str,
        title: impl Into<String>,
        format: &Format,
        columns: &[Column],
        picks: &[usize],
        report: &Report,
    ) -> Self {
        let heads = picks
            .iter()
            .map(|pick| head(format, &columns[*pick]))
            .collect();
        let cells = |values: &Vec<Value>| {
            let cell = |pick: &usize| cell(format, &values[*pick], columns[*pick].unit);
            picks.iter().map(cell).collect()
        };
        let mut table = Self {
            name,
            title: title.into(),
            heads,
            rows: report
                .rows
                .iter()
                .map(|values| Row {
                    cells: cells(values),
                    ..Row::default()
                })
                .collect(),
            total: report.total.as_ref().map(cells),
            note: String::new(),
            csv: String::new(),
            is_cut: report.is_cut,
            is_half: false,
        };
        if let Some(first) = table.total.as_mut().and_then(|total| total.first_mut()) {
            format
                .language
                .say(Text::Total)
                .clone_into(&mut first.human);
        }
        table.mark(columns, picks, report);
        table
    }

    /// All columns of a report.
    pub fn whole(
        name: &'static str,
        title: impl Into<String>,
        format: &Format,
        columns: &[Column],
        report: &Report,
    ) -> Self {
        let picks: Vec<usize> = (0..columns.len()).collect();
        Self::new(name, title, format, columns, &picks, report)
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.heads.iter().position(|head| head.name == name)
    }

    /// Changes the cells of a column.
    pub fn each(&mut self, name: &str, mut change: impl FnMut(usize, &mut Cell)) {
        let Some(place) = self.place(name) else {
            return;
        };
        for (index, row) in self.rows.iter_mut().enumerate() {
            change(index, &mut row.cells[place]);
        }
    }

    /// Draws bars in a column, the longest for the greatest figure.
    pub fn bars(&mut self, name: &str) {
        let Some(place) = self.place(name) else {
            return;
        };
        let number = |row: &Row| {
            row.cells[place]
                .machine
                .parse::<f64>()
                .unwrap_or_default()
                .max(0.0)
        };
        let most = self.rows.iter().map(number).fold(0.0, f64::max);
        if most <= 0.0 {
            return;
        }
        for row in &mut self.rows {
            let share = number(row) / most * 100.0;
            row.cells[place].bar = Some(share.round() as u32);
        }
    }

    /// Gives every head the address with the rows in its order.
    pub fn sortable(&mut self, path: &str, view: &View, usual: &str) {
        let sort = view.sort.clone().unwrap_or(Sort {
            column: usual.to_owned(),
            descends: true,
        });
        for head in &mut self.heads {
            let is_sorted = head.name == sort.column;
            head.sorted = is_sorted.then_some(sort.descends);
            // Numbers from the greatest on, names from the first on; again: the other way.
            let descends = if is_sorted {
                !sort.descends
            } else {
                head.is_number
            };
            let other = Sort {
                column: head.name.to_owned(),
                descends,
            };
            let view = view.with(|view| view.sort = Some(other));
            head.href = format!("{path}{}", view.query());
        }
    }

    /// As CSV: the names of the columns, and what a machine reads of each row.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.heads.iter().map(|head| head.name))?;
        for row in &self.rows {
            writer.write_record(
                row.cells
                    .iter()
                    .map(|cell| safe(&cell.machine, cell.is_number).into_owned()),
            )?;
        }
        writer
            .into_inner()
            .map_err(|error| error.into_error().into())
    }

    fn mark(&mut self, columns: &[Column], picks: &[usize], report: &Report) {
        if report.rows.len() < MARKED_ROWS {
            return;
        }
        for (place, pick) in picks.iter().enumerate() {
            let better = columns[*pick].better;
            // The one with the most visits is not the best, it is the largest.
            let unit = columns[*pick].unit;
            if better == Better::Neither || matches!(unit, Unit::Count | Unit::Credit) {
                continue;
            }
            // What has no name is nobody's merit.
            let is_named = |row: &Vec<Value>| !["", UNATTRIBUTED].contains(&&*row[0].machine());
            let known = |row: &Vec<Value>| row[*pick].number().filter(|_| is_named(row));
            let mut order: Vec<(usize, f64)> = report
                .rows
                .iter()
                .map(known)
                .enumerate()
                .filter_map(|(index, number)| Some((index, number?)))
                .collect();
            order.sort_by(|one, two| one.1.total_cmp(&two.1));
            if order.len() < MARKED_ROWS {
                continue;
            }
            if better == Better::Less {
                order.reverse();
            }
            let ends = [
                (order[0], order[1], Mark::Worst),
                (order[order.len() - 1], order[order.len() - 2], Mark::Best),
            ];
            for ((row, end), (_, next), mark) in ends {
                // Where several are the best or the worst, none is.
                if end.total_cmp(&next).is_ne() {
                    self.rows[row].cells[place].mark = Some(mark);
                }
            }
        }
    }
}

/// A text that a spreadsheet does not take for a formula. A telephone number is none.
pub fn safe(text: &str, is_number: bool) -> std::borrow::Cow<'_, str> {
    let is_signed = |rest: &str| {
        rest.chars()
            .any(|c| !c.is_ascii_digit() && !" .()-".contains(c))
    };
    let is_formula = match text.chars().next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => is_signed(&text[1..]),
        _ => false,
    };
    if is_formula && !is_number {
        return format!("'{text}").into();
    }
    text.into()
}

fn head(format: &Format, column: &Column) -> Head {
    let language = format.language;
    Head {
        name: column.name,
        title: language.say(column.title).to_owned(),
        about: column.about.map_or("", |about| language.say(about)),
        href: String::new(),
        sorted: None,
        is_number: column.unit.is_number(),
    }
}

/// A value for people and machines.
pub fn cell(format: &Format, value: &Value, unit: Unit) -> Cell {
    let exact = match value {
        Value::Money(parts) => format.exact(*parts),
        Value::Time(at) => crate::report::iso(*at),
        _ => String::new(),
    };
    Cell {
        human: format.value(value, unit),
        machine: value.machine(),
        exact,
        is_number: unit.is_number(),
        is_negative: unit.is_number() && value.number().is_some_and(|number| number < 0.0),
        ..Cell::default()
    }
}

impl Cell {
    /// A value for people and machines.
    pub fn new(format: &Format, value: &Value, unit: Unit) -> Self {
        cell(format, value, unit)
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_spreadsheet_reads_texts_as_texts() {
        for (text, saved) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+A1", "'+A1"),
            ("-2+3", "'-2+3"),
            ("+7 (495) 100-02-47", "+7 (495) 100-02-47"),
            ("", ""),
        ] {
            assert_eq!(safe(text, false), saved);
        }
        assert_eq!(safe("-5.00", true), "-5.00");
    }
}
