//! Identifiers in their one form, and what is none.

use std::borrow::Cow;
use std::sync::Arc;

use phonenumber::country;

use crate::phone::PhoneParser;
use crate::recent::RecentMap;

/// Values that are never identifiers, whatever their case and the spaces around them.
const JUNK: [&str; 10] = [
    "-1",
    "null",
    "none",
    "undefined",
    "unknown",
    "anonymous",
    "guest",
    "test",
    "-",
    "",
];

/// Whether a value says nothing about who the client is.
pub fn is_junk(value: &str) -> bool {
    let value = value.trim();
    JUNK.iter().any(|junk| junk.eq_ignore_ascii_case(value))
        || value.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

/// An e-mail address, trimmed and in lower case; `None` when it is not one.
pub fn email(value: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let address = lower(value);
    let (local, domain) = address.split_once('@')?;
    let odd = |part: &str| {
        part.chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    let labels_are_whole = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    let valid = !local.is_empty() && labels_are_whole && !odd(local) && !odd(domain);
    valid.then_some(address)
}

/// Trimmed.
pub fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// Trimmed and in lower case.
pub fn lower(value: Cow<'_, str>) -> Cow<'_, str> {
    let value = trimmed(value);
    if value
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
    {
        Cow::Owned(value.to_lowercase())
    } else {
        value
    }
}

/// Phones in E.164, with the answers of the last ones remembered: parsing
/// takes microseconds, and the same phones come again and again.
#[derive(Debug)]
pub struct Phones {
    parser: PhoneParser,
    remembered: RecentMap<Box<str>, Option<Arc<str>>>,
    key: String,
}

impl Phones {
    /// Remembers up to `capacity` answers.
    pub fn new(capacity: usize) -> Self {
        Self {
            parser: PhoneParser::default(),
            remembered: RecentMap::new(capacity),
            key: String::new(),
        }
    }

    /// The phone in E.164; `None` when it is not a valid number.
    pub fn e164(&mut self, value: &str, region: country::Id) -> Option<Arc<str>> {
        self.key.clear();
        self.key.push_str(region.as_ref());
        self.key.push_str(value.trim());
        if let Some(known) = self.remembered.get(self.key.as_str()) {
            return known;
        }
        let parsed: Option<Arc<str>> = if is_junk(value) {
            None
        } else {
            self.parser.e164(value.trim(), region).map(Arc::from)
        };
        self.remembered
            .insert(self.key.as_str().into(), parsed.clone());
        parsed
    }

    /// E.164 when the number is valid, else the number as it is, trimmed.
    pub fn number(&mut self, value: &str, region: country::Id) -> Arc<str> {
        self.e164(value, region)
            .unwrap_or_else(|| Arc::from(value.trim()))
    }

    /// How many answers are remembered.
    pub fn remembered(&self) -> usize {
        self.remembered.len()
    }
}

#[cfg(test)]
mod tests;
