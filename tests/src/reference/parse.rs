//! Fields of a JSON object, read with their types and limits.

use std::fmt;

use super::decimal::Decimal;
use super::json::{Json, Object};
use super::time;

/// Why a record was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The kind of mistake.
    pub reason: Reason,
    /// The field, like `amount`, `[2].amount` or `items[0].sku`; empty for the record as a whole.
    pub field: String,
    /// What is wrong, for a person.
    pub message: String,
}

/// Kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Not JSON.
    Malformed,
    /// A value of another JSON type, or an object where none was expected.
    WrongType,
    /// A required field is absent.
    Missing,
    /// Beyond the limits, or not one of the allowed values.
    OutOfRange,
    /// No identifier is left, and the topic needs one.
    NoIdentifier,
    /// Not an ISO 4217 code.
    UnknownCurrency,
    /// No exchange rate for that currency and day.
    NoRate,
    /// Not one of the eight topics.
    UnknownTopic,
}

impl fmt::Display for Rejected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} {}: {}", self.reason, self.field, self.message)
    }
}

/// Bytes of an identifier.
pub const IDENTIFIER_BYTES: usize = 256;
/// Bytes of a URL or a user agent.
pub const URL_BYTES: usize = 8192;
/// Bytes of any other string.
pub const TEXT_BYTES: usize = 1024;

/// An object and where it stands in the record.
pub struct Fields<'a> {
    /// The object.
    pub object: &'a Object,
    /// The path before its fields' names, like `[2].`.
    pub path: String,
}

impl Fields<'_> {
    /// A refusal of one field.
    pub fn reject(&self, reason: Reason, name: &str, message: impl Into<String>) -> Rejected {
        Rejected {
            reason,
            field: format!("{}{name}", self.path),
            message: message.into(),
        }
    }

    /// A field's value; `null` is absent.
    pub fn value(&self, name: &str) -> Result<Option<Json>, Rejected> {
        let Some(raw) = self.object.get(name) else {
            return Ok(None);
        };
        match Json::of(raw) {
            Some(Json::Null) => Ok(None),
            Some(value) => Ok(Some(value)),
            None => Err(self.reject(Reason::WrongType, name, "a value that cannot be read")),
        }
    }

    /// A string of at most `limit` bytes.
    pub fn text(&self, name: &str, limit: usize) -> Result<Option<String>, Rejected> {
        match self.value(name)? {
            None => Ok(None),
            Some(Json::Text(text)) if text.len() <= limit => Ok(Some(text)),
            Some(Json::Text(_)) => Err(self.reject(
                Reason::OutOfRange,
                name,
                format!("longer than {limit} bytes"),
            )),
            Some(_) => Err(self.reject(Reason::WrongType, name, "not a string")),
        }
    }

    /// A string that may be empty or absent, which is the same.
    pub fn text_or_empty(&self, name: &str, limit: usize) -> Result<String, Rejected> {
        Ok(self.text(name, limit)?.unwrap_or_default())
    }

    /// What must be there.
    pub fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, Rejected> {
        value.ok_or_else(|| self.reject(Reason::Missing, name, "required"))
    }

    /// One of a few words.
    pub fn word(&self, name: &str, allowed: &[&str]) -> Result<Option<String>, Rejected> {
        let word = self.text(name, TEXT_BYTES)?;
        match word {
            Some(word) if !allowed.contains(&word.as_str()) => {
                Err(self.reject(Reason::OutOfRange, name, format!("not one of {allowed:?}")))
            }
            word => Ok(word),
        }
    }

    /// An integer from `low` to `high`.
    pub fn integer(&self, name: &str, low: i64, high: i64) -> Result<Option<i64>, Rejected> {
        let text = match self.value(name)? {
            None => return Ok(None),
            Some(Json::Number(text)) => text,
            Some(_) => return Err(self.reject(Reason::WrongType, name, "not a number")),
        };
        if text.contains(['.', 'e', 'E']) {
            return Err(self.reject(Reason::WrongType, name, "not an integer"));
        }
        match text.parse() {
            Ok(number) if (low..=high).contains(&number) => Ok(Some(number)),
            _ => Err(self.reject(
                Reason::OutOfRange,
                name,
                format!("not within {low} to {high}"),
            )),
        }
    }

    /// `true` or `false`; absent is `false`.
    pub fn flag(&self, name: &str) -> Result<bool, Rejected> {
        match self.value(name)? {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.reject(Reason::WrongType, name, "not true or false")),
        }
    }

    /// An exact decimal that is not negative: a JSON number, or a string with one.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, Rejected> {
        let text = match self.value(name)? {
            None => return Ok(None),
            Some(Json::Number(text) | Json::Text(text)) => text,
            Some(_) => {
                return Err(self.reject(Reason::WrongType, name, "not a number or a string"));
            }
        };
        let Some(decimal) = Decimal::parse(&text) else {
            return Err(self.reject(Reason::OutOfRange, name, "not a decimal number"));
        };
        if decimal.is_negative() {
            return Err(self.reject(Reason::OutOfRange, name, "negative"));
        }
        Ok(Some(decimal))
    }

    /// A required moment: integer epoch milliseconds or an RFC 3339 string.
    pub fn time(&self, name: &str) -> Result<i64, Rejected> {
        match self.required(name, self.value(name)?)? {
            Json::Number(_) => {
                let number = self.integer(name, i64::MIN, i64::MAX)?;
                self.required(name, number)
            }
            Json::Text(text) => time::parse_rfc3339(&text).ok_or_else(|| {
                self.reject(Reason::OutOfRange, name, "not an RFC 3339 time with a zone")
            }),
            _ => Err(self.reject(Reason::WrongType, name, "not a time")),
        }
    }
}
