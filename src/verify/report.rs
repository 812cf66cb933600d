//! What a comparison gives, for people and for programs.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value as Json, json};
use throughline_sink::scratch::{Counts, Difference, Imbalance, Sums};
use throughline_sink::table::Table;

use super::wait::Conservation;
use crate::attribute::{Format, Value, View};
use crate::dead_letters::text::escaped;

/// One comparison.
pub struct Report {
    /// Table by table.
    pub checked: Vec<Checked>,
    /// The sums of the views, if they were looked at.
    pub sums: Option<Conservation>,
}

/// What came of a table.
pub struct Checked {
    /// The table.
    pub table: Table,
    /// How many rows are what.
    pub counts: Counts,
    /// The first few that are not what they must be.
    pub examples: Vec<Difference>,
}

impl Report {
    /// How many rows are not what they must be.
    pub fn differing_rows(&self) -> u64 {
        self.checked
            .iter()
            .map(|checked| checked.counts.differences())
            .sum()
    }

    /// Prints it on standard output.
    pub fn print(&self, as_json: bool) -> anyhow::Result<()> {
        let mut text = Vec::new();
        if as_json {
            writeln!(text, "{}", self.json())?;
        } else {
            self.view().write(Format::Table, &mut text)?;
            for checked in &self.checked {
                for example in &checked.examples {
                    writeln!(text, "{}: {}", checked.table.name(), sentence(example))?;
                }
            }
            if let Some(sums) = &self.sums {
                write!(text, "{}", conservation(sums))?;
            }
        }
        let mut out = std::io::stdout().lock();
        out.write_all(&text)
            .and_then(|()| out.flush())
            .context("cannot write the report")
    }

    /// An error unless all is as it must be.
    pub fn verdict(&self, repaired: bool) -> anyhow::Result<()> {
        let rows = self.differing_rows();
        if rows > 0 {
            let way_out = if repaired {
                "the damage goes on, or there was more beneath it: run it again"
            } else {
                "--repair mends them"
            };
            bail!("{rows} rows in ClickHouse are not those that the log gives; {way_out}");
        }
        if let Some(Conservation::Broken(sums)) = &self.sums {
            bail!(
                "{} sums of a tenant and a model do not agree, though the rows are those that the log \
                 gives: this is a fault of the program",
                sums.unequal.len()
            );
        }
        Ok(())
    }

    fn view(&self) -> View {
        let number = |count: u64| Value::Integer(count.cast_signed());
        View {
            columns: &[
                "table",
                "rows",
                "equal",
                "moved on",
                "before",
                "missing",
                "different",
                "surplus",
            ],
            rows: self
                .checked
                .iter()
                .map(|Checked { table, counts, .. }| {
                    vec![
                        Value::Text(table.name().to_owned()),
                        number(counts.rows()),
                        number(counts.equal),
                        number(counts.moved_on),
                        number(counts.before),
                        number(counts.missing),
                        number(counts.different),
                        number(counts.surplus),
                    ]
                })
                .collect(),
        }
    }

    fn json(&self) -> Json {
        let tables = self.checked.iter().map(|checked| {
            let counts = checked.counts;
            json!({
                "table": checked.table.name(),
                "rows": counts.rows(),
                "equal": counts.equal,
                "moved_on": counts.moved_on,
                "before": counts.before,
                "missing": counts.missing,
                "different": counts.different,
                "surplus": counts.surplus,
                "examples": checked.examples.iter().map(example).collect::<Vec<_>>(),
            })
        });
        let sums = self.sums.as_ref().map(|sums| {
            let (holds, sums) = match sums {
                Conservation::Holds(sums) => (Some(true), sums),
                Conservation::Broken(sums) => (Some(false), sums),
                Conservation::Unknown(sums) => (None, sums),
            };
            let unequal: Vec<_> = sums.unequal.iter().map(imbalance).collect();
            json!({"holds": holds, "checked": sums.checked, "unequal": unequal})
        });
        json!({
            "differing_rows": self.differing_rows(),
            "tables": tables.collect::<Vec<_>>(),
            "conservation": sums,
        })
    }
}

/// A difference in words.
fn sentence(difference: &Difference) -> String {
    let mut text = difference.kind.name().to_owned();
    for (column, value) in &difference.key {
        let _ = write!(text, " {column}={}", escaped(value));
    }
    let said = |value: &Option<String>| value.as_deref().map_or("no row".to_owned(), escaped);
    let column = difference.column.unwrap_or("version");
    let _ = write!(
        text,
        ": {column} is {}, reckoned {}",
        said(&difference.found),
        said(&difference.expected)
    );
    text
}

fn example(difference: &Difference) -> Json {
    let key: Map<_, _> = difference
        .key
        .iter()
        .map(|(column, value)| ((*column).to_owned(), json!(value)))
        .collect();
    json!({
        "kind": difference.kind.name(),
        "key": key,
        "column": difference.column,
        "expected": difference.expected,
        "found": difference.found,
    })
}

fn conservation(conservation: &Conservation) -> String {
    let mut text = String::new();
    let (words, sums): (_, &Sums) = match conservation {
        Conservation::Holds(sums) => ("agree", sums),
        Conservation::Broken(sums) => ("do not agree", sums),
        Conservation::Unknown(sums) => ("cannot be told while the line moves", sums),
    };
    let count = match conservation {
        Conservation::Holds(_) => sums.checked,
        _ => sums.unequal.len() as u64,
    };
    let _ = writeln!(text, "sums of a tenant and a model: {count} {words}");
    for sums in &sums.unequal {
        let _ = writeln!(
            text,
            "{} {}: won deals {} ppm, {}; credits {} ppm, {}; by conversion {} ppm, {}; by touch {} ppm, {}",
            escaped(&sums.tenant),
            escaped(&sums.model),
            sums.won_ppm,
            sums.won_revenue,
            sums.credit_ppm,
            sums.credit_revenue,
            sums.conversion_ppm,
            sums.conversion_revenue,
            sums.touch_ppm,
            sums.touch_revenue,
        );
    }
    text
}

fn imbalance(sums: &Imbalance) -> Json {
    json!({
        "tenant": sums.tenant,
        "model": sums.model,
        "won": {"ppm": sums.won_ppm, "revenue": sums.won_revenue},
        "credits": {"ppm": sums.credit_ppm, "revenue": sums.credit_revenue},
        "by_conversion": {"ppm": sums.conversion_ppm, "revenue": sums.conversion_revenue},
        "by_touch": {"ppm": sums.touch_ppm, "revenue": sums.touch_revenue},
    })
}
