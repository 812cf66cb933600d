//! Both encodings of an event are one event, and its content decides which.

use throughline_proto::raw;
use throughline_proto::topics::RawTopic;

use super::messages::event;
use super::{protobuf, record, run};

#[expect(clippy::unnecessary_wraps, reason = "as the message has it")]
fn common() -> Option<raw::Common> {
    Some(raw::Common {
        event_id: Some("e1".to_owned()),
        occurred_at: Some(raw::Moment {
            form: Some(raw::moment::Form::Rfc3339(
                "2026-01-10T12:00:00Z".to_owned(),
            )),
        }),
        visitor_id: Some("v".to_owned()),
        email: Some("a@B.com".to_owned()),
        ..raw::Common::default()
    })
}

#[expect(clippy::unnecessary_wraps, reason = "as the messages have it")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn both_encodings_of_an_event_are_one_event() {
    let ids = r#""visitor_id":"v","email":"A@b.com""#;
    let json = |topic, fields: &str| record(topic, event(&format!("{ids},{fields}")));
    let pairs = [
        (
            json(
                RawTopic::Web,
                r#""url":"https://a.com","event":"page_view","source":"G ""#,
            ),
            protobuf(
                RawTopic::Web,
                &raw::Web {
                    common: common(),
                    url: text("https://a.com"),
                    source: text("g"),
                    ..raw::Web::default()
                },
            ),
        ),
        (
            json(
                RawTopic::Calls,
                r#""caller_phone":"89161234567","dialed_number":"1","quality_score":7,"status":"busy""#,
            ),
            protobuf(
                RawTopic::Calls,
                &raw::Call {
                    common: common(),
                    caller_phone: text("+7 916 123-45-67"),
                    dialed_number: text(" 1"),
                    quality_score: Some(7),
                    status: text("busy"),
                    direction: text("inbound"),
                    ..raw::Call::default()
                },
            ),
        ),
        (
            json(RawTopic::Emails, r#""event":"clicked","campaign":"c""#),
            protobuf(
                RawTopic::Emails,
                &raw::Email {
                    common: common(),
                    event: text("clicked"),
                    campaign: text(" c"),
                    ..raw::Email::default()
                },
            ),
        ),
        (
            json(
                RawTopic::Deals,
                r#""deal_id":"d","event":"won","amount":12.50,"items":[{"sku":"s","quantity":2,"amount":1}]"#,
            ),
            protobuf(
                RawTopic::Deals,
                &raw::Deal {
                    common: common(),
                    deal_id: text("d"),
                    event: text("won"),
                    amount: text("12.5"),
                    currency: text("RUB"),
                    items: vec![raw::Item {
                        sku: text("s"),
                        quantity: text("2"),
                        amount: text("1.00"),
                        ..raw::Item::default()
                    }],
                    ..raw::Deal::default()
                },
            ),
        ),
        (
            json(
                RawTopic::Touches,
                r#""source":"s","medium":"m","kind":"touch""#,
            ),
            protobuf(
                RawTopic::Touches,
                &raw::Touch {
                    common: common(),
                    source: text("S"),
                    medium: text("M"),
                    ..raw::Touch::default()
                },
            ),
        ),
    ];
    for (json, protobuf) in pairs {
        let topic = json.topic.clone();
        let output = run(vec![json, protobuf]);
        assert_eq!(output.refusals(), [], "{topic}");
        let facts = output.facts();
        assert_eq!(facts.len(), 2, "{topic}");
        assert_eq!(facts[0].key.content, facts[1].key.content, "{topic}");
        assert_eq!(facts[0].key.at, facts[1].key.at);
    }
}

#[test]
fn costs_leases_and_identities_in_protobuf() {
    let cost = raw::Cost {
        common: Some(raw::Common {
            visitor_id: None,
            email: None,
            ..common().unwrap()
        }),
        date: text("2026-01-10"),
        source: text("google"),
        medium: text("cpc"),
        cost: text("10.50"),
        hour: Some(3),
        clicks: Some(4),
        ..raw::Cost::default()
    };
    let lease = raw::Lease {
        common: common(),
        number: text("1"),
        leased_until: Some(raw::Moment {
            form: Some(raw::moment::Form::EpochMs(1_768_046_500_000)),
        }),
    };
    let identity = raw::Identity {
        common: common(),
        erase: None,
        split: None,
        deal_id: None,
    };
    let output = run(vec![
        protobuf(RawTopic::Costs, &cost),
        protobuf(RawTopic::Numbers, &lease),
        protobuf(RawTopic::Identities, &identity),
    ]);
    assert_eq!(output.refusals(), []);
    assert_eq!(
        output.lines(),
        [
            "default cost: cost google|cpc||| 1050RUB day 20463 hour Some(3) hours 491115+1 0 4 e1",
            "default link email visitor_id",
            "default number: lease visitor_id 1768046400000..1768046500000 e1",
        ]
    );
}

#[test]
fn any_change_of_content_is_another_event() {
    let base = r#""visitor_id":"v","url":"u","referrer":"r","user_agent":"a","source":"s""#;
    let mut hashes = Vec::new();
    for fields in [
        base.to_owned(),
        base.replace("\"u\"", "\"w\""),
        base.replace("\"r\"", "null"),
        base.replace("user_agent", "unknown"),
        base.replace("source", "medium"),
        format!("{base},\"user_id\":\"x\""),
        format!("{base},\"crm_contact_id\":\"x\""),
        format!("{base},\"event\":\"lead\""),
    ] {
        let output = run(vec![record(RawTopic::Web, event(&fields))]);
        hashes.push(output.facts()[0].key.content.0);
    }
    let known = hashes[0];
    // The same on every machine and in every version.
    assert_eq!(known, 3_847_244_081_116_308_896);
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 8);
    for fields in [
        format!("{base},\"unknown\":1,\"phone\":\"12\",\"email\":null"),
        base.replace("\"s\"", "\" S\""),
        format!("\"url\":\"x\",{base}"),
        format!("{base},\"amount\":{{}}"),
        format!("{base},\"event\":\"page_view\",\"tenant\":\"default\""),
    ] {
        let output = run(vec![record(RawTopic::Web, event(&fields))]);
        assert_eq!(output.facts()[0].key.content.0, known, "{fields}");
    }
}
