//! The key of the identifiers is rotated: what names a person is known by the
//! new hash and the old one, and everything else stays what it was.

use std::collections::BTreeSet;

use throughline_proto::events::Body;
use throughline_proto::topics::RawTopic;
use throughline_proto::{Ident, IdentKind};
use throughline_stream::Outgoing;

use super::{Output, config, record, run_with};
use crate::{Config, IdentKey, IdentKeys};

const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [8; 32];

/// What is hashed with the key that rotates.
const PERSONAL: [(IdentKind, &str); 5] = [
    (IdentKind::User, "user-77"),
    (IdentKind::Phone, "+79161234567"),
    (IdentKind::Phone, "+79167654321"),
    (IdentKind::Email, "ann@example.com"),
    (IdentKind::CrmContact, "crm-77"),
];

fn rotated(previous: Option<IdentKey>) -> Config {
    let keys = IdentKeys {
        current: IdentKey::new(&NEW),
        previous,
        stable: Some(IdentKey::new(&OLD)),
    };
    Config { keys, ..config() }
}

/// An event of each topic, twice, with every identifier.
fn records() -> Vec<Outgoing> {
    let ids = r#""event_id":"e","occurred_at":1768046400000,"visitor_id":"visitor-77","user_id":"user-77","phone":"8 (916) 123-45-67","email":"Ann@Example.com","crm_contact_id":"crm-77""#;
    let topics = [
        (RawTopic::Web, r#""url":"https://a.com/""#),
        (
            RawTopic::Calls,
            r#""caller_phone":"+7 916 765-43-21","dialed_number":"+74951234567""#,
        ),
        (RawTopic::Emails, r#""event":"clicked""#),
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
    ];
    let twice = topics.iter().chain(&topics);
    twice
        .map(|(topic, fields)| record(*topic, format!("{{{ids},{fields}}}")))
        .collect()
}

impl Output {
    /// Both ends of every link, the lower first.
    fn links(&self) -> Vec<(Ident, Ident)> {
        let published = self.published().into_iter();
        let messages = published.flat_map(|published| published.messages);
        messages
            .filter_map(|message| match message.body {
                Body::Link(link) => Some((message.to, link.other)),
                _ => None,
            })
            .collect()
    }

    /// Every node that is named, but for links.
    fn nodes(&self) -> BTreeSet<Ident> {
        let published = self.published().into_iter();
        let messages = published.flat_map(|published| published.messages);
        messages
            .filter(|message| !matches!(message.body, Body::Link(_)))
            .map(|message| message.to)
            .collect()
    }
}

fn pair(one: Ident, other: Ident) -> (Ident, Ident) {
    (one.min(other), one.max(other))
}

#[test]
fn what_names_a_person_is_linked_with_its_former_hash_once() {
    let (old, new) = (IdentKey::new(&OLD), IdentKey::new(&NEW));
    let without: BTreeSet<_> = run_with(rotated(None), records())
        .links()
        .into_iter()
        .collect();
    let output = run_with(rotated(Some(old.clone())), records());
    let links = output.links();
    let mut between_keys: Vec<_> = links
        .iter()
        .copied()
        .filter(|link| !without.contains(link))
        .collect();
    between_keys.sort_unstable();
    let mut expected = PERSONAL.map(|(kind, value)| {
        let ident = |key: &IdentKey| key.ident(kind, "default", value.as_bytes());
        pair(ident(&old), ident(&new))
    });
    expected.sort_unstable();
    assert_eq!(between_keys, expected);
    assert_eq!(links.len(), without.len() + expected.len());
}

#[test]
fn without_a_previous_key_nothing_is_known_under_the_old_one() {
    let old = IdentKey::new(&OLD);
    let output = run_with(rotated(None), records());
    let ends = output
        .links()
        .into_iter()
        .flat_map(|(low, high)| [low, high]);
    let all: BTreeSet<_> = ends.chain(output.nodes()).collect();
    for (kind, value) in PERSONAL {
        let ident = old.ident(kind, "default", value.as_bytes());
        assert!(!all.contains(&ident), "{kind:?} {value}");
    }
}

#[test]
fn visitors_deals_numbers_and_costs_keep_their_nodes_and_events_stay_the_same() {
    let before = run_with(config(), records());
    let after = run_with(rotated(Some(IdentKey::new(&OLD))), records());
    let rotates = |ident: &Ident| {
        let kind = ident.kind().unwrap();
        PERSONAL.iter().any(|(personal, _)| *personal == kind)
    };
    let stable = |output: &Output| -> BTreeSet<Ident> {
        let nodes = output.nodes().into_iter();
        nodes.filter(|node| !rotates(node)).collect()
    };
    let kinds: BTreeSet<_> = stable(&before).iter().map(|node| node.kind()).collect();
    let expected = [
        IdentKind::Visitor,
        IdentKind::Deal,
        IdentKind::Number,
        IdentKind::CostKey,
    ];
    assert_eq!(kinds, expected.map(Some).into());
    assert_eq!(stable(&before), stable(&after));
    let keys = |output: &Output| -> BTreeSet<(i64, String, u64)> {
        let facts = output.facts().into_iter().map(|fact| fact.key);
        facts
            .map(|key| (key.at, key.id.to_owned(), key.content.0))
            .collect()
    };
    assert_eq!(keys(&before), keys(&after));
    assert_eq!(keys(&before).len(), 5, "an event that comes again is one");
}

#[test]
fn a_content_tells_nothing_of_a_phone_to_whoever_lacks_the_stable_key() {
    let content = |keys: IdentKeys| {
        let call = r#"{"event_id":"e","occurred_at":1768046400000,"caller_phone":"+79161234567","dialed_number":"1"}"#;
        let config = Config { keys, ..config() };
        let output = run_with(config, vec![record(RawTopic::Calls, call)]);
        output.facts()[0].key.content.0
    };
    let (one, other) = (
        content(IdentKeys::new(IdentKey::new(&OLD))),
        content(IdentKeys::new(IdentKey::new(&NEW))),
    );
    assert_ne!(one, other);
    // Which of two contents comes first is no matter of the key.
    assert_eq!(one >> 32, other >> 32);
}
