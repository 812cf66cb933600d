//! Every reason for a dead letter, with the field it names.

use std::collections::BTreeSet;

use throughline_proto::topics::RawTopic::{self, Emails, Web};
use throughline_stream::{Header, Outgoing};

use super::{NOW, header, protobuf, record, run};
use crate::Reason;

const ID: &str = r#""event_id":"e","occurred_at":1768046400000"#;
/// What every topic requires, in one object.
const ALL_FIELDS: &str = r#""date":"2026-01-10","source":"s","medium":"m","cost":1,"deal_id":"d","visitor_id":"v","url":"u","user_id":"u","email":"a@b.com","caller_phone":"1","dialed_number":"1","number":"1","leased_until":1"#;
const WEB: &str = r#"{"event_id":"e","occurred_at":1768046400000,"visitor_id":"v","url":"u"}"#;

/// Topic | fields beside the id and the time | reason | field.
const FIELDS: &str = r#"
web | "url":"u" | missing_field | visitor_id
web | "visitor_id":null,"url":"u" | missing_field | visitor_id
web | "visitor_id":"v" | missing_field | url
web | "visitor_id":"v","url":5 | wrong_type | url
web | "visitor_id":5,"url":"u" | wrong_type | visitor_id
web | "visitor_id":"v","url":"u","event":true | wrong_type | event
web | "visitor_id":"v","url":"u","referrer":{} | wrong_type | referrer
web | "visitor_id":"v","url":"u","source":["a"] | wrong_type | source
web | "visitor_id":"v","url":"u","phone":89161234567 | wrong_type | phone
web | "visitor_id":"v","url":"u","tenant":"" | out_of_range | tenant
web | "visitor_id":"v","url":"u","tenant":7 | wrong_type | tenant
web | "visitor_id":"v","url":"\ud800" | invalid_json | url
web | "visitor_id":"guest","url":"u" | no_identifier |
web | "visitor_id":"0-0","url":"u","email":"a@b","phone":"12" | no_identifier |
calls | "dialed_number":"1" | missing_field | caller_phone
calls | "caller_phone":"89161234567" | missing_field | dialed_number
calls | "caller_phone":"hidden","dialed_number":"1" | no_identifier |
calls | "caller_phone":"89161234567","dialed_number":"1","direction":"in" | unknown_value | direction
calls | "caller_phone":"89161234567","dialed_number":"1","status":"Missed" | unknown_value | status
calls | "caller_phone":"89161234567","dialed_number":"1","wait_seconds":-1 | out_of_range | wait_seconds
calls | "caller_phone":"89161234567","dialed_number":"1","talk_seconds":5.0 | wrong_type | talk_seconds
calls | "caller_phone":"89161234567","dialed_number":"1","talk_seconds":"5" | wrong_type | talk_seconds
calls | "caller_phone":"89161234567","dialed_number":"1","talk_seconds":5e0 | wrong_type | talk_seconds
calls | "caller_phone":"89161234567","dialed_number":"1","talk_seconds":9223372036854775808 | out_of_range | talk_seconds
calls | "caller_phone":"89161234567","dialed_number":"1","quality_score":101 | out_of_range | quality_score
emails | "event":"sent" | missing_field | email
emails | "email":"a@b.com" | missing_field | event
emails | "email":"a@b.com","event":"read" | unknown_value | event
emails | "email":"a.b.com","event":"sent" | no_identifier |
deals | "event":"won" | missing_field | deal_id
deals | "deal_id":"","event":"won" | out_of_range | deal_id
deals | "deal_id":"d" | missing_field | event
deals | "deal_id":"d","event":"closed" | unknown_value | event
deals | "deal_id":"d","event":"won","amount":"abc" | wrong_type | amount
deals | "deal_id":"d","event":"won","amount":"" | wrong_type | amount
deals | "deal_id":"d","event":"won","amount":true | wrong_type | amount
deals | "deal_id":"d","event":"won","amount":-0.01 | out_of_range | amount
deals | "deal_id":"d","event":"won","amount":1000000000000.01 | out_of_range | amount
deals | "deal_id":"d","event":"won","cost":"-5" | out_of_range | cost
deals | "deal_id":"d","event":"refunded","refund_amount":[] | wrong_type | refund_amount
deals | "deal_id":"d","event":"won","currency":"XXY" | unknown_currency | currency
deals | "deal_id":"d","event":"won","currency":"usd" | unknown_currency | currency
deals | "deal_id":"d","event":"won","currency":"XAU" | unknown_currency | currency
deals | "deal_id":"d","event":"won","currency":643 | wrong_type | currency
deals | "deal_id":"d","event":"won","amount":1,"currency":"USD" | no_rate | amount
deals | "deal_id":"d","event":"won","items":{} | wrong_type | items
deals | "deal_id":"d","event":"won","items":[{},5] | wrong_type | items[1]
deals | "deal_id":"d","event":"won","items":[[]] | wrong_type | items[0]
deals | "deal_id":"d","event":"won","items":[{"quantity":"2"}] | wrong_type | items[0].quantity
deals | "deal_id":"d","event":"won","items":[{"quantity":-2}] | out_of_range | items[0].quantity
deals | "deal_id":"d","event":"won","items":[{},{"amount":{}}] | wrong_type | items[1].amount
deals | "deal_id":"d","event":"won","items":[{"sku":5}] | wrong_type | items[0].sku
costs | "source":"s","medium":"m","cost":1 | missing_field | date
costs | "date":"10.01.2026","source":"s","medium":"m","cost":1 | invalid_time | date
costs | "date":"2026-02-30","source":"s","medium":"m","cost":1 | invalid_time | date
costs | "date":20260110,"source":"s","medium":"m","cost":1 | wrong_type | date
costs | "date":"2026-01-10","medium":"m","cost":1 | missing_field | source
costs | "date":"2026-01-10","source":"s","cost":1 | missing_field | medium
costs | "date":"2026-01-10","source":"s","medium":"m" | missing_field | cost
costs | "date":"2026-01-10","source":"s","medium":"m","cost":1,"hour":24 | out_of_range | hour
costs | "date":"2026-01-10","source":"s","medium":"m","cost":1,"clicks":-1 | out_of_range | clicks
costs | "date":"2026-01-10","source":"s","medium":"m","cost":1,"clicks":10000000000000001 | out_of_range | clicks
costs | "date":"2026-01-10","source":"s","medium":"m","cost":1,"impressions":9223372036854775807 | out_of_range | impressions
costs | "date":"2026-01-10","source":"s","medium":"m","cost":1,"impressions":1.5 | wrong_type | impressions
costs | "date":"2026-01-10","source":"s","medium":"m","cost":1,"bid":"x" | wrong_type | bid
costs | "tenant":"acme","date":"2026-02-01","source":"s","medium":"m","cost":1,"currency":"EUR" | no_rate | cost
touches | "user_id":"u","medium":"m" | missing_field | source
touches | "user_id":"u","source":"s" | missing_field | medium
touches | "source":"s","medium":"m" | no_identifier |
touches | "user_id":"u","source":"s","medium":"m","kind":0 | wrong_type | kind
numbers | "visitor_id":"v","leased_until":1 | missing_field | number
numbers | "number":"1","leased_until":1 | missing_field | visitor_id
numbers | "number":"1","visitor_id":"v" | missing_field | leased_until
numbers | "number":"1","visitor_id":"v","leased_until":"tomorrow" | invalid_time | leased_until
numbers | "number":"1","visitor_id":"v","leased_until":1.5 | wrong_type | leased_until
numbers | "number":"1","visitor_id":"test","leased_until":1 | no_identifier |
identities | "user_id":"u" | no_identifier |
identities | "user_id":"u","email":"broken" | no_identifier |
identities | "split":true | no_identifier |
identities | "user_id":"u","split":1 | wrong_type | split
identities | "erase":true | no_identifier |
identities | "user_id":"u","erase":true,"split":true | unknown_value | split
identities | "user_id":"u","email":"a@b.com","erase":"yes" | wrong_type | erase
"#;

/// Whole values of the topic `web` | reason | field.
const VALUES: &str = r#"
{ | invalid_json |
not json | invalid_json |
{}} | invalid_json |
{'a':1} | invalid_json |
{"a":NaN} | invalid_json |
[{},] | invalid_json |
5 | wrong_type |
null | wrong_type |
true | wrong_type |
1.5 | wrong_type |
-1 | wrong_type |
"text" | wrong_type |
[5] | wrong_type | [0]
[[{}]] | wrong_type | [0]
[null] | wrong_type | [0]
{} | missing_field | event_id
{"event_id":5} | wrong_type | event_id
{"event_id":""} | out_of_range | event_id
{"event_id":"e"} | missing_field | occurred_at
{"event_id":"e","occurred_at":null} | missing_field | occurred_at
{"event_id":"e","occurred_at":"2026-01-10T12:00:00"} | invalid_time | occurred_at
{"event_id":"e","occurred_at":"1768046400000"} | invalid_time | occurred_at
{"event_id":"e","occurred_at":1768046400000.5} | wrong_type | occurred_at
{"event_id":"e","occurred_at":true} | wrong_type | occurred_at
{"event_id":"e","occurred_at":1e12} | wrong_type | occurred_at
{"event_id":"e","occurred_at":"1999-12-31T23:59:59.999Z"} | out_of_range | occurred_at
{"event_id":"e","occurred_at":1768132800001} | future_time | occurred_at
"#;

fn table(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split(" |").map(str::trim).collect())
}

fn check(record: Outgoing, reason: &str, field: &str, what: &str) {
    let output = run(vec![record]);
    assert_eq!(output.records, [], "{what}");
    assert_eq!(
        output.refusals(),
        [(reason.to_owned(), field.to_owned())],
        "{what}"
    );
}

#[test]
fn fields() {
    for line in table(FIELDS) {
        let [topic, fields, reason, field] = line[..] else {
            panic!("a line has four parts: {line:?}");
        };
        let topic = RawTopic::from_name(topic).unwrap();
        let value = format!("{{{ID},{fields}}}");
        check(record(topic, value), reason, field, fields);
        // The same in an array, behind a valid event: nothing of the record is used.
        let event = if topic == Emails { "sent" } else { "won" };
        let value = format!(r#"[{{{ID},"event":"{event}",{ALL_FIELDS}}}, {{{ID},{fields}}}, 7]"#);
        let field = match field {
            "" => "[1]".to_owned(),
            field => format!("[1].{field}"),
        };
        check(record(topic, &value), reason, &field, &value);
    }
}

#[test]
fn values() {
    for line in table(VALUES) {
        let [value, reason, field] = line[..] else {
            panic!("a line has three parts: {line:?}");
        };
        check(record(Web, value), reason, field, value);
    }
    check(record(Web, ""), "empty_value", "", "an empty value");
    check(record(Web, "{\"a\":\"\0\"}"), "invalid_json", "", "a NUL");
    check(
        record(Web, "\u{feff}{}"),
        "invalid_json",
        "",
        "a byte order mark",
    );
    let tombstone = Outgoing {
        value: None,
        ..record(Web, "")
    };
    check(tombstone, "empty_value", "", "no value");
    check(
        record(Web, b"{\"event_id\":\"\xff\"}"),
        "invalid_utf8",
        "",
        "a stray byte",
    );
    check(
        record(Web, "[".repeat(1_000_000)),
        "invalid_json",
        "",
        "open brackets",
    );
    let nested = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    check(record(Web, nested), "wrong_type", "[0]", "nested arrays");
    check(
        record(Web, " ".repeat(9_000_000)),
        "too_large",
        "",
        "nine megabytes",
    );
    let message = throughline_proto::raw::Web {
        url: Some("u".to_owned()),
        ..Default::default()
    };
    check(
        protobuf(Web, &message),
        "missing_field",
        "event_id",
        "protobuf without its id",
    );
    let mut broken = protobuf(Web, &message);
    broken.value = Some(b"\xff\xff\xff".to_vec());
    check(broken, "invalid_protobuf", "", "not protobuf");
}

#[test]
fn limits_are_reached_before_they_are_passed() {
    for (field, limit) in [
        ("event_id", 128),
        ("tenant", 128),
        ("visitor_id", 256),
        ("user_id", 256),
        ("crm_contact_id", 256),
        ("url", 8192),
        ("referrer", 8192),
        ("user_agent", 8192),
        ("campaign", 1024),
        ("event", 1024),
    ] {
        let value = |length: usize| {
            let mut fields = std::collections::BTreeMap::from([
                ("event_id", "e".to_owned()),
                ("visitor_id", "v".to_owned()),
                ("url", "u".to_owned()),
            ]);
            fields.insert(field, "x".repeat(length));
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, text)| format!(r#""{name}":"{text}""#))
                .collect();
            record(
                Web,
                format!(r#"{{"occurred_at":{NOW},{}}}"#, fields.join(",")),
            )
        };
        assert_eq!(run(vec![value(limit)]).refusals(), [], "{field}");
        check(value(limit + 1), "out_of_range", field, field);
    }
    let at = |at: i64| record(Web, WEB.replace("1768046400000", &at.to_string()));
    for time in [946_684_800_000, NOW + 24 * 3_600_000] {
        assert_eq!(run(vec![at(time)]).refusals(), []);
    }
    let unknown = WEB.replace('{', r#"{"unknown":{"a":[[[1e999,"\ud800"]]]},"unknown":7,"#);
    assert_eq!(
        run(vec![record(Web, unknown)]).refusals(),
        [],
        "unknown fields are ignored"
    );
}

#[test]
fn every_reason_has_an_example() {
    let fields = table(FIELDS).map(|line| line[2]);
    let values = table(VALUES).map(|line| line[1]);
    let others = [
        "empty_value",
        "invalid_utf8",
        "too_large",
        "invalid_protobuf",
    ];
    let seen: BTreeSet<&str> = fields.chain(values).chain(others).collect();
    let all: BTreeSet<&str> = Reason::ALL.into_iter().map(Reason::name).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_dead_letter_keeps_what_came_and_says_where_from() {
    let own = [
        Header {
            name: "trace".to_owned(),
            value: Some(b"\x00\xff".to_vec()),
        },
        Header {
            name: "empty".to_owned(),
            value: None,
        },
    ];
    let broken = Outgoing {
        key: Some(b"\x01key".to_vec()),
        headers: own.to_vec(),
        ..record(Web, "[{}]")
    };
    let output = run(vec![record(Web, WEB), broken.clone()]);
    let [letter] = &output.letters[..] else {
        panic!("one dead letter");
    };
    assert_eq!(letter.key, broken.key);
    assert_eq!(letter.value, broken.value);
    assert_eq!(letter.headers[..2], own);
    for (name, value) in [
        ("throughline-topic", "web"),
        ("throughline-partition", "0"),
        ("throughline-offset", "1"),
        ("throughline-reason", "missing_field"),
        ("throughline-field", "[0].event_id"),
        ("throughline-message", "required"),
    ] {
        assert_eq!(header(letter, name).as_deref(), Some(value));
    }
}
