//! The grammar, compared with that of `serde_json`.

use serde::de::IgnoredAny;

use super::*;
use crate::decode::{Field, Object, json};

/// Texts that use all of the grammar.
const TEXTS: [&str; 8] = [
    r#"{"event_id":"e","occurred_at":1768046400000,"visitor_id":"v","url":"https://a.com/?a=b&c=d"}"#,
    r#" [ {"amount" : -12.50e+3 , "cost":0.1E-7},{"items":[{"sku":"a\"b\\c\/\b\f\n\r\t"},[]]} , 7 ] "#,
    r#"[[[],[{}],{"a":{"b":[null,true,false,0,-0]}}],"\u00e9\ud83d\ude00\ud800 é😀"]"#,
    r#"{"a":[1,[2,[3,[4,{"b":{"c":[{"d":[]}]}}]]]],"url":"x","url":null}"#,
    r#""a string that is longer than eight bytes, with é and a \\ in it""#,
    "1234567890",
    "\t\r\n null \n",
    r#"{"":"","\u0075rl":"y","k":1e999,"l":[1e5,2E6,3.0]}"#,
];

fn is_json(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.value().and_then(|_| scanner.end()).is_ok()
}

/// A generator of numbers that is the same everywhere (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) % limit as u64) as usize
    }
}

#[test]
fn what_is_json_is_told_as_serde_json_tells_it() {
    const BYTES: &[u8] = b"\"\\{}[],:0123456789.eE+-truefalsn/bfu \t\n\x00\x1f\x7fxA";
    let mut dice = Dice(7);
    let mut valid = 0;
    for round in 0..60_000 {
        let mut bytes = TEXTS[round % TEXTS.len()].as_bytes().to_vec();
        for _ in 0..dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(4) {
                0 => bytes[at] = BYTES[dice.below(BYTES.len())],
                1 => bytes.insert(at, BYTES[dice.below(BYTES.len())]),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        let known = serde_json::from_str::<IgnoredAny>(text);
        assert_eq!(is_json(text), known.is_ok(), "{text:?}: {known:?}");
        valid += u32::from(known.is_ok());
    }
    assert!((10_000..50_000).contains(&valid), "{valid}");
}

#[test]
fn every_byte_of_a_string_is_looked_at_wherever_it_stands() {
    for byte in 0..0x80_u8 {
        for at in 0..20 {
            let mut text = "\"abcdefghijklmnopqrst\"".as_bytes().to_vec();
            text[at + 1] = byte;
            let text = std::str::from_utf8(&text).unwrap();
            let known = serde_json::from_str::<IgnoredAny>(text).is_ok();
            assert_eq!(is_json(text), known, "{text:?}");
        }
    }
    // Bytes above ASCII are no control characters and no quotes.
    let text = "\"\u{80}\u{a2}\u{ff}\u{dc}\u{9f}äöü — €\u{10ffff}\"";
    assert!(is_json(text));
}

#[test]
fn depth_costs_no_stack() {
    let depth = 1_000_000;
    assert!(is_json(&("[".repeat(depth) + &"]".repeat(depth))));
    assert!(is_json(
        &("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth))
    ));
    assert!(!is_json(&"[".repeat(depth)));
}

#[test]
fn values_are_given_as_they_were_written() {
    let text = r#"{"url":"a","amount":1.50e3,"event":"x\n","items":[ {} ],"erase":true,"hour":1,"hour":null,"\u0063ost":2,"other":3}"#;
    let mut seen = 0;
    let mut object = Object::default();
    object.set(Field::Bid, Value::Flag(true));
    json::objects(text, &mut object, |index, object| {
        let object = object.unwrap();
        assert_eq!(index, None);
        assert!(matches!(object.get(Field::Url), Value::Text("a")));
        assert!(matches!(object.get(Field::Amount), Value::Number("1.50e3")));
        assert!(matches!(
            object.get(Field::Event),
            Value::Escaped(r#""x\n""#)
        ));
        assert!(matches!(object.get(Field::Items), Value::Nested("[ {} ]")));
        assert!(matches!(object.get(Field::Erase), Value::Flag(true)));
        assert!(matches!(object.get(Field::Hour), Value::Absent));
        assert!(matches!(object.get(Field::Cost), Value::Number("2")));
        assert!(matches!(object.get(Field::Bid), Value::Absent));
        seen += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, 1);
}
