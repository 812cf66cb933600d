//! Records: arrays, duplicates, and everything that is refused.

use super::*;
use crate::reference::parse::Reason;

fn record(topic: &str, json: &str) -> Result<Tables, (Reason, String)> {
    let mut reference = Reference::default();
    let taken = reference.record(topic, json.as_bytes(), RECEIVED);
    assert_eq!(reference.rejected().len(), usize::from(taken.is_err()));
    taken
        .map(|()| reference.compute())
        .map_err(|rejected| (rejected.reason, rejected.field))
}

/// A valid event of a topic with some fields replaced or, as `-name`, removed; what was refused.
fn refused(topic: &str, change: &str) -> String {
    let mut fields = vec![
        ("event_id", "\"e\""),
        ("occurred_at", "1767225600000"),
        ("visitor_id", "\"x\""),
    ];
    fields.extend_from_slice(match topic {
        "web" => &[("url", "\"https://e.com/\"")][..],
        "calls" => &[
            ("caller_phone", "\"+79161234567\""),
            ("dialed_number", "\"1\""),
        ],
        "emails" => &[("email", "\"a@b.ru\""), ("event", "\"clicked\"")],
        "deals" => &[("deal_id", "\"d\""), ("event", "\"won\"")],
        "costs" => &[
            ("date", "\"2026-01-01\""),
            ("source", "\"s\""),
            ("medium", "\"m\""),
            ("cost", "1"),
        ],
        "touches" => &[("source", "\"s\""), ("medium", "\"m\"")],
        "numbers" => &[("number", "\"1\""), ("leased_until", "1767225600000")],
        _ => &[("user_id", "\"u\"")],
    });
    for part in change.split("; ").filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((name, value)) => {
                fields.retain(|(known, _)| *known != name);
                fields.push((name, value));
            }
            None => fields.retain(|(known, _)| *known != &part[1..]),
        }
    }
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    match record(topic, &format!("{{{}}}", fields.join(","))) {
        Ok(_) => "taken".to_owned(),
        Err((reason, field)) => format!("{reason:?} {field}").trim().to_owned(),
    }
}

#[test]
fn the_common_fields() {
    for topic in [
        "web",
        "calls",
        "emails",
        "deals",
        "costs",
        "touches",
        "numbers",
        "identities",
    ] {
        assert_eq!(refused(topic, ""), "taken", "{topic}");
        assert_eq!(
            refused(topic, "extra={\"a\":[1]}; tenant=null; phone=null"),
            "taken",
            "{topic}"
        );
        assert_eq!(refused(topic, "-event_id"), "Missing event_id");
        assert_eq!(refused(topic, "event_id=null"), "Missing event_id");
        assert_eq!(refused(topic, "event_id=7"), "WrongType event_id");
        assert_eq!(refused(topic, "event_id=\"\""), "OutOfRange event_id");
        assert_eq!(
            refused(topic, &format!("event_id=\"{}\"", "e".repeat(129))),
            "OutOfRange event_id"
        );
        assert_eq!(
            refused(topic, &format!("user_id=\"{}\"", "u".repeat(257))),
            "OutOfRange user_id"
        );
        assert_eq!(refused(topic, "user_id=7"), "WrongType user_id");
        assert_eq!(refused(topic, "tenant=\"\""), "OutOfRange tenant");
    }
}

#[test]
fn times() {
    for (time, outcome) in [
        ("\"2026-01-01T00:00:00Z\"", "taken"),
        ("\"2026-01-01T00:00:00.123456+05:30\"", "taken"),
        ("\"2026-01-01T00:00:00\"", "OutOfRange occurred_at"),
        ("\"1767225600000\"", "OutOfRange occurred_at"),
        ("1767225600000.5", "WrongType occurred_at"),
        ("true", "WrongType occurred_at"),
        ("null", "Missing occurred_at"),
        ("946684800000", "taken"),
        ("946684799999", "OutOfRange occurred_at"),
        ("1798761600000", "taken"),
        ("1798761600001", "OutOfRange occurred_at"),
    ] {
        assert_eq!(
            refused("web", &format!("occurred_at={time}")),
            outcome,
            "{time}"
        );
    }
    assert_eq!(refused("numbers", "leased_until=9999999999999"), "taken");
    assert_eq!(
        refused("numbers", "leased_until=\"2026-01-01\""),
        "OutOfRange leased_until"
    );
    assert_eq!(refused("numbers", "-leased_until"), "Missing leased_until");
}

#[test]
fn required_fields_and_words() {
    for (topic, change, outcome) in [
        ("web", "-url", "Missing url"),
        ("web", "-visitor_id", "Missing visitor_id"),
        ("calls", "-caller_phone", "Missing caller_phone"),
        ("calls", "-dialed_number", "Missing dialed_number"),
        ("calls", "direction=\"sideways\"", "OutOfRange direction"),
        ("calls", "status=\"Missed\"", "OutOfRange status"),
        ("calls", "quality_score=101", "OutOfRange quality_score"),
        ("calls", "wait_seconds=-1", "OutOfRange wait_seconds"),
        ("calls", "talk_seconds=\"5\"", "WrongType talk_seconds"),
        ("emails", "-email", "Missing email"),
        ("emails", "-event", "Missing event"),
        ("emails", "event=\"read\"", "OutOfRange event"),
        ("deals", "-deal_id", "Missing deal_id"),
        ("deals", "event=\"reopened\"", "OutOfRange event"),
        ("deals", "amount=-1", "OutOfRange amount"),
        ("deals", "amount=\"12,5\"", "OutOfRange amount"),
        ("deals", "amount=true", "WrongType amount"),
        ("deals", "amount=1000000000000.01", "OutOfRange amount"),
        ("deals", "amount=1e12", "taken"),
        ("deals", "currency=\"XXZ\"", "UnknownCurrency currency"),
        ("deals", "currency=\"USD\"", "taken"),
        ("deals", "currency=\"USD\"; cost=1", "NoRate cost"),
        ("deals", "items={}", "WrongType items"),
        (
            "deals",
            "items=[{\"sku\":\"a\",\"quantity\":2,\"amount\":\"1.5\"},{\"amount\":-1}]",
            "OutOfRange items[1].amount",
        ),
        (
            "deals",
            "items=[{\"sku\":\"a\",\"quantity\":2,\"amount\":\"1.5\"}]",
            "taken",
        ),
        ("costs", "-date", "Missing date"),
        ("costs", "date=\"01.01.2026\"", "OutOfRange date"),
        ("costs", "date=\"2026-02-29\"", "OutOfRange date"),
        ("costs", "-cost", "Missing cost"),
        ("costs", "-source", "Missing source"),
        ("costs", "hour=24", "OutOfRange hour"),
        ("costs", "clicks=1.5", "WrongType clicks"),
        ("costs", "impressions=-1", "OutOfRange impressions"),
        ("costs", "-visitor_id", "taken"),
        ("touches", "-medium", "Missing medium"),
        ("touches", "-visitor_id", "NoIdentifier"),
        ("touches", "visitor_id=\"none\"", "NoIdentifier"),
        ("numbers", "-number", "Missing number"),
        ("numbers", "visitor_id=\"0\"", "NoIdentifier"),
        ("web", "visitor_id=\"null\"", "NoIdentifier"),
        ("web", "visitor_id=\"null\"; user_id=\"u\"", "taken"),
        (
            "calls",
            "-visitor_id; caller_phone=\"hidden\"",
            "NoIdentifier",
        ),
        ("emails", "-visitor_id; email=\"nobody\"", "NoIdentifier"),
        ("identities", "user_id=\"guest\"", "NoIdentifier"),
        ("identities", "erase=false", "taken"),
        ("identities", "erase=true", "taken"),
        ("identities", "erase=true; split=true", "OutOfRange split"),
        ("identities", "erase=\"true\"", "WrongType erase"),
        ("orders", "", "UnknownTopic"),
    ] {
        assert_eq!(refused(topic, change), outcome, "{topic}: {change}");
    }
}

#[test]
fn what_is_not_an_event_at_all() {
    for (json, reason) in [
        ("", Reason::Malformed),
        ("{", Reason::Malformed),
        ("{} {}", Reason::Malformed),
        ("\u{feff}{}", Reason::Malformed),
        ("7", Reason::WrongType),
        ("null", Reason::WrongType),
        ("[[]]", Reason::WrongType),
        ("[null]", Reason::WrongType),
    ] {
        assert_eq!(record("web", json).unwrap_err().0, reason, "{json}");
    }
    let mut reference = Reference::default();
    assert_eq!(
        reference
            .record("web", b"{\"event_id\":\"\xff\"}", RECEIVED)
            .unwrap_err()
            .reason,
        Reason::Malformed
    );
    assert!(record("web", "[]").is_ok(), "an array of no events");
}

#[test]
fn an_array_is_taken_whole_or_not_at_all() {
    let good = r#"{"event_id":"a","occurred_at":1767225600000,"visitor_id":"x","url":"u"}"#;
    let other = good.replace("\"a\"", "\"b\"");
    let bad = good.replace("\"x\"", "7");
    let found = record("web", &format!("[{good},{other}]")).unwrap();
    assert_eq!(found.of("identities").len(), 1);
    let mut reference = Reference::default();
    let rejected = reference
        .record("web", format!("[{good},{bad}]").as_bytes(), RECEIVED)
        .unwrap_err();
    assert_eq!(rejected.field, "[1].visitor_id");
    assert_eq!(reference.events().count(), 0);
}

#[test]
fn duplicates_change_nothing_and_other_content_is_another_event() {
    let found = reference(
        Settings::default(),
        "touches a 01 10:00 email=a@b.ru source=s medium=m
         touches a 01 10:00 email=A@B.RU source=S medium=m extra=1
         touches a 01 10:00 email=a@b.ru source=s medium=m kind=touch
         touches a 01 10:01 email=a@b.ru source=s medium=m
         touches a 01 10:00 email=a@b.ru source=s medium=m tenant=other
         emails a 01 10:00 email=a@b.ru event=opened",
    );
    assert_eq!(found.conflicting(), 1);
    assert_eq!(
        found.compute().find(
            "touchpoints",
            &[("tenant", "default")],
            &["touch_id", "occurred_at"]
        ),
        [
            "touches:a 2026-01-01T10:00:00.000Z",
            "touches:a 2026-01-01T10:01:00.000Z"
        ]
    );
}

#[test]
fn the_order_of_arrival_changes_nothing() {
    let ledger = "web a 01 10:00 v=x source=vk
         web b 01 10:10 v=x event=lead
         numbers n 01 10:10 number=1 v=x leased_until=2026-01-01T11:00:00Z
         calls c 01 10:20 caller_phone=+79161234567 dialed_number=1
         deals w 01 10:30 deal_id=d event=won phone=+79161234567 amount=10
         deals l 01 10:25 deal_id=d event=lost
         costs k 01 10:00 date=2026-01-01 source=vk medium=cpc cost=1";
    let backwards: Vec<_> = ledger.lines().rev().collect();
    assert_eq!(
        compute(ledger).compare(&compute(&backwards.join("\n"))),
        Vec::<String>::new()
    );
}
