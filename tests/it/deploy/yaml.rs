//! YAML as JSON, with anchors and merged keys: enough for the files of a deployment.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A document.
#[track_caller]
pub fn parse(text: &str) -> Value {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap_or_else(|error| panic!("this is not YAML: {error}"));
        reader.take(event);
    }
    reader.done.unwrap()
}

/// A list or map whose end has not come yet, and the number of its anchor.
enum Open {
    List(Vec<Value>, usize),
    Map(Map<String, Value>, Option<String>, usize),
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Value>,
    done: Option<Value>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Scalar(text, style, anchor, _) => self.add(scalar(&text, style), anchor),
            Event::SequenceStart(anchor, _) => self.open.push(Open::List(Vec::new(), anchor)),
            Event::MappingStart(anchor, _) => self.open.push(Open::Map(Map::new(), None, anchor)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop().unwrap() {
                Open::List(values, anchor) => self.add(values.into(), anchor),
                Open::Map(map, _, anchor) => self.add(merged(map).into(), anchor),
            },
            Event::Alias(anchor) => self.add(self.anchors[&anchor].clone(), 0),
            _ => {}
        }
    }

    fn add(&mut self, value: Value, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open::List(values, _)) => values.push(value),
            Some(Open::Map(map, key, _)) => match key.take() {
                None => *key = Some(value.as_str().unwrap().to_owned()),
                Some(key) => assert!(
                    map.insert(key.clone(), value).is_none(),
                    "{key} stands twice"
                ),
            },
        }
    }
}

/// Texts stay texts; nothing here asks for numbers.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        "" | "~" | "null" if style == ScalarStyle::Plain => Value::Null,
        "true" if style == ScalarStyle::Plain => true.into(),
        "false" if style == ScalarStyle::Plain => false.into(),
        text => text.into(),
    }
}

/// What a map takes over by `<<` stands under what it says itself.
fn merged(mut map: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Object(mut all)) = map.remove("<<") else {
        return map;
    };
    all.extend(map);
    all
}

#[test]
fn anchors_and_merged_keys_are_followed() {
    let text = "a: &a {x: 1, y: [p, 'true']}\nb:\n  <<: *a\n  x: 2\nc: *a\nd: true\ne:\n";
    let expected = serde_json::json!({
        "a": {"x": "1", "y": ["p", "true"]},
        "b": {"x": "2", "y": ["p", "true"]},
        "c": {"x": "1", "y": ["p", "true"]},
        "d": true,
        "e": null,
    });
    assert_eq!(parse(text), expected);
}
