//! A figure or a word, exact: what a machine reads of it. What people see is
//! made of it by [`crate::format`].

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::json;

/// One cell of a report.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// There is none: a ratio to nothing, a field that was not given.
    Nothing,
    /// A name.
    Text(String),
    /// Names in an order.
    List(Vec<String>),
    /// How many.
    Count(i64),
    /// Money of the tenant, in 1/10000 of a unit.
    Money(i64),
    /// Credit, in parts of a million of a won deal.
    Credit(i64),
    /// A ratio, 1 for as much as.
    Ratio(f64),
    /// An amount of money that is no sum but a quotient, in units.
    PerOne(f64),
    /// A time span, seconds.
    Seconds(f64),
    /// A moment, milliseconds since 1970.
    Time(i64),
    /// A day of the tenant.
    Day(NaiveDate),
    /// Yes or no.
    Flag(bool),
}

/// The parts of a million in a won deal.
pub const PPM: f64 = 1e6;
/// The parts of a unit of money that amounts are counted in.
pub const MONEY_PARTS: f64 = 1e4;

impl Value {
    /// A name.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A moment that may not be, milliseconds since 1970.
    pub fn time(at: Option<i64>) -> Self {
        at.map_or(Self::Nothing, Self::Time)
    }

    /// A ratio of two figures of one kind; nothing to nothing is no ratio.
    pub fn ratio(part: i64, of: i64) -> Self {
        if of == 0 {
            return Self::Nothing;
        }
        Self::Ratio(part as f64 / of as f64)
    }

    /// Money for each of some things.
    pub fn per_one(money: i64, things: f64) -> Self {
        if things == 0.0 {
            return Self::Nothing;
        }
        Self::PerOne(money as f64 / MONEY_PARTS / things)
    }

    /// The mean of time spans, of which the sum and the number are given.
    pub fn mean_seconds(sum: i64, count: i64) -> Self {
        if count == 0 {
            return Self::Nothing;
        }
        Self::Seconds(sum as f64 / count as f64)
    }

    /// The number it is, for charts, comparisons and the order of rows.
    pub fn number(&self) -> Option<f64> {
        Some(match self {
            Self::Nothing | Self::Text(_) | Self::List(_) => return None,
            Self::Count(count) => *count as f64,
            Self::Money(parts) => *parts as f64 / MONEY_PARTS,
            Self::Credit(ppm) => *ppm as f64 / PPM,
            Self::Ratio(number) | Self::PerOne(number) | Self::Seconds(number) => *number,
            Self::Time(at) => *at as f64,
            Self::Day(day) => days_since_1970(*day) as f64,
            Self::Flag(flag) => f64::from(u8::from(*flag)),
        })
    }

    /// How a machine reads it, in CSV and in a page; money and credit with all
    /// their digits.
    pub fn machine(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.clone(),
            Self::List(names) => names.join(" > "),
            Self::Count(count) => count.to_string(),
            Self::Money(parts) => decimal(*parts, 4),
            Self::Credit(ppm) => decimal(*ppm, 6),
            Self::Ratio(number) | Self::PerOne(number) | Self::Seconds(number) => {
                number.to_string()
            }
            Self::Time(at) => iso(*at),
            Self::Day(day) => day.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }

    /// The same in JSON: money and credit are texts there, since a number of
    /// JSON may lose digits.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Nothing => serde_json::Value::Null,
            Self::Count(count) => json!(count),
            Self::Ratio(number) | Self::PerOne(number) | Self::Seconds(number) => json!(number),
            Self::Flag(flag) => json!(flag),
            Self::List(names) => json!(names),
            _ => json!(self.machine()),
        }
    }

    /// The order of a table's rows: numbers by size, names by letters, nothing last.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self.number(), other.number()) {
            (Some(one), Some(two)) => one.total_cmp(&two),
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (None, None) => self.machine().cmp(&other.machine()),
        }
    }
}

/// A whole number of parts as a decimal number.
pub fn decimal(parts: i64, digits: u32) -> String {
    let unit = 10_u64.pow(digits);
    let sign = if parts < 0 { "-" } else { "" };
    let (whole, rest) = (parts.unsigned_abs() / unit, parts.unsigned_abs() % unit);
    format!("{sign}{whole}.{rest:0width$}", width = digits as usize)
}

/// A moment in ISO 8601, UTC.
pub fn iso(at: i64) -> String {
    let moment = DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default();
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The number of a day.
pub fn days_since_1970(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}

/// The day of a number.
pub fn day_since_1970(days: i64) -> NaiveDate {
    NaiveDate::default() + chrono::TimeDelta::try_days(days).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_reads_every_digit() {
        for (value, text) in [
            (Value::Money(-5), "-0.0005"),
            (Value::Money(12_345_678), "1234.5678"),
            (Value::Credit(1_500_000), "1.500000"),
            (Value::Time(1_767_225_600_001), "2026-01-01T00:00:00.001Z"),
            (Value::Nothing, ""),
        ] {
            assert_eq!(value.machine(), text);
        }
        assert_eq!(Value::Money(i64::MIN).machine(), "-922337203685477.5808");
        assert_eq!(Value::ratio(1, 0), Value::Nothing);
    }
}
