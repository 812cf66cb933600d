//! Identifiers and numbers in their one form.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Values that are never identifiers, whatever their case and the spaces around them.
const JUNK: [&str; 10] = [
    "",
    "-",
    "-1",
    "null",
    "none",
    "undefined",
    "unknown",
    "anonymous",
    "guest",
    "test",
];

/// Whether a value says nothing about who the client is.
pub fn is_junk(value: &str) -> bool {
    let value = value.trim().to_lowercase();
    JUNK.contains(&value.as_str())
        || value
            .chars()
            .all(|character| character == '0' || character == '-')
}

/// An opaque identifier, as it is, unless it is junk.
pub fn opaque(value: &str) -> Option<String> {
    (!is_junk(value)).then(|| value.to_owned())
}

/// What numbers have been read as, by value and region: the traffic has few, and reading one takes long.
static PHONES: Mutex<BTreeMap<(String, String), Option<String>>> = Mutex::new(BTreeMap::new());

/// A phone in E.164; `None` when it is not a valid number.
pub fn phone(value: &str, region: &str) -> Option<String> {
    let mut phones = PHONES.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (value.to_owned(), region.to_owned());
    let read = phones.entry(key).or_insert_with(|| read(value, region));
    read.clone()
}

fn read(value: &str, region: &str) -> Option<String> {
    if is_junk(value) {
        return None;
    }
    let parsed = phonenumber::parse(region.parse().ok(), value.trim()).ok()?;
    parsed
        .is_valid()
        .then(|| parsed.format().mode(phonenumber::Mode::E164).to_string())
}

/// A number of the company's own: E.164 when valid, else as it is without spaces around it.
pub fn number(value: &str, region: &str) -> String {
    phone(value, region).unwrap_or_else(|| value.trim().to_owned())
}

/// An e-mail address, trimmed and in lower case; `None` when it is not one.
pub fn email(value: &str) -> Option<String> {
    let value = value.trim().to_lowercase();
    let (local, domain) = value.split_once('@')?;
    let odd =
        |character: char| character.is_whitespace() || character.is_control() || character == '@';
    let labels = || domain.split('.');
    let valid = !is_junk(&value)
        && !local.is_empty()
        && !value.replacen('@', "", 1).contains(odd)
        && labels().count() >= 2
        && labels().all(|label| !label.is_empty());
    valid.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_is_no_identifier() {
        for value in [
            "",
            " ",
            "-",
            "-1",
            "NULL",
            "None",
            " undefined ",
            "unknown",
            "Anonymous",
            "guest",
            "TEST",
        ] {
            assert!(is_junk(value), "{value}");
        }
        for value in ["0", "000", "00000000-0000-0000-0000-000000000000", "--"] {
            assert!(is_junk(value), "{value}");
        }
        for value in ["1", "tester", "0a", "-2", "nobody"] {
            assert!(!is_junk(value), "{value}");
        }
    }

    #[test]
    fn phones_become_e164() {
        assert_eq!(
            phone("8 (916) 123-45-67", "RU").as_deref(),
            Some("+79161234567")
        );
        assert_eq!(
            phone("+7 916 123 45 67", "US").as_deref(),
            Some("+79161234567")
        );
        assert_eq!(
            phone("(212) 555-2368", "US").as_deref(),
            Some("+12125552368")
        );
        assert_eq!(phone("12", "RU"), None);
        assert_eq!(number(" 1234 ", "RU"), "1234");
    }

    #[test]
    fn emails_are_trimmed_and_lowered() {
        assert_eq!(
            email(" Ann@Example.COM ").as_deref(),
            Some("ann@example.com")
        );
        for value in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "a b@example.com",
            "a@b@c.com",
            "ann@example.",
        ] {
            assert_eq!(email(value), None, "{value}");
        }
    }
}
