//! Loads rows of the views from JSON lines: what ClickHouse prints as `JSONEachRow`, or what `attribute` prints.

use chrono::NaiveDateTime;

use super::decimal::Decimal;
use super::json::{Json, Object};
use super::schema::{Column, Type, table};
use super::tables::{Cell, Row, Tables};
use super::time;

/// Other names a column may come under.
const ALIASES: [(&str, &str, &str); 6] = [
    ("calls", "event_id", "call_id"),
    ("calls", "event_id", "touch_id"),
    ("calls", "dialed_number", "dialed"),
    ("calls", "ambiguous", "is_ambiguous"),
    ("costs", "cost", "spend"),
    ("costs", "date", "day"),
];

impl Tables {
    /// Adds the rows of one view, one JSON object a line. The error names the line and the column.
    pub fn load(&mut self, name: &str, lines: &str) -> Result<(), String> {
        let mut rows = self.of(name).to_vec();
        for (number, line) in lines
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let Some(Json::Object(object)) = Json::document(line.as_bytes()) else {
                return Err(format!(
                    "{name}, line {}: not a JSON object: {line}",
                    number + 1
                ));
            };
            let cells = table(name).columns.iter().map(|column| {
                let cell = self.cell(name, column, &object);
                cell.map_err(|error| {
                    format!(
                        "{name}, line {}, {}: {error}: {line}",
                        number + 1,
                        column.name
                    )
                })
            });
            rows.push(Row(cells.collect::<Result<_, _>>()?));
        }
        self.set(name, rows);
        Ok(())
    }

    fn cell(&mut self, name: &str, column: &Column, object: &Object) -> Result<Cell, String> {
        let aliases = ALIASES
            .iter()
            .filter(|(table, of, _)| *table == name && *of == column.name);
        let mut names = std::iter::once(column.name).chain(aliases.map(|(_, _, alias)| *alias));
        let Some(raw) = names.find_map(|name| object.get(name)) else {
            return if column.optional {
                Ok(Cell::Absent)
            } else {
                Err("no such column".to_owned())
            };
        };
        let text = match Json::of(raw) {
            Some(Json::Null) => {
                return Ok(if column.ty == Type::Text {
                    "".into()
                } else {
                    Cell::Null
                });
            }
            Some(Json::Bool(flag)) => i32::from(flag).to_string(),
            Some(Json::Number(text) | Json::Text(text)) => text,
            _ => return Err("neither text nor number".to_owned()),
        };
        let scaled = |places| {
            let units = Decimal::parse(&text).map(|decimal| decimal.in_units(places));
            units
                .and_then(|units| i64::try_from(units).ok())
                .map(Cell::Int)
        };
        let cell = match column.ty {
            Type::Text if (name, column.name) == ("calls", "event_id") => {
                Some(text.strip_prefix("calls:").unwrap_or(&text).into())
            }
            Type::Text => Some(text.as_str().into()),
            Type::Client => Some(Cell::Int(self.client(object, text.clone())?)),
            Type::Int => scaled(0),
            Type::Money => scaled(4),
            Type::Deals => scaled(6),
            Type::Time => parse_time(&text).map(Cell::Int),
            Type::Ratio => text.parse().ok().map(Cell::Ratio),
        };
        cell.ok_or_else(|| format!("cannot read {text:?}"))
    }

    fn client(&mut self, object: &Object, id: String) -> Result<i64, String> {
        let Some(Json::Text(tenant)) = object.get("tenant").and_then(|raw| Json::of(raw)) else {
            return Err("a client without a tenant".to_owned());
        };
        let next = self.clients.len() as i64;
        Ok(*self.clients.entry((tenant, id)).or_insert(next))
    }
}

/// `2026-01-01 00:00:00.000` (UTC), ISO 8601 with a zone, or epoch milliseconds.
fn parse_time(text: &str) -> Option<i64> {
    let spaced = || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok();
    let epoch = || text.parse().ok();
    time::parse_rfc3339(text)
        .or_else(|| Some(spaced()?.and_utc().timestamp_millis()))
        .or_else(epoch)
}
