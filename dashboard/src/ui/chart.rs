//! Charts: what the script draws, and small lines that need none.

use std::fmt::Write as _;

use serde_json::json;

use crate::format::Format;
use crate::report::{MONEY_PARTS, Unit, Value};
use crate::texts::{Language, Text};

use super::table::{Cell, Head, Row, Table};

/// The field of a small line.
const SPARK_WIDTH: f64 = 100.0;
const SPARK_HEIGHT: f64 = 28.0;
/// Space above and below it, so that it is not cut off.
const SPARK_EDGE: f64 = 2.0;

/// A chart over time.
#[derive(Debug)]
pub struct Chart {
    /// Tells it from others of the page.
    pub id: &'static str,
    /// The title.
    pub title: String,
    /// A sentence under it.
    pub note: String,
    /// What is drawn, as the script reads it.
    pub data: String,
    /// The same as a table.
    pub table: Table,
    /// What opens that table.
    pub as_table: &'static str,
}

/// What a chart shows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    /// The moments, seconds since 1970.
    pub at: Vec<i64>,
    /// The lines: what each is called, and a figure for every moment.
    pub lines: Vec<(String, Vec<f64>)>,
    /// From which moment on the figures will still grow.
    pub matured_until: Option<i64>,
    /// Whether it is by the hour or finer.
    pub is_hourly: bool,
    /// Whether the areas under the lines stand on each other.
    pub is_stacked: bool,
    /// What stands after a figure.
    pub unit: String,
    /// The zone of the moments.
    pub zone: String,
    /// The language of the page.
    pub language: Language,
}

impl Series {
    /// The same as a table: a row for each moment at which there is anything, the
    /// latest first.
    pub fn table(&self, name: &'static str, title: &str, format: &Format, unit: Unit) -> Table {
        let mut heads = vec![Head::plain("at", format.language.say(Text::At), false)];
        heads.extend(
            self.lines
                .iter()
                .map(|(line, _)| Head::plain("line", line.clone(), true)),
        );
        let figure = |number: f64| match unit {
            Unit::Money => Value::Money((number * MONEY_PARTS).round() as i64),
            _ => Value::Count(number as i64),
        };
        let places = (0..self.at.len()).rev();
        let places =
            places.filter(|place| self.lines.iter().any(|(_, values)| values[*place] != 0.0));
        let rows = places.map(|place| {
            let mut cells = vec![Cell::new(
                format,
                &Value::Time(self.at[place] * 1000),
                Unit::Time,
            )];
            if !self.is_hourly {
                cells[0].human = format.day(format.date_of(self.at[place] * 1000));
            }
            let figures = self.lines.iter().map(|(_, values)| figure(values[place]));
            cells.extend(figures.map(|value| Cell::new(format, &value, unit)));
            Row {
                cells,
                ..Row::default()
            }
        });
        Table {
            name,
            title: title.to_owned(),
            heads,
            rows: rows.collect(),
            total: None,
            note: String::new(),
            csv: String::new(),
            is_cut: false,
            is_half: false,
        }
    }

    /// As the script reads it.
    pub fn json(&self) -> String {
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|(name, values)| json!({"name": name, "values": values}))
            .collect();
        json!({
            "at": self.at,
            "lines": lines,
            "maturedUntil": self.matured_until,
            "hourly": self.is_hourly,
            "stacked": self.is_stacked,
            "unit": self.unit,
            "zone": self.zone,
            "language": self.language.name(),
            "total": self.language.say(Text::Total),
        })
        .to_string()
    }
}

/// The points of a small line through figures; what does not exist is passed over.
pub fn spark(numbers: &[Option<f64>]) -> String {
    let known = || numbers.iter().flatten().copied();
    let (least, most) = (
        known().fold(f64::MAX, f64::min),
        known().fold(f64::MIN, f64::max),
    );
    if known().count() < 2 {
        return String::new();
    }
    let height = SPARK_HEIGHT - 2.0 * SPARK_EDGE;
    let mut points = String::new();
    for (index, number) in numbers.iter().enumerate() {
        let Some(number) = number else { continue };
        let x = index as f64 / (numbers.len() - 1) as f64 * SPARK_WIDTH;
        let share = if most > least {
            (number - least) / (most - least)
        } else {
            0.5
        };
        let y = SPARK_EDGE + (1.0 - share) * height;
        // Writing to a string cannot fail.
        let _ = write!(points, "{x:.1},{y:.1} ");
    }
    points
}

/// How much by weekday and hour.
#[derive(Debug)]
pub struct Heat {
    /// The name of the report, for machines.
    pub name: &'static str,
    /// The title.
    pub title: &'static str,
    /// A sentence under it.
    pub note: &'static str,
    /// The weekdays with the figure of each hour.
    pub days: Vec<(String, Vec<HeatCell>)>,
}

/// The figure of an hour.
#[derive(Clone, Debug)]
pub struct HeatCell {
    /// How dark it is, 0 to 9.
    pub shade: u8,
    /// The figure.
    pub count: i64,
    /// What it says in full.
    pub title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_line_goes_from_end_to_end() {
        let points = spark(&[Some(0.0), None, Some(10.0)]);
        assert_eq!(points, "0.0,26.0 100.0,2.0 ");
        assert_eq!(spark(&[Some(1.0), Some(1.0)]), "0.0,14.0 100.0,14.0 ");
        assert_eq!(spark(&[Some(1.0), None]), "");
    }
}
