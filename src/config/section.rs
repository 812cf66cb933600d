//! Reading a section key by key. Each getter says what it expects; what does
//! not fit is noted as a mistake and some value is returned in its place, so
//! that reading goes on and finds the other mistakes too.

use std::cell::RefCell;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::mistake::{Mistake, Mistakes};
use super::tree::{Entry, Node, Place, Value};

/// A section being read. When it is dropped, the keys that nobody has asked
/// for are reported.
pub struct Section<'a> {
    path: String,
    place: Place,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    mistakes: &'a Mistakes,
    /// It is already reported as no section at all.
    hollow: bool,
}

/// A value in a section or list, with its path.
#[derive(Clone)]
pub struct Item<'a> {
    /// The path of the value.
    pub path: String,
    /// The value.
    pub node: &'a Node,
}

impl Item<'_> {
    /// Whether it stands in the defaults.
    pub fn is_default(&self) -> bool {
        *self.node.place.origin == *super::DEFAULTS_NAME
    }
}

impl<'a> Section<'a> {
    /// The section at a node.
    pub fn new(item: &Item<'a>, mistakes: &'a Mistakes) -> Self {
        let (entries, hollow): (&[Entry], _) = match &item.node.value {
            Value::Map(entries) => (entries, false),
            _ => (&[], true),
        };
        let section = Self {
            path: item.path.clone(),
            place: item.node.place.clone(),
            entries,
            asked: RefCell::default(),
            mistakes,
            hollow,
        };
        if hollow {
            section.wrong(
                item,
                &format!("must be a section of keys, not {}", item.node.kind()),
            );
        }
        section
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Notes a mistake about a value of this section.
    pub fn wrong(&self, item: &Item<'_>, problem: &str) {
        let place = item.node.place.clone();
        self.mistakes.add(Mistake::new(place, &item.path, problem));
    }

    /// The value of a key, if it stands there and is not null.
    pub fn get(&self, key: &'static str) -> Option<Item<'a>> {
        self.asked.borrow_mut().push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (entry.node.value != Value::Null).then(|| Item {
            path: self.path_of(key),
            node: &entry.node,
        })
    }

    /// The value of a key that must stand there.
    pub fn require(&self, key: &'static str) -> Option<Item<'a>> {
        let found = self.get(key);
        if found.is_none() && !self.hollow {
            let entry = self.entries.iter().find(|entry| entry.key == key);
            let place = entry.map_or(&self.place, |entry| &entry.place).clone();
            self.mistakes
                .add(Mistake::new(place, self.path_of(key), "is missing"));
        }
        found
    }

    /// The section under a key.
    pub fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let item = self.require(key)?;
        Some(Self::new(&item, self.mistakes))
    }

    /// The section at a value of this one.
    pub fn under(&self, item: &Item<'a>) -> Section<'a> {
        Self::new(item, self.mistakes)
    }

    /// A value by a function that says what it is, or what is expected instead.
    pub fn parse<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let item = self.require(key)?;
        self.parse_item(&item, parse)
    }

    /// Like [`Self::parse`], of a value at hand.
    pub fn parse_item<T>(
        &self,
        item: &Item<'_>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Value::Scalar(text) = &item.node.value else {
            self.wrong(
                item,
                &format!("must be a single value, not {}", item.node.kind()),
            );
            return None;
        };
        parse(text)
            .map_err(|problem| self.wrong(item, &problem))
            .ok()
    }

    /// Text, possibly empty.
    pub fn text(&self, key: &'static str) -> String {
        self.parse(key, |text| Ok(text.to_owned()))
            .unwrap_or_default()
    }

    /// Text that is not empty.
    pub fn name(&self, key: &'static str) -> String {
        self.parse(key, not_empty).unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &'static str) -> bool {
        self.choice(key, &[("true", true), ("false", false)])
    }

    /// An address and port to listen on; nowhere when it is empty.
    pub fn listen(&self, example: &str) -> Option<SocketAddr> {
        let read = |text: &str| {
            if text.is_empty() {
                return Ok(None);
            }
            let wrong = |_| format!("`{text}` is not an address and port such as {example}");
            text.parse().map(Some).map_err(wrong)
        };
        self.parse("listen", read).flatten()
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> T {
        let found = self.parse(key, |text| one_of(text, choices));
        found.unwrap_or(choices[0].1)
    }

    /// A whole number within limits.
    pub fn whole<T>(&self, key: &'static str, range: RangeInclusive<T>) -> T
    where
        T: std::str::FromStr + PartialOrd + Display + Copy,
    {
        self.parse(key, |text| whole(text, &range))
            .unwrap_or(*range.start())
    }

    /// A time in milliseconds within limits.
    pub fn millis(&self, key: &'static str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.whole(key, range))
    }

    /// The items of a list; a single value is a list of one.
    pub fn list(&self, key: &'static str) -> Vec<Item<'a>> {
        let Some(item) = self.require(key) else {
            return Vec::new();
        };
        match &item.node.value {
            Value::List(nodes) => nodes
                .iter()
                .enumerate()
                .map(|(index, node)| Item {
                    path: format!("{}[{index}]", item.path),
                    node,
                })
                .collect(),
            Value::Scalar(_) => vec![item],
            _ => {
                self.wrong(&item, &format!("must be a list, not {}", item.node.kind()));
                Vec::new()
            }
        }
    }

    /// The keys under a key, where any name may be a key.
    pub fn entries(&self, key: &'static str) -> Vec<(&'a str, Item<'a>)> {
        let Some(item) = self.require(key) else {
            return Vec::new();
        };
        let Value::Map(entries) = &item.node.value else {
            self.wrong(
                &item,
                &format!("must be a section of keys, not {}", item.node.kind()),
            );
            return Vec::new();
        };
        entries
            .iter()
            .map(|entry| {
                let path = format!("{}.{}", item.path, entry.key);
                (
                    entry.key.as_str(),
                    Item {
                        path,
                        node: &entry.node,
                    },
                )
            })
            .collect()
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        for entry in self.entries {
            if asked.iter().any(|key| *key == entry.key) {
                continue;
            }
            let nearest = asked
                .iter()
                .map(|key| (strsim::damerau_levenshtein(key, &entry.key), *key))
                .min()
                .filter(|(distance, key)| *distance <= key.len().max(entry.key.len()) / 2);
            let hint = match nearest {
                Some((_, key)) => format!("did you mean `{key}`?"),
                None => format!("the keys here are {}", asked.join(", ")),
            };
            self.mistakes.add(Mistake::new(
                entry.place.clone(),
                self.path_of(&entry.key),
                format!("there is no such setting; {hint}"),
            ));
        }
    }
}

/// One of some words.
pub fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            match words.split_last() {
                Some((last, rest)) if !rest.is_empty() => {
                    format!("`{text}` is not one of {} and {last}", rest.join(", "))
                }
                _ => format!("`{text}` is not {}", words.join("")),
            }
        })
}

/// A whole number within limits.
pub fn whole<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + Display + Copy,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            format!("`{text}` is not a whole number from {low} to {high}")
        })
}

/// Text that is not empty.
pub fn not_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("must not be empty".to_owned())
    } else {
        Ok(text.trim().to_owned())
    }
}
