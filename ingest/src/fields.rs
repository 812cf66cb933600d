//! Fields of one object, read with their types and limits. Each function
//! gives the value, `None` when it is absent, or the refusal with its path.

use std::borrow::Cow;

use bumpalo::Bump;

use crate::decode::{Field, Object, Value, json};
use crate::moment;
use crate::money::{self, MinorUnit, NotAnAmount};
use crate::reject::{Reason, Rejection};

/// Bytes of an identifier.
pub const IDENTIFIER_BYTES: usize = 256;
/// Bytes of an event's id and of a tenant's name.
pub const ID_BYTES: usize = 128;
/// Bytes of an address and of a user agent.
pub const URL_BYTES: usize = 8192;
/// Bytes of any other string.
pub const TEXT_BYTES: usize = 1024;

/// An object and where it stands in its record.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'o, 'a> {
    object: &'o Object<'a>,
    arena: &'a Bump,
    element: Option<usize>,
    item: Option<usize>,
}

type Read<T> = Result<Option<T>, Rejection>;

impl<'o, 'a> Fields<'o, 'a> {
    /// The fields of an object, with its index when the record is an array.
    /// What the record does not hold as it is meant is made in the arena.
    pub fn new(object: &'o Object<'a>, arena: &'a Bump, element: Option<usize>) -> Self {
        Self {
            object,
            arena,
            element,
            item: None,
        }
    }

    /// The fields of an item of a deal whose own fields are these.
    pub fn item<'i>(&self, object: &'i Object<'a>, item: usize) -> Fields<'i, 'a> {
        Fields {
            object,
            arena: self.arena,
            element: self.element,
            item: Some(item),
        }
    }

    /// Where texts are made.
    pub fn arena(&self) -> &'a Bump {
        self.arena
    }

    /// The value as it was sent.
    pub fn value(&self, field: Field) -> Value<'a> {
        self.object.get(field)
    }

    /// A refusal of a field.
    pub fn reject(
        &self,
        reason: Reason,
        field: Field,
        message: impl Into<Cow<'static, str>>,
    ) -> Rejection {
        self.reject_path(reason, field.name(), message)
    }

    /// A refusal of the object as a whole.
    pub fn reject_all(&self, reason: Reason, message: &'static str) -> Rejection {
        self.reject_path(reason, "", message)
    }

    /// A refusal of an item that is no object.
    pub fn reject_item(&self, item: usize) -> Rejection {
        let name = format!("items[{item}]");
        self.reject_path(Reason::WrongType, &name, "not an object")
    }

    #[cold]
    fn reject_path(
        &self,
        reason: Reason,
        name: &str,
        message: impl Into<Cow<'static, str>>,
    ) -> Rejection {
        let mut parts = Vec::new();
        if let Some(element) = self.element {
            parts.push(format!("[{element}]"));
        }
        if let Some(item) = self.item {
            parts.push(format!("items[{item}]"));
        }
        if !name.is_empty() {
            parts.push(name.to_owned());
        }
        Rejection {
            reason,
            field: parts.join("."),
            message: message.into(),
        }
    }

    /// What must be there.
    pub fn require<T>(&self, field: Field, value: Option<T>) -> Result<T, Rejection> {
        value.ok_or_else(|| self.reject(Reason::MissingField, field, "required"))
    }

    /// A string of at most `limit` bytes.
    pub fn text(&self, field: Field, limit: usize) -> Read<&'a str> {
        let text = match self.value(field) {
            Value::Absent => return Ok(None),
            Value::Text(text) => text,
            Value::Escaped(json) => self.unescape(field, json)?,
            _ => return Err(self.reject(Reason::WrongType, field, "not a string")),
        };
        if text.len() > limit {
            let message = format!("longer than {limit} bytes");
            return Err(self.reject(Reason::OutOfRange, field, message));
        }
        Ok(Some(text))
    }

    /// A string of 1 to `limit` bytes.
    pub fn filled_text(&self, field: Field, limit: usize) -> Read<&'a str> {
        match self.text(field, limit)? {
            Some("") => Err(self.reject(Reason::OutOfRange, field, "empty")),
            text => Ok(text),
        }
    }

    /// One of a few words, each with what it stands for.
    pub fn word<T: Copy>(&self, field: Field, words: &[(&'static str, T)]) -> Read<T> {
        let Some(text) = self.text(field, TEXT_BYTES)? else {
            return Ok(None);
        };
        let known = words.iter().find(|(word, _)| *word == text);
        known.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let message = format!("none of {}", words.join(", "));
            self.reject(Reason::UnknownValue, field, message)
        })
    }

    /// An integer from `low` to `high`.
    pub fn integer(&self, field: Field, low: i64, high: i64) -> Read<i64> {
        let number = match self.value(field) {
            Value::Absent => return Ok(None),
            Value::Integer(number) => Some(number),
            Value::Number(text) => match short_integer(text) {
                None if is_integer(text) => text.parse().ok(),
                None => return Err(self.reject(Reason::WrongType, field, "not an integer")),
                number => number,
            },
            _ => return Err(self.reject(Reason::WrongType, field, "not an integer")),
        };
        match number {
            Some(number) if (low..=high).contains(&number) => Ok(Some(number)),
            _ => {
                let message = format!("not within {low} to {high}");
                Err(self.reject(Reason::OutOfRange, field, message))
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&self, field: Field) -> Read<bool> {
        match self.value(field) {
            Value::Absent => Ok(None),
            Value::Flag(flag) => Ok(Some(flag)),
            _ => Err(self.reject(Reason::WrongType, field, "not true or false")),
        }
    }

    /// A moment: integer epoch milliseconds or an RFC 3339 string.
    pub fn moment(&self, field: Field) -> Read<i64> {
        match self.value(field) {
            Value::Text(_) | Value::Escaped(_) => {}
            _ => return self.integer(field, i64::MIN, i64::MAX),
        }
        let text = self.text(field, TEXT_BYTES)?;
        match text.map(moment::parse_rfc3339) {
            Some(Some(at)) => Ok(Some(at)),
            _ => Err(self.reject(
                Reason::InvalidTime,
                field,
                "not an RFC 3339 time with a zone",
            )),
        }
    }

    /// An amount of zero or more in minor units: a number, or a string with one.
    pub fn money(&self, field: Field, unit: MinorUnit) -> Read<i64> {
        let Some(text) = self.decimal(field)? else {
            return Ok(None);
        };
        let message = match money::minor_units(text, unit.places) {
            Ok(minor) => return Ok(Some(minor)),
            Err(NotAnAmount::Malformed) => {
                return Err(self.reject(Reason::WrongType, field, "not a decimal number"));
            }
            Err(NotAnAmount::Negative) => "below zero",
            Err(NotAnAmount::TooLarge) => "too much money",
        };
        Err(self.reject(Reason::OutOfRange, field, message))
    }

    /// A quantity of zero or more, as it was written.
    pub fn quantity(&self, field: Field) -> Read<&'a str> {
        if matches!(self.value(field), Value::Text(_) | Value::Escaped(_)) {
            return Err(self.reject(Reason::WrongType, field, "not a number"));
        }
        match self.decimal(field)? {
            Some(text) if !money::is_quantity(text) => {
                Err(self.reject(Reason::OutOfRange, field, "not a number of zero or more"))
            }
            text => Ok(text),
        }
    }

    /// The text of a number, or a string.
    fn decimal(&self, field: Field) -> Read<&'a str> {
        match self.value(field) {
            Value::Number(text) => Ok(Some(text)),
            _ => self.text(field, TEXT_BYTES),
        }
    }

    fn unescape(&self, field: Field, json: &str) -> Result<&'a str, Rejection> {
        let text = json::unescape(json).ok_or_else(|| {
            self.reject(
                Reason::InvalidJson,
                field,
                "an escape that stands for no character",
            )
        })?;
        Ok(self.arena.alloc_str(&text))
    }
}

/// An integer of so few digits that nothing can overflow: all but all of them.
fn short_integer(number: &str) -> Option<i64> {
    if number.len() > 18 {
        return None;
    }
    number.bytes().try_fold(0, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + i64::from(digit))
    })
}

fn is_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}
