//! Clients across topics.

use super::*;

fn clients(ledger: &str) -> usize {
    compute(ledger).of("clients").len()
}

#[test]
fn any_topic_links() {
    assert_eq!(
        clients(
            "web a 01 10:00 v=x user_id=u
             calls a 01 10:00 caller_phone=89161234567 dialed_number=1 user_id=u
             emails a 01 10:00 email=A@B.ru event=bounced phone=+79161234567
             deals a 01 10:00 deal_id=d event=lost email=a@b.ru
             touches a 01 10:00 crm_contact_id=c email=a@b.ru source=s medium=m
             numbers a 01 10:00 number=1 v=y crm_contact_id=c leased_until=2026-01-01T10:00:00Z
             identities a 01 10:00 visitor_id=y user_id=u3
             costs a 01 10:00 date=2026-01-01 source=s medium=m cost=1 user_id=u3 visitor_id=z"
        ),
        1
    );
}

#[test]
fn phones_of_a_call_are_one_kind() {
    let found =
        compute("calls a 01 10:00 caller_phone=89161234567 phone=+79160000001 dialed_number=1");
    assert_eq!(
        found.find("identities", &[], &["kind", "identifier"]),
        ["phone +79160000001", "phone +79161234567"]
    );
}

#[test]
fn a_deal_id_links_its_events() {
    let found = compute(
        "deals a 01 10:00 deal_id=d event=won visitor_id=x
         deals b 01 11:00 deal_id=d event=refunded user_id=u
         deals c 01 11:00 deal_id=e event=created",
    );
    assert_eq!(found.of("clients").len(), 2);
    assert_eq!(
        found.find("identities", &[("kind", "deal_id")], &["identifier"]),
        ["d", "e"]
    );
}

#[test]
fn junk_does_not_link_and_the_kind_tells_values_apart() {
    assert_eq!(
        clients("web a 01 10:00 v=x user_id=0\nweb b 01 10:00 v=y user_id=0"),
        2
    );
    assert_eq!(
        clients("web a 01 10:00 v=x user_id=test\nweb b 01 10:00 v=y user_id=TEST"),
        2
    );
    assert_eq!(
        clients("web a 01 10:00 v=x user_id=y\nweb b 01 10:00 v=y user_id=x"),
        2
    );
    assert_eq!(
        clients("web a 01 10:00 v=x phone=123\nweb b 01 10:00 v=y phone=123"),
        2
    );
}

#[test]
fn a_call_without_a_valid_phone_is_still_its_clients() {
    let found = compute(
        "calls a 01 10:00 caller_phone=anonymous dialed_number=1 user_id=u
         web a 01 10:00 v=x user_id=u",
    );
    assert_eq!(
        (found.of("clients").len(), found.of("touchpoints").len()),
        (1, 2)
    );
}
