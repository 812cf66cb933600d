//! Dynamic call tracking: leases of numbers, and static numbers.

use super::*;
use crate::reference::settings::StaticSource;

const CALL: &str = "calls c 01 12:00 caller_phone=+79161234567 dialed_number=84951234567\n";

fn call(ledger: &str) -> String {
    let found = compute(&format!("{CALL}{ledger}"));
    let rows = found.find(
        "calls",
        &[],
        &["channel", "source", "medium", "campaign", "ambiguous"],
    );
    format!("{}, clients {}", rows.join(""), found.of("clients").len())
}

#[test]
fn a_lease_covers_from_its_start_up_to_its_end() {
    let lease = |from: &str, until: &str| {
        call(&format!(
            "web h 01 09:00 v=x source=vk medium=cpc campaign=C content=o term=t
             numbers n 01 {from} number=+74951234567 v=x leased_until=2026-01-01T{until}Z"
        ))
    };
    let (leased, not) = (
        "Paid Social vk cpc C 0, clients 1",
        "Calls +74951234567 call  0, clients 2",
    );
    assert_eq!(
        lease("12:00", "12:01:00"),
        leased,
        "covers its own first moment"
    );
    assert_eq!(lease("11:00", "12:00:00.001"), leased);
    assert_eq!(lease("11:00", "12:00:00"), not, "and not its last");
    assert_eq!(lease("12:00:00.001", "13:00:00"), not);
    assert_eq!(
        lease("12:00", "11:00:00"),
        not,
        "a lease that ends before it begins"
    );
}

#[test]
fn the_call_is_the_client_of_every_covering_visitor_and_the_latest_gives_the_source() {
    let found = call(
        "web h1 01 09:00 v=x source=vk
         web h2 01 09:00 v=y source=ok
         web h3 01 09:00 v=z source=telegram
         numbers n1 01 11:00 number=+74951234567 v=x leased_until=2026-01-01T13:00:00Z
         numbers n3 01 11:30 number=+74951234567 v=y leased_until=2026-01-01T13:00:00Z
         numbers n2 01 11:30 number=+74951234567 v=x leased_until=2026-01-01T13:00:00Z
         numbers n4 01 11:40 number=+74951234567 v=z leased_until=2026-01-01T11:50:00Z",
    );
    assert_eq!(
        found, "Organic Social ok   1, clients 2",
        "n3 is after n2 at the same moment"
    );
}

#[test]
fn two_leases_of_one_visitor_are_not_ambiguous() {
    let found = call(
        "numbers n1 01 11:00 number=+74951234567 v=x leased_until=2026-01-01T13:00:00Z
         numbers n2 01 11:30 number=+74951234567 v=x leased_until=2026-01-01T13:00:00Z",
    );
    assert_eq!(
        found, "Direct (direct) (none)  0, clients 1",
        "and without a visit the call is Direct"
    );
}

#[test]
fn the_latest_visit_of_that_very_visitor_at_or_before_the_call() {
    let found = call(
        "numbers n1 01 11:00 number=+74951234567 v=x leased_until=2026-01-01T13:00:00Z user_id=u
         web h1 01 09:00 v=x source=vk user_id=u
         web h2 01 12:00 v=x source=ok
         web h3 01 12:00:00.001 v=x source=google
         web h4 01 11:59 v=other source=telegram user_id=u",
    );
    assert_eq!(
        found, "Organic Social ok   0, clients 1",
        "another visitor of the same client does not count"
    );
}

#[test]
fn outbound_calls_link_too() {
    let found = compute(
        "numbers n1 01 11:00 number=100 v=x leased_until=2026-01-01T13:00:00Z
         calls c 01 12:00 caller_phone=+79161234567 dialed_number=100 direction=outbound",
    );
    assert_eq!(
        (found.of("clients").len(), found.of("touchpoints").len()),
        (1, 0)
    );
}

#[test]
fn a_junk_visitor_leases_nothing() {
    let found = call(
        "numbers n 01 11:00 number=+74951234567 v=0 user_id=u leased_until=2026-01-01T13:00:00Z",
    );
    assert_eq!(found, "Calls +74951234567 call  0, clients 2");
}

#[test]
fn leases_stay_in_their_tenant() {
    let found = call(
        "numbers n 01 11:00 number=+74951234567 v=x tenant=b leased_until=2026-01-01T13:00:00Z",
    );
    assert_eq!(found, "Calls +74951234567 call  0, clients 2");
}

#[test]
fn static_numbers_come_after_leases() {
    let mut settings = Settings::default();
    let printed = StaticSource {
        source: "Billboard".into(),
        medium: "OFFLINE".into(),
        campaign: "Tverskaya".into(),
    };
    settings
        .default
        .static_numbers
        .insert(" 8 (495) 123-45-67".into(), printed);
    let found = |more: &str| {
        let tables = compute_with(settings.clone(), &format!("{CALL}{more}"));
        tables
            .find(
                "touchpoints",
                &[("kind", "call")],
                &["channel", "source", "medium", "campaign"],
            )
            .join("")
    };
    assert_eq!(found(""), "Offline billboard offline Tverskaya");
    let lease = "numbers n 01 11:00 number=+74951234567 v=x leased_until=2026-01-01T13:00:00Z";
    assert_eq!(found(lease), "Direct (direct) (none) ");
}

#[test]
fn a_call_to_an_unknown_name_is_still_in_channel_calls() {
    let found = compute("calls c 01 12:00 caller_phone=+79161234567 dialed_number=google");
    assert_eq!(
        found.find("touchpoints", &[], &["channel", "source", "medium"]),
        ["Calls google call"]
    );
}
