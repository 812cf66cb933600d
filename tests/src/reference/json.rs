//! JSON read one level at a time, with numbers kept as the text they were sent as: money never passes a float.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// One JSON value; what an array or object holds is read only when asked for.
#[derive(Debug)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, unescaped.
    Text(String),
    /// An array.
    Array(Vec<Box<RawValue>>),
    /// An object; of a repeated key the last value counts.
    Object(Object),
}

/// The fields of a JSON object.
pub type Object = BTreeMap<String, Box<RawValue>>;

impl Json {
    /// Reads a whole document; `None` when it is not JSON.
    pub fn document(bytes: &[u8]) -> Option<Self> {
        let raw: Box<RawValue> = serde_json::from_slice(bytes).ok()?;
        Self::of(&raw)
    }

    /// Reads one value; `None` when it cannot be represented (a lone surrogate in a string).
    pub fn of(raw: &RawValue) -> Option<Self> {
        let text = raw.get().trim();
        Some(match text.as_bytes().first()? {
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'"' => Self::Text(serde_json::from_str(text).ok()?),
            b'[' => Self::Array(serde_json::from_str(text).ok()?),
            b'{' => Self::Object(serde_json::from_str(text).ok()?),
            _ => Self::Number(text.to_owned()),
        })
    }
}
