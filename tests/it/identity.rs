//! `throughline identity`: why identifiers are one client, and a wrong link that is taken back on a running line.

use throughline_stream::Outgoing;
use throughline_tests::reference::{Reference, Settings};

use crate::installation::Installation;

/// When the records of this test are written, later than all they tell of.
const WRITTEN_MS: i64 = 1_772_400_000_000;

/// An office telephone: two clients come by it, and one of them buys.
const EVENTS: [(&str, &str); 7] = [
    (
        "web",
        r#"{"event_id":"1","occurred_at":1772323200000,"visitor_id":"ann","url":"https://a.com/?gclid=1","email":"ann@example.com"}"#,
    ),
    (
        "web",
        r#"{"event_id":"2","occurred_at":1772323300000,"visitor_id":"bob","url":"https://a.com/?yclid=1","user_id":"bob"}"#,
    ),
    (
        "web",
        r#"{"event_id":"3","occurred_at":1772323400000,"visitor_id":"ann","url":"https://a.com/","phone":"+7 916 123-45-67"}"#,
    ),
    (
        "web",
        r#"{"event_id":"4","occurred_at":1772323500000,"visitor_id":"bob","url":"https://a.com/","phone":"8 916 123-45-67"}"#,
    ),
    (
        "calls",
        r#"{"event_id":"5","occurred_at":1772323600000,"caller_phone":"+79161234567","dialed_number":"+74951234567"}"#,
    ),
    (
        "deals",
        r#"{"event_id":"6","occurred_at":1772323700000,"deal_id":"d","event":"won","amount":100,"user_id":"bob"}"#,
    ),
    (
        "deals",
        r#"{"event_id":"7","occurred_at":1772323700000,"deal_id":"e","event":"won","amount":10,"email":"ann@example.com"}"#,
    ),
];

/// Sends an event, and tells the reference of it.
fn send(line: &Installation, reference: &mut Reference, topic: &str, value: &str) {
    tell(reference, topic, value);
    line.send([Outgoing {
        topic: topic.into(),
        value: Some(value.as_bytes().to_vec()),
        ..Outgoing::default()
    }]);
}

fn tell(reference: &mut Reference, topic: &str, value: &str) {
    let taken = reference.record(topic, value.as_bytes(), WRITTEN_MS);
    taken.unwrap();
}

#[test]
fn a_wrong_link_is_explained_and_taken_back() {
    let settings = Settings::default();
    let mut reference = Reference::new(settings.clone());
    let line = Installation::new("identity", &settings);
    line.call(&["topics", "create"]).succeeds();
    for (topic, value) in EVENTS {
        send(&line, &mut reference, topic, value);
    }
    line.run_until_idle();
    line.assert_views(&reference.compute());
    assert_eq!(
        line.query("SELECT uniqExact(client_id) FROM identities"),
        "1"
    );

    let called = line.call(&["identity", "explain", "visitor_id=ann", "user_id=bob"]);
    called.succeeds();
    let way = called
        .out
        .lines()
        .find(|line| line.starts_with("they are one client by"));
    let kinds: Vec<&str> = way.unwrap().split(' ').skip(5).step_by(3).collect();
    assert_eq!(
        kinds,
        ["visitor_id", "phone", "visitor_id", "user_id"],
        "{}",
        called.out
    );

    // Whoever is not known, or is nobody, is told so.
    for (identifier, said) in [
        (
            "visitor_id=carl",
            "no event of tenant default names visitor_id carl",
        ),
        ("phone=12", "phone=12 is no identifier"),
    ] {
        let called = line.call(&["identity", "explain", identifier]);
        assert_eq!(called.code, Some(1));
        assert!(called.err.contains(said), "{}", called.err);
    }
    let called = line.call(&["identity", "explain", "cookie=ann"]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("crm_contact_id"), "{}", called.err);
    let called = line.call(&["identity", "split", "phone=+79161234567"]);
    assert_eq!(called.code, Some(1));
    assert!(called.err.contains("--yes"), "{}", called.err);

    // One link is taken back, for good: what says it again changes nothing.
    let split = [
        "identity",
        "split",
        "--yes",
        "phone=89161234567",
        "visitor_id=bob",
    ];
    line.call(&split).succeeds();
    let event = r#"{"event_id":"8","occurred_at":1772323800000,"visitor_id":"bob","phone":"+79161234567","split":true}"#;
    reference
        .record("identities", event.as_bytes(), WRITTEN_MS)
        .unwrap();
    line.run_until_idle();
    line.assert_views(&reference.compute());
    let credited = "SELECT deal_id, arraySort(groupUniqArray(channel)) FROM credits GROUP BY deal_id ORDER BY deal_id";
    assert_eq!(
        line.query(credited),
        "d\t['Paid Search']\ne\t['Calls','Paid Search']"
    );
    let called = line.call(&["identity", "explain", "phone=89161234567", "visitor_id=bob"]);
    called.succeeds();
    assert!(
        called
            .out
            .contains("they are not one client: their link is split"),
        "{}",
        called.out
    );
    send(
        &line,
        &mut reference,
        "web",
        r#"{"event_id":"9","occurred_at":1772323900000,"visitor_id":"bob","url":"https://a.com/","phone":"+79161234567"}"#,
    );
    line.run_until_idle();
    line.assert_views(&reference.compute());

    // The telephone links nobody: Ann's deal is not the caller's.
    line.call(&["identity", "split", "--yes", "phone=+79161234567"])
        .succeeds();
    let event =
        r#"{"event_id":"10","occurred_at":1772324000000,"phone":"+79161234567","split":true}"#;
    reference
        .record("identities", event.as_bytes(), WRITTEN_MS)
        .unwrap();
    line.run_until_idle();
    line.assert_views(&reference.compute());
    assert_eq!(
        line.query(credited),
        "d\t['Paid Search']\ne\t['Paid Search']"
    );
}
