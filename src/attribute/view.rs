//! A view's rows and the formats they are written in.

use std::io::{self, Write};

use chrono::{DateTime, NaiveDate, SecondsFormat};
use serde_json::{Value as Json, json};

/// One field of a view's row.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number: an integer and how many of its digits are decimals.
    Decimal(i64, u32),
    /// A quotient; `None` when its divisor is zero.
    Ratio(Option<f64>),
    /// A moment, epoch milliseconds.
    Moment(Option<i64>),
    /// An hour since the epoch, UTC.
    Hour(i32),
    /// A day since the epoch.
    Day(i32),
}

/// A view: columns and rows.
#[derive(Clone, PartialEq, Debug)]
pub struct View {
    /// The names of the columns.
    pub columns: &'static [&'static str],
    /// Rows in the order of their keys, with a value a column.
    pub rows: Vec<Vec<Value>>,
}

/// How a view is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for a terminal.
    Table,
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl View {
    /// Writes the view.
    pub fn write(&self, format: Format, out: &mut impl Write) -> io::Result<()> {
        match format {
            Format::Table => self.write_table(out),
            Format::Csv => self.write_csv(out),
            Format::Jsonl => self.write_jsonl(out),
        }
    }

    fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(Value::to_string).collect())
            .collect();
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, name)| {
                let cells = rows.iter().map(|row| row[column].chars().count());
                cells.chain([name.len()]).max().unwrap_or_default()
            })
            .collect();
        let right: Vec<bool> = (0..self.columns.len())
            .map(|column| self.rows.first().is_some_and(|row| row[column].is_number()))
            .collect();
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells = cells.zip(&widths).zip(&right);
            let cells = cells.map(|((cell, width), right)| {
                if *right {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        line(&mut self.columns.iter().copied())?;
        for row in &rows {
            line(&mut row.iter().map(String::as_str))?;
        }
        Ok(())
    }

    fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", self.columns.join(","))?;
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|value| quoted(&value.to_string())).collect();
            writeln!(out, "{}", cells.join(","))?;
        }
        Ok(())
    }

    fn write_jsonl(&self, out: &mut impl Write) -> io::Result<()> {
        for row in &self.rows {
            write!(out, "{{")?;
            for (index, (column, value)) in self.columns.iter().zip(row).enumerate() {
                let comma = if index == 0 { "" } else { "," };
                write!(out, "{comma}\"{column}\":{}", value.to_json())?;
            }
            writeln!(out, "}}")?;
        }
        Ok(())
    }
}

impl Value {
    const fn is_number(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Decimal(..) | Self::Ratio(_))
    }

    fn to_json(&self) -> String {
        match self {
            Self::Integer(_) | Self::Decimal(..) | Self::Ratio(Some(_)) => self.to_string(),
            Self::Ratio(None) | Self::Moment(None) => Json::Null.to_string(),
            Self::Text(_) | Self::Moment(Some(_)) | Self::Hour(_) | Self::Day(_) => {
                json!(self.to_string()).to_string()
            }
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Decimal(number, digits) => write_decimal(f, *number, *digits),
            Self::Ratio(Some(ratio)) => write!(f, "{ratio}"),
            Self::Ratio(None) | Self::Moment(None) => Ok(()),
            Self::Moment(Some(at)) => f.write_str(&iso(*at, SecondsFormat::Millis)),
            Self::Hour(hour) => {
                f.write_str(&iso(i64::from(*hour) * 3_600_000, SecondsFormat::Secs))
            }
            Self::Day(day) => {
                let days = chrono::TimeDelta::days(i64::from(*day));
                write!(f, "{}", NaiveDate::default() + days)
            }
        }
    }
}

/// Writes a decimal without needless zeros at its end.
fn write_decimal(f: &mut std::fmt::Formatter<'_>, number: i64, digits: u32) -> std::fmt::Result {
    let unit = 10_u64.pow(digits);
    let (whole, rest) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    let sign = if number < 0 { "-" } else { "" };
    if rest == 0 {
        return write!(f, "{sign}{whole}");
    }
    let fraction = format!("{rest:0width$}", width = digits as usize);
    write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

fn iso(at: i64, precision: SecondsFormat) -> String {
    DateTime::from_timestamp_millis(at)
        .unwrap_or_default()
        .to_rfc3339_opts(precision, true)
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_writes_every_value() {
        let view = View {
            columns: &["name", "money", "ratio", "at", "hour", "day"],
            rows: vec![
                vec![
                    Value::Text("a \"b\", c".to_owned()),
                    Value::Decimal(-125_000, 4),
                    Value::Ratio(Some(0.5)),
                    Value::Moment(Some(1_767_225_600_001)),
                    Value::Hour(490_896),
                    Value::Day(20_454),
                ],
                vec![
                    Value::Text(String::new()),
                    Value::Decimal(10_000, 4),
                    Value::Ratio(None),
                    Value::Moment(None),
                    Value::Hour(0),
                    Value::Day(0),
                ],
            ],
        };
        let written = |format| {
            let mut out = Vec::new();
            view.write(format, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(Format::Jsonl),
            "{\"name\":\"a \\\"b\\\", c\",\"money\":-12.5,\"ratio\":0.5,\
             \"at\":\"2026-01-01T00:00:00.001Z\",\"hour\":\"2026-01-01T00:00:00Z\",\
             \"day\":\"2026-01-01\"}\n\
             {\"name\":\"\",\"money\":1,\"ratio\":null,\"at\":null,\
             \"hour\":\"1970-01-01T00:00:00Z\",\"day\":\"1970-01-01\"}\n"
        );
        assert_eq!(
            written(Format::Csv),
            "name,money,ratio,at,hour,day\n\
             \"a \"\"b\"\", c\",-12.5,0.5,2026-01-01T00:00:00.001Z,2026-01-01T00:00:00Z,2026-01-01\n\
             ,1,,,1970-01-01T00:00:00Z,1970-01-01\n"
        );
        assert!(written(Format::Table).starts_with("name"));
    }
}
