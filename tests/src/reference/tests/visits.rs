//! Visits and touches.

use super::*;

fn visits(ledger: &str) -> Vec<String> {
    compute(ledger).find(
        "touchpoints",
        &[("kind", "visit")],
        &["touch_id", "channel", "source", "medium", "campaign"],
    )
}

#[test]
fn thirty_minutes_to_the_millisecond() {
    let found = visits(
        "web a 01 10:00 v=x
         web b 01 10:30 v=x
         web c 01 11:00:00.001 v=x
         web d 01 11:00:00.002 v=y",
    );
    let direct = |id| format!("web:{id} Direct (direct) (none) ");
    assert_eq!(found, [direct("a"), direct("c"), direct("d")]);
}

#[test]
fn a_pause_is_counted_from_the_previous_hit_not_from_the_opening() {
    let found = visits(
        "web a 01 10:00 v=x
         web b 01 10:20 v=x
         web c 01 10:40 v=x
         web d 01 11:10:00.001 v=x",
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn another_source_opens_a_visit_and_the_same_does_not() {
    let found = visits(
        "web a 01 10:00 v=x
         web b 01 10:01 v=x source=google medium=cpc
         web c 01 10:02 v=x source=Google medium=CPC
         web d 01 10:03 v=x
         web e 01 10:04 v=x source=google medium=cpc term=t
         web f 01 10:05 v=x referrer=https://yandex.ru/
         web g 01 10:06 v=x campaign=lonely
         web h 01 10:07 v=x source=(direct) medium=(none)
         web i 01 10:08 v=x url=https://shop.example.com/?utm_source=(direct)&utm_medium=(none)",
    );
    assert_eq!(
        found,
        [
            "web:a Direct (direct) (none) ",
            "web:b Paid Search google cpc ",
            "web:e Paid Search google cpc ",
            "web:f Organic Search yandex organic ",
            "web:h Direct (direct) (none) ",
        ]
    );
}

#[test]
fn returning_to_the_first_source_is_a_third_visit() {
    let found = visits(
        "web a 01 10:00 v=x source=vk
         web b 01 10:01 v=x source=ok
         web c 01 10:02 v=x source=vk",
    );
    assert_eq!(found.len(), 3);
}

#[test]
fn hits_of_one_moment_are_ordered_by_id_whatever_arrives_first() {
    let found = visits(
        "web b 01 10:00 v=x source=ok
         web a 01 10:00 v=x source=vk
         web B 01 10:00 v=x",
    );
    assert_eq!(
        found,
        [
            "web:B Direct (direct) (none) ",
            "web:a Organic Social vk  ",
            "web:b Organic Social ok  "
        ],
        "bytewise: capitals first"
    );
}

#[test]
fn a_late_hit_splits_and_joins_visits() {
    let apart = "web a 01 10:00 v=x source=vk\nweb c 01 10:40 v=x\n";
    assert_eq!(visits(apart).len(), 2);
    let joined = format!("{apart}web b 01 10:20 v=x");
    assert_eq!(visits(&joined).len(), 1);
}

#[test]
fn visitors_and_tenants_have_their_own_visits() {
    let found = compute(
        "web a 01 10:00 v=x
         web a 01 10:00 v=x tenant=other
         web b 01 10:00 v=y",
    );
    assert_eq!(found.of("touchpoints").len(), 3);
    assert_eq!(found.of("clients").len(), 3);
}

#[test]
fn a_junk_visitor_only_links() {
    let found = compute("web a 01 10:00 v=undefined user_id=u phone=+79161234567 event=lead");
    assert_eq!(found.of("touchpoints").len(), 0);
    assert_eq!(found.of("traffic_hourly").len(), 0);
    assert_eq!(
        found.find("identities", &[], &["kind", "client_id"]),
        ["phone 0", "user_id 0"]
    );
}

#[test]
fn what_is_a_touch() {
    let found = compute(
        "web a 01 10:00 v=x event=whatever
         calls a 01 10:00 caller_phone=+79161234567 dialed_number=+74951234567 status=missed
         calls b 01 10:00 caller_phone=+79161234567 dialed_number=+74951234567 direction=outbound
         emails a 01 10:00 email=a@b.ru event=clicked campaign=C source=News
         emails b 01 10:00 email=a@b.ru event=opened
         emails c 01 10:00 email=junk event=clicked user_id=u
         touches a 01 10:00 email=a@b.ru source=Fair medium=offline
         touches b 01 10:00 email=a@b.ru source=bot medium=chat kind=chat content=c term=t
         deals a 01 10:00 deal_id=d event=created
         identities a 01 10:00 email=a@b.ru user_id=u2",
    );
    assert_eq!(
        found.find(
            "touchpoints",
            &[],
            &[
                "touch_id", "kind", "channel", "source", "medium", "campaign", "content"
            ]
        ),
        [
            "calls:a call Calls +74951234567 call  ",
            "emails:a email Email news email C ",
            "emails:c email Email email email  ",
            "touches:a touch Offline fair offline  ",
            "touches:b chat Unassigned bot chat  c",
            "web:a visit Direct (direct) (none)  ",
        ]
    );
    assert_eq!(
        found.find("calls", &[], &["event_id", "direction"]),
        ["a inbound", "b outbound"]
    );
}

#[test]
fn traffic_stands_in_the_hour_it_happened_under_its_source() {
    let found = compute(
        "web a 01 10:59 v=x source=vk medium=cpc campaign=C content=one
         web b 01 11:01 v=x event=lead
         web c 01 11:02 v=x source=vk medium=cpc campaign=C content=two
         calls a 01 11:00 caller_phone=+79161234567 dialed_number=100 status=missed
         calls b 01 11:00 caller_phone=+79161234567 dialed_number=100 status=busy
         calls c 01 11:00 caller_phone=+79161234567 dialed_number=100 status=missed direction=outbound
         emails a 01 11:00 email=a@b.ru event=clicked
         touches a 01 11:00 email=a@b.ru source=fair medium=offline",
    );
    let columns = [
        "hour",
        "source",
        "campaign",
        "visits",
        "calls",
        "missed_calls",
        "leads",
        "email_clicks",
        "other_touches",
    ];
    assert_eq!(
        found.find("traffic_hourly", &[], &columns),
        [
            "2026-01-01T10:00:00.000Z vk C 1 0 0 0 0 0",
            "2026-01-01T11:00:00.000Z 100  0 2 1 0 0 0",
            "2026-01-01T11:00:00.000Z email  0 0 0 0 1 0",
            "2026-01-01T11:00:00.000Z fair  0 0 0 0 0 1",
            "2026-01-01T11:00:00.000Z vk C 1 0 0 1 0 0",
        ]
    );
}
