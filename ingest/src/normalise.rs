//! Identifiers in their one form, and what is none.

use std::sync::Arc;

use bumpalo::Bump;
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
    let value = trimmed(value);
    JUNK.iter().any(|junk| junk.eq_ignore_ascii_case(value))
        || value.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

/// An e-mail address, trimmed and in lower case; `None` when it is not one.
pub fn email<'a>(value: &'a str, arena: &'a Bump) -> Option<&'a str> {
    let address = lower(value, arena);
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
pub fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        // Mostly there is nothing to trim, and two bytes tell.
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Trimmed and in lower case.
pub fn lower<'a>(text: &'a str, arena: &'a Bump) -> &'a str {
    let text = trimmed(text);
    if text
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
    {
        arena.alloc_str(&text.to_lowercase())
    } else {
        text
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
    pub fn e164<'a>(
        &mut self,
        value: &str,
        region: country::Id,
        arena: &'a Bump,
    ) -> Option<&'a str> {
        let value = trimmed(value);
        self.key.clear();
        self.key.push_str(region.as_ref());
        self.key.push_str(value);
        let known = self.remembered.get(self.key.as_str());
        let phone = known.unwrap_or_else(|| {
            let parsed = if is_junk(value) {
                None
            } else {
                self.parser.e164(value, region).map(Arc::from)
            };
            self.remembered
                .insert(self.key.as_str().into(), parsed.clone());
            parsed
        });
        phone.map(|phone| &*arena.alloc_str(&phone))
    }

    /// E.164 when the number is valid, else the number as it is, trimmed.
    pub fn number<'a>(&mut self, value: &'a str, region: country::Id, arena: &'a Bump) -> &'a str {
        self.e164(value, region, arena)
            .unwrap_or_else(|| trimmed(value))
    }

    /// How many answers are remembered.
    pub fn remembered(&self) -> usize {
        self.remembered.len()
    }
}

#[cfg(test)]
mod tests;
