//! Broken records, as real producers send them. Each is made from a good one
//! and must end among the dead letters, whatever else it says.

use throughline_proto::topics::RawTopic;

use super::dice::Dice;

/// A broken variant of a record.
pub fn broken(topic: RawTopic, record: &str, dice: &mut Dice) -> String {
    match dice.whole(0, 7) {
        0 => cut(record, dice),
        1 => "<html><body>502 Bad Gateway</body></html>".to_owned(),
        2 => without(record, "event_id"),
        3 => replaced(record, "occurred_at", "\"yesterday\""),
        4 => replaced(record, "occurred_at", "4102444800000"),
        5 => replaced(record, "event_id", "[17]"),
        _ => topic_specific(topic, record, dice),
    }
}

/// What only this topic can get wrong.
fn topic_specific(topic: RawTopic, record: &str, dice: &mut Dice) -> String {
    let (field, value) = match topic {
        RawTopic::Web => ("url", "{\"href\":\"/\"}"),
        RawTopic::Calls => dice.pick(&[
            ("talk_seconds", "\"two minutes\""),
            ("status", "\"picked up\""),
            ("dialed_number", "null"),
        ]),
        RawTopic::Emails => dice.pick(&[("event", "\"read\""), ("campaign", "4711")]),
        RawTopic::Deals => dice.pick(&[
            ("event", "\"archived\""),
            ("deal_id", "null"),
            ("pipeline", "true"),
        ]),
        RawTopic::Costs => dice.pick(&[
            ("date", "\"31.12.2025\""),
            ("cost", "-100"),
            ("impressions", "\"many\""),
            ("currency", "\"ZZZ\""),
        ]),
        RawTopic::Touches => ("medium", "null"),
        RawTopic::Numbers => ("leased_until", "\"soon\""),
        RawTopic::Identities => ("visitor_id", "false"),
    };
    replaced(record, field, value)
}

/// The record without its end; somewhere after the beginning.
fn cut(record: &str, dice: &mut Dice) -> String {
    let mut end = dice.whole(1, record.len() as i64) as usize;
    while !record.is_char_boundary(end) {
        end -= 1;
    }
    record[..end.max(1)].to_owned()
}

fn without(record: &str, field: &str) -> String {
    replaced(record, field, "null")
}

/// The record with another value of a field, or without the time when there is
/// no such field.
fn replaced(record: &str, field: &str, value: &str) -> String {
    let Some((start, end)) = value_span(record, field) else {
        return match field {
            "occurred_at" => record[..1].to_owned(),
            _ => replaced(record, "occurred_at", "null"),
        };
    };
    format!("{}{value}{}", &record[..start], &record[end..])
}

/// Where a field's value stands. Records are written without spaces, and no
/// string in them holds a name with quotes around it and a colon.
fn value_span(record: &str, field: &str) -> Option<(usize, usize)> {
    let name = format!("\"{field}\":");
    let start = record.find(&name)? + name.len();
    let rest = &record[start..];
    let length = match rest.strip_prefix('"') {
        Some(text) => text.find('"')? + 2,
        None => rest.find([',', '}'])?,
    };
    Some((start, start + length))
}
