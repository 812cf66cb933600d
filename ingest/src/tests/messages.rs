//! Which messages each topic's events become.

use throughline_proto::topics::RawTopic;

use super::{record, run};

/// One event of a topic; `fields` without the common ones.
pub(super) fn event(fields: &str) -> String {
    format!(r#"{{"event_id":"e1","occurred_at":1768046400000,{fields}}}"#)
}

fn check(topic: RawTopic, fields: &str, expected: &[&str]) {
    let output = run(vec![record(topic, event(fields))]);
    assert_eq!(output.refusals(), [], "{fields}");
    assert_eq!(output.lines(), expected, "{fields}");
}

#[test]
fn a_web_event_is_a_hit_of_its_visitor() {
    check(
        RawTopic::Web,
        r#""visitor_id":"v","url":"https://a.com/?utm_source=X&utm_medium=cpc","user_id":"u","email":" A@b.com ","phone":"89161234567","crm_contact_id":"7","unknown":[{"a":[1]}]"#,
        &[
            "default link crm_contact_id email",
            "default link crm_contact_id phone",
            "default link crm_contact_id user_id",
            "default link crm_contact_id visitor_id",
            "default link email phone",
            "default link email user_id",
            "default link email visitor_id",
            "default link phone user_id",
            "default link phone visitor_id",
            "default link user_id visitor_id",
            "default visitor_id: hit x|cpc|||",
        ],
    );
    check(
        RawTopic::Web,
        r#""visitor_id":"v","url":"https://a.com/","event":"lead","referrer":null,"tenant":"other""#,
        &["other visitor_id: hit  lead"],
    );
    check(
        RawTopic::Web,
        r#""visitor_id":"v","url":"https:\/\/a.com\/?utm_source=x","source":"","event":"LEAD""#,
        &["default visitor_id: hit x||||"],
    );
}

#[test]
fn a_web_event_of_a_junk_visitor_only_links() {
    check(
        RawTopic::Web,
        r#""visitor_id":" Undefined ","url":"https://a.com/","user_id":"u","email":"a@b.com","event":"lead""#,
        &["default link email user_id"],
    );
    check(
        RawTopic::Web,
        r#""visitor_id":"0","url":"https://a.com/","user_id":"u","email":"nobody""#,
        &["default user_id: member user_id"],
    );
}

#[test]
fn a_call_goes_to_the_number_that_was_dialed() {
    check(
        RawTopic::Calls,
        r#""caller_phone":"8 916 123-45-67","dialed_number":"8 (495) 123-45-67","visitor_id":"v","crm_contact_id":"c""#,
        &[
            "default link crm_contact_id phone",
            "default link crm_contact_id visitor_id",
            "default link phone visitor_id",
            "default number: from phone call in Answered +74951234567 \"+74951234567|call|||\" None None None (\"\", \"\")",
        ],
    );
    check(
        RawTopic::Calls,
        r#""caller_phone":"hidden","dialed_number":" 112 ","visitor_id":"v","user_id":"u","direction":"outbound","status":"missed","wait_seconds":5,"talk_seconds":0,"quality_score":100,"manager_id":"m","recording_url":"r""#,
        &[
            "default link user_id visitor_id",
            "default number: from user_id call out Missed 112 \"112|call|||\" Some(5) Some(0) Some(100) (\"m\", \"r\")",
        ],
    );
    check(
        RawTopic::Calls,
        r#""tenant":"acme","caller_phone":"212 555 0100","phone":"+1 212 555 0101","dialed_number":"+12125552368""#,
        &[
            "acme link phone phone",
            "acme number: from phone call in Answered +12125552368 \"billboard|offline|Times Square||\" None None None (\"\", \"\")",
        ],
    );
    check(
        RawTopic::Calls,
        r#""caller_phone":"89161234567","phone":"+79161234567","dialed_number":"1""#,
        &[
            "default number: from phone call in Answered 1 \"1|call|||\" None None None (\"\", \"\")",
        ],
    );
}

#[test]
fn only_a_clicked_email_is_a_touch() {
    check(
        RawTopic::Emails,
        r#""email":"A@b.com","event":"clicked","campaign":" News ","user_id":"u""#,
        &[
            "default email: click email email|email|News||",
            "default link email user_id",
        ],
    );
    check(
        RawTopic::Emails,
        r#""email":"broken","event":"clicked","source":" Mailer ","user_id":"u""#,
        &["default user_id: click email mailer|email|||"],
    );
    for event in [
        "sent",
        "delivered",
        "opened",
        "replied",
        "bounced",
        "unsubscribed",
        "complained",
    ] {
        let fields = format!(r#""email":"a@b.com","event":"{event}""#);
        check(RawTopic::Emails, &fields, &["default email: member email"]);
    }
}

#[test]
fn a_deal_is_linked_with_its_identifiers() {
    check(
        RawTopic::Deals,
        r#""deal_id":"d","event":"won","amount":"12.345","cost":1e2,"phone":"89161234567","stage":"s","pipeline":"p","manager_id":"m","items":[{"sku":"a","quantity":2,"amount":1.5},{}]"#,
        &[
            "default deal_id: deal d Won Some(\"s\") Some(\"p\") 1235RUB 10000RUB - Some(\"m\") day 20463",
            "default link deal_id phone",
        ],
    );
    check(
        RawTopic::Deals,
        r#""deal_id":"0","event":"refunded","refund_amount":0.005"#,
        &["default deal_id: deal 0 Refunded None None - - 1RUB None day 20463"],
    );
    // Noon in UTC is still the 10th in New York; in minor units of the event's own currency.
    check(
        RawTopic::Deals,
        r#""tenant":"acme","occurred_at":"2026-01-10T03:00:00Z","deal_id":"d","event":"created","amount":"1.005","currency":"EUR""#,
        &["acme deal_id: deal d Created None None 101EUR - - None day 20462"],
    );
    check(
        RawTopic::Deals,
        r#""deal_id":"d","event":"created","currency":"JPY""#,
        &["default deal_id: deal d Created None None - - - None day 20463"],
    );
}

#[test]
fn a_cost_knows_its_hours() {
    check(
        RawTopic::Costs,
        r#""date":"2026-01-10","source":" Google ","medium":"CPC","cost":"10.5","campaign":" C ","impressions":100,"clicks":5,"bid":"0.3""#,
        &["default cost: cost google|cpc|C|| 1050RUB day 20463 hour None hours 491112+24 100 5 e1"],
    );
    check(
        RawTopic::Costs,
        r#""tenant":"acme","date":"2026-03-08","source":"google","medium":"cpc","cost":0,"hour":2,"user_id":"u""#,
        &[
            "acme cost: cost google|cpc||| 0USD day 20520 hour Some(2) hours 492487+1 0 0 e1",
            "acme user_id: member user_id",
        ],
    );
}

#[test]
fn touches_numbers_and_identities() {
    check(
        RawTopic::Touches,
        r#""visitor_id":"-","email":"a@b.com","source":"Fair","medium":"Offline","campaign":"x","content":" y ","term":"z","kind":"chat""#,
        &["default email: touch chat fair|offline|x|y|z"],
    );
    check(
        RawTopic::Touches,
        r#""user_id":"u","source":"","medium":"""#,
        &["default user_id: touch touch ||||"],
    );
    check(
        RawTopic::Numbers,
        r#""visitor_id":"v","number":"8 495 1234567","leased_until":"2026-01-10T13:00:00+01:00","user_id":"u""#,
        &[
            "default link user_id visitor_id",
            "default number: lease visitor_id 1768046400000..1768046400000 e1",
        ],
    );
    check(
        RawTopic::Numbers,
        r#""visitor_id":"v","number":"1","leased_until":1768046500000"#,
        &[
            "default number: lease visitor_id 1768046400000..1768046500000 e1",
            "default visitor_id: member visitor_id",
        ],
    );
    check(
        RawTopic::Numbers,
        r#""visitor_id":"guest","number":"1","leased_until":1768046500000,"user_id":"u""#,
        &["default user_id: member user_id"],
    );
    check(
        RawTopic::Identities,
        r#""user_id":"u","split":true"#,
        &["default user_id: split None"],
    );
    check(
        RawTopic::Identities,
        r#""user_id":"u","deal_id":"d","split":true"#,
        &[
            "default deal_id: member deal_id",
            "default deal_id: split Some(\"user_id\")",
            "default user_id: member user_id",
        ],
    );
    check(
        RawTopic::Identities,
        r#""email":"a@b.com","erase":true"#,
        &["default email: erased email"],
    );
    check(
        RawTopic::Identities,
        r#""user_id":"u","email":"a@b.com","erase":true"#,
        &[
            "default link email user_id",
            "default user_id: erased user_id",
        ],
    );
    check(
        RawTopic::Identities,
        r#""visitor_id":"v","user_id":"u","crm_contact_id":"c","erase":false"#,
        &[
            "default link crm_contact_id user_id",
            "default link crm_contact_id visitor_id",
            "default link user_id visitor_id",
        ],
    );
}

#[test]
fn arrays_and_repeated_links() {
    let one = event(r#""visitor_id":"v","url":"u","user_id":"u""#);
    let output = run(vec![
        record(RawTopic::Web, format!("[{one}, {one}]")),
        record(RawTopic::Web, &one),
        record(RawTopic::Web, " [ ] "),
    ]);
    assert_eq!(
        output.lines(),
        [
            "default link user_id visitor_id",
            "default visitor_id: hit ",
            "default visitor_id: hit ",
            "default visitor_id: hit ",
        ]
    );
    assert!(output.letters.is_empty());
    let offsets: Vec<i64> = output
        .facts()
        .iter()
        .map(|fact| fact.place.unwrap().offset)
        .collect();
    assert_eq!(offsets, [0, 0, 1]);
}
