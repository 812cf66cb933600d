use super::*;

fn letter(value: Option<&[u8]>) -> Letter {
    Letter {
        entry: Entry {
            topic: "web".to_owned(),
            partition: 1,
            offset: 7,
            reason: "wrong_type".to_owned(),
            field: "url".to_owned(),
            message: "not a string".to_owned(),
            bytes: value.map(|value| value.len() as u64),
            rejected_at: 1_767_225_600_001,
            replay_of: String::new(),
            replayed_at: None,
        },
        key: Some(b"\0k".to_vec()),
        value: value.map(<[u8]>::to_vec),
        headers: vec![
            ("trace".to_owned(), Some(b"a\x1b".to_vec())),
            ("trace".to_owned(), None),
        ],
    }
}

#[test]
fn everything_is_told() {
    let mut again = letter(None).entry;
    again.offset = 9;
    assert_eq!(
        describe(&letter(Some(br#"{"url":5}"#)), &[again]),
        "web/1/7\n\
        \x20 rejected    2026-01-01T00:00:00.001Z\n\
        \x20 reason      wrong_type\n\
        \x20 field       url\n\
        \x20 message     not a string\n\
        \x20 sent again  not yet\n\
        \x20 and again   web/1/9 at 2026-01-01T00:00:00.001Z\n\
        \x20 key         \"\\u{0}k\"\n\
        \x20 header      \"trace\" = \"a\\u{1b}\"\n\
        \x20 header      \"trace\" = (no value)\n\
        \x20 value       9 bytes\n\
        \x20 {\n\
        >   \"url\": 5\n\
        \x20 }\n"
    );
}

#[test]
fn values_that_are_no_json_are_shown_safely() {
    let shown = |value: Option<&[u8]>| {
        let letter = letter(value);
        (summary(&letter), value_lines(&letter))
    };
    assert_eq!(shown(None), ("(none)".to_owned(), Vec::new()));
    assert_eq!(shown(Some(b"")), ("(empty)".to_owned(), Vec::new()));
    let (what, lines) = shown(Some(b"\xff{"));
    assert_eq!(what, "2 bytes, not UTF-8");
    assert!(lines[0].starts_with("  00000000  ff 7b "), "{lines:?}");
    let (_, lines) = shown(Some(b"\x0a\x01a"));
    assert!(lines[0].contains("0a 01 61"), "{lines:?}");
    let (what, lines) = shown(Some(&vec![0xff; DUMPED_BYTES + 1]));
    assert!(what.contains("--raw"), "{what}");
    assert_eq!(lines.len(), DUMPED_BYTES / 16);
}

#[test]
fn a_value_that_was_left_out_is_told_from_none() {
    let mut letter = letter(None);
    assert_eq!(omitted(&letter), None);
    let header = (names::VALUE_OMITTED.to_owned(), Some(b"900".to_vec()));
    letter.headers.push(header);
    assert_eq!(omitted(&letter).as_deref(), Some("900"));
    assert!(summary(&letter).starts_with("900 bytes, too large"));
}
