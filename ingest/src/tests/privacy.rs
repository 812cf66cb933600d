//! Phones and e-mail addresses leave only as keyed hashes.

use throughline_proto::topics::RawTopic;

use super::{record, run};

#[test]
fn no_personal_value_is_published_in_clear() {
    let ids = r#""event_id":"e","occurred_at":1768046400000,"visitor_id":"visitor-77","user_id":"user-77","phone":"8 (916) 123-45-67","email":"Ann.Secret@Example.com","crm_contact_id":"crm-77""#;
    let records = [
        (
            RawTopic::Web,
            r#""url":"https://a.com/?email=ann.secret@example.com""#,
        ),
        (
            RawTopic::Calls,
            r#""caller_phone":"+7 916 765-43-21","dialed_number":"+74951234567""#,
        ),
        (RawTopic::Emails, r#""event":"clicked""#),
        (RawTopic::Emails, r#""event":"sent""#),
        (RawTopic::Deals, r#""deal_id":"d","event":"won""#),
        (
            RawTopic::Costs,
            r#""date":"2026-01-10","source":"s","medium":"m","cost":1"#,
        ),
        (RawTopic::Touches, r#""source":"s","medium":"m""#),
        (
            RawTopic::Numbers,
            r#""number":"+74951234567","leased_until":1768046500000"#,
        ),
        (RawTopic::Identities, r#""unknown":1"#),
    ]
    .map(|(topic, fields)| record(topic, format!("{{{ids},{fields}}}")));
    let output = run(records.to_vec());
    assert!(output.letters.is_empty());
    assert_eq!(output.facts().len(), 5);
    for (_, bytes) in output.records {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for secret in [
            "9161234567",
            "123-45-67",
            "9167654321",
            "765-43-21",
            "ann.secret",
            "example.com",
            "visitor-77",
            "user-77",
            "crm-77",
        ] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[test]
fn refusals_do_not_quote_values() {
    let value = r#"{"event_id":"e","occurred_at":"secret-time","visitor_id":5,"email":["secret"]}"#;
    let output = run(vec![
        record(RawTopic::Web, value),
        record(RawTopic::Web, r#"{"email":"secret@example.com" "x"}"#),
    ]);
    for letter in &output.letters {
        for header in &letter.headers {
            let text = String::from_utf8_lossy(header.value.as_deref().unwrap_or_default());
            assert!(!text.contains("secret"), "{text}");
        }
    }
    assert_eq!(output.letters.len(), 2);
}
