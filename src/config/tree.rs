//! YAML as a tree whose every node knows where it stands.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::mistake::Mistake;

/// Where something was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// A file's path, or an environment variable.
    pub origin: Arc<str>,
    /// The line, from 1; 0 when the origin has no lines.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl Place {
    /// A place that is no more exact than its origin.
    pub fn whole(origin: &Arc<str>) -> Self {
        Self {
            origin: Arc::clone(origin),
            line: 0,
            column: 0,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.origin),
            line => write!(f, "{}:{line}:{}", self.origin, self.column),
        }
    }
}

/// A value and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What stands at a node. Scalars stay text: only the reader of a setting
/// knows whether `0123` is a number, a phone or a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// A single value.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A section, in the order it was written.
    Map(Vec<Entry>),
}

/// A key of a section with what it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// What it holds.
    pub node: Node,
}

impl Node {
    /// Reads a document. An empty one is null.
    pub fn parse(text: &str, origin: &Arc<str>) -> Result<Self, Vec<Mistake>> {
        let mut builder = Builder {
            origin,
            open: Vec::new(),
            done: None,
            mistakes: Vec::new(),
        };
        for event in Parser::new_from_str(text) {
            match event {
                Ok((event, span)) => builder.take(event, &span),
                Err(error) => {
                    let marker = error.marker();
                    let place = Place {
                        origin: Arc::clone(origin),
                        line: marker.line(),
                        column: marker.col() + 1,
                    };
                    let problem = format!("this is not YAML: {}", error.info());
                    builder.mistakes.push(Mistake::new(place, "", problem));
                    break;
                }
            }
        }
        if builder.mistakes.is_empty() {
            Ok(builder.done.unwrap_or_else(|| Self {
                place: Place::whole(origin),
                value: Value::Null,
            }))
        } else {
            Err(builder.mistakes)
        }
    }

    /// Lays another tree over this one: sections are merged key by key,
    /// everything else is replaced. A section that is left empty changes nothing.
    pub fn merge(&mut self, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Map(_), Value::Null) => {}
            (Value::Map(entries), Value::Map(overs)) => {
                self.place = over.place;
                for over in overs {
                    match entries.iter_mut().find(|entry| entry.key == over.key) {
                        Some(entry) => {
                            entry.place = over.place;
                            entry.node.merge(over.node);
                        }
                        None => entries.push(over),
                    }
                }
            }
            (value, over_value) => {
                *value = over_value;
                self.place = over.place;
            }
        }
    }

    /// States another place for the whole tree.
    pub fn set_place(&mut self, place: &Place) {
        self.place.clone_from(place);
        match &mut self.value {
            Value::Null | Value::Scalar(_) => {}
            Value::List(nodes) => nodes.iter_mut().for_each(|node| node.set_place(place)),
            Value::Map(entries) => {
                for entry in entries {
                    entry.place.clone_from(place);
                    entry.node.set_place(place);
                }
            }
        }
    }

    /// The tree as one line of text that depends on nothing but its values:
    /// not on order of keys, notation or place.
    pub fn canonical(&self, out: &mut String) {
        match &self.value {
            Value::Null => out.push('~'),
            Value::Scalar(text) => {
                let _ = write!(out, "{text:?}");
            }
            Value::List(nodes) => {
                out.push('[');
                for node in nodes {
                    node.canonical(out);
                    out.push(',');
                }
                out.push(']');
            }
            Value::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                out.push('{');
                for entry in sorted {
                    let _ = write!(out, "{:?}:", entry.key);
                    entry.node.canonical(out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }

    /// What stands in it when it is a section.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// What kind of thing this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a section",
        }
    }
}

/// A list or section whose end has not come yet.
enum Open {
    List(Place, Vec<Node>),
    Map(Place, Vec<Entry>, Option<(String, Place)>),
}

struct Builder<'a> {
    origin: &'a Arc<str>,
    open: Vec<Open>,
    done: Option<Node>,
    mistakes: Vec<Mistake>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) {
        let place = Place {
            origin: Arc::clone(self.origin),
            line: span.start.line(),
            column: span.start.col() + 1,
        };
        match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, place),
            Event::SequenceStart(..) => self.open.push(Open::List(place, Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Map(place, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(place, nodes)) => self.add(Node {
                    place,
                    value: Value::List(nodes),
                }),
                Some(Open::Map(place, entries, _)) => self.add(Node {
                    place,
                    value: Value::Map(entries),
                }),
                None => {}
            },
            Event::Alias(_) => {
                let problem = "anchors and aliases are not supported; write the value out";
                self.mistakes.push(Mistake::new(place.clone(), "", problem));
                self.add(Node {
                    place,
                    value: Value::Null,
                });
            }
            Event::DocumentStart(_) if self.done.is_some() => {
                let problem = "a configuration is one document";
                self.mistakes.push(Mistake::new(place, "", problem));
            }
            _ => {}
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, place: Place) {
        if let Some(Open::Map(_, entries, key @ None)) = self.open.last_mut() {
            if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                let problem = format!("stands twice; first in line {}", first.place.line);
                self.mistakes
                    .push(Mistake::new(place.clone(), text, problem));
            }
            *key = Some((text.to_owned(), place));
            return;
        }
        let null = style == ScalarStyle::Plain && matches!(text, "" | "~" | "null");
        let value = if null {
            Value::Null
        } else {
            Value::Scalar(text.to_owned())
        };
        self.add(Node { place, value });
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.done = Some(node),
            Some(Open::List(_, nodes)) => nodes.push(node),
            Some(Open::Map(_, entries, key)) => {
                if let Some((key, place)) = key.take() {
                    entries.push(Entry { key, place, node });
                } else {
                    let problem = "a key must be a single value";
                    self.mistakes.push(Mistake::new(node.place, "", problem));
                    *key = Some((String::new(), Place::whole(self.origin)));
                }
            }
        }
    }
}
