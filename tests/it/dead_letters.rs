//! Records that cannot be used: kept whole, with their place and the reason.

use throughline_proto::topics::{DEAD_LETTERS, dead_letter_headers as names};
use throughline_stream::{Header, Outgoing, Record};
use throughline_tests::reference::Settings;

use crate::installation::Installation;

/// A record that can be used.
pub const GOOD: &str =
    r#"{"event_id":"g","occurred_at":1772323200000,"visitor_id":"v","url":"https://a.com/"}"#;

struct Bad {
    topic: &'static str,
    key: Option<&'static [u8]>,
    value: Option<Vec<u8>>,
    headers: &'static [(&'static str, Option<&'static [u8]>)],
    reason: &'static str,
    field: &'static str,
}

fn bad() -> Vec<Bad> {
    let bad = |topic, value: &[u8], reason, field| Bad {
        topic,
        key: None,
        value: Some(value.to_vec()),
        headers: &[],
        reason,
        field,
    };
    vec![
        Bad {
            key: Some(b"\0\xff key \r\n"),
            headers: &[
                ("trace", Some(b"\0\xfe\t'\\")),
                ("trace", None),
                ("", Some(b"")),
                ("throughline", Some(b"\xd0\xba")),
            ],
            ..bad("web", b"\xff\xfe\0{}", "invalid_utf8", "")
        },
        Bad {
            key: Some(b""),
            ..bad("web", b"{\"event_id\":\"\0\"}", "invalid_json", "")
        },
        bad("web", b"{", "invalid_json", ""),
        bad("web", br#"{"event_id":"1","occurred_at":1772323200000,"visitor_id":"v"}"#, "missing_field", "url"),
        Bad {
            key: Some(b"tombstone"),
            value: None,
            ..bad("calls", b"", "empty_value", "")
        },
        bad("emails", b"", "empty_value", ""),
        Bad {
            headers: &[("Content-Type", Some(b"Application/X-Protobuf"))],
            ..bad("deals", b"\x0a\xff", "invalid_protobuf", "")
        },
        bad(
            "deals",
            br#"[{"event_id":"2","occurred_at":1772323200000,"deal_id":"d","event":"won"},
                 {"event_id":"3","occurred_at":1772323200000,"deal_id":"d","event":"won","amount":"many"}]"#,
            "wrong_type",
            "[1].amount",
        ),
        bad("numbers", &vec![b' '; 9 << 20], "too_large", ""),
        bad(
            "touches",
            br#"{"event_id":"4","occurred_at":"2999-01-01T00:00:00Z","user_id":"u","source":"s","medium":"m"}"#,
            "future_time",
            "occurred_at",
        ),
        bad(
            "identities",
            br#"{"event_id":"5","occurred_at":1772323200000,"user_id":"u","erase":true,"split":true}"#,
            "unknown_value",
            "split",
        ),
    ]
}

/// Records of every kind that cannot be used, all of partition 1.
pub fn broken() -> Vec<Outgoing> {
    let all = bad().into_iter();
    all.map(|bad| Outgoing {
        topic: bad.topic.into(),
        partition: Some(1),
        key: bad.key.map(<[u8]>::to_vec),
        headers: headers(&bad),
        value: bad.value,
    })
    .collect()
}

fn headers(bad: &Bad) -> Vec<Header> {
    let header = |(name, value): &(&str, Option<&[u8]>)| Header {
        name: (*name).to_owned(),
        value: value.map(<[u8]>::to_vec),
    };
    bad.headers.iter().map(header).collect()
}

#[test]
fn what_cannot_be_used_is_kept_whole_with_its_place_and_the_reason() {
    let line = Installation::new("dead_letters", &Settings::default());
    line.call(&["topics", "create"]).succeeds();
    let all = bad();
    line.send(broken());
    // What comes after them is not held up.
    line.send(std::iter::once(Outgoing {
        topic: "web".into(),
        partition: Some(1),
        value: Some(GOOD.into()),
        ..Outgoing::default()
    }));
    line.run_until_idle();
    assert_eq!(line.query("SELECT touch_id FROM touchpoints"), "web:g");

    let letters = line.records(DEAD_LETTERS);
    assert_eq!(letters.len(), all.len());
    let mut offsets = std::collections::BTreeMap::new();
    for bad in &all {
        let topic = line.topic(bad.topic);
        let offset = offsets.entry(bad.topic).or_insert(0);
        let place = [topic.as_str(), "1", &offset.to_string()].map(str::to_owned);
        *offset += 1;
        let letter = letters.iter().find(|letter| {
            [names::TOPIC, names::PARTITION, names::OFFSET].map(|name| header(letter, name))
                == place
        });
        let letter = letter.unwrap_or_else(|| panic!("no letter of {place:?}"));
        check_letter(letter, bad);
        check_row(&line, &place, bad);
    }
    assert_eq!(
        line.query("SELECT count() FROM dead_letters"),
        all.len().to_string()
    );
}

fn check_letter(letter: &Record, bad: &Bad) {
    assert_eq!(letter.key.as_deref(), bad.key);
    assert!(
        letter.value == bad.value,
        "{}: its value is another",
        bad.reason
    );
    let own = headers(bad);
    assert_eq!(letter.headers[..own.len()], own);
    assert_eq!(letter.headers.len(), own.len() + 6);
    assert_eq!(header(letter, names::REASON), bad.reason);
    assert_eq!(header(letter, names::FIELD), bad.field);
    assert!(!header(letter, names::MESSAGE).is_empty());
}

/// The last header of that name.
fn header(letter: &Record, name: &str) -> String {
    let header = letter.headers.iter().rfind(|header| header.name == name);
    let value = header.and_then(|header| header.value.clone());
    String::from_utf8(value.unwrap_or_default()).unwrap()
}

fn check_row(line: &Installation, [topic, partition, offset]: &[String; 3], bad: &Bad) {
    let hex = |bytes: Option<&[u8]>| {
        let digits = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"))
        };
        bytes.map_or("\\N".to_owned(), digits)
    };
    let own = headers(bad);
    let own: Vec<_> = own
        .iter()
        .map(|header| {
            format!(
                "{}={}",
                hex(Some(header.name.as_bytes())),
                hex(header.value.as_deref())
            )
        })
        .collect();
    let value = bad.value.as_deref();
    let row = line.query(&format!(
        "SELECT reason, field, hex(key), length(value), hex(substring(value, 1, 1000)),
            arrayStringConcat(arrayMap(h -> concat(hex(h.1), '=', ifNull(hex(h.2), '\\\\N')), headers), ' '),
            message != '' AND abs(now() - rejected_at) < 3600
        FROM dead_letters WHERE topic = '{topic}' AND partition = {partition} AND offset = {offset}"
    ));
    let length = value.map_or("\\N".to_owned(), |value| value.len().to_string());
    let start = hex(value.map(|value| &value[..value.len().min(1000)]));
    let expected = [
        bad.reason,
        bad.field,
        &hex(bad.key),
        &length,
        &start,
        &own.join(" "),
        "1",
    ];
    let row: Vec<_> = row
        .split('\t')
        .map(|cell| cell.replace("\\\\", "\\"))
        .collect();
    assert_eq!(row, expected);
}
