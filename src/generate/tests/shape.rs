//! The traffic holds what attribution is about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use throughline_proto::topics::RawTopic;

use super::super::dice::Dice;
use super::super::line::{Kopecks, Line};
use super::super::link::form_encoded;
use super::super::outbox::Sort;
use super::super::plan::Order;
use super::super::shop::{OFFICE, PRINTED};
use super::super::time::DAY;
use super::super::world::World;
use super::{events, occurred_at, order, parcels};

/// Two months, so that deals come to their end.
fn long_order() -> Order {
    let order = order(42, 0.002);
    Order {
        to: order.from + 60 * DAY,
        events: 40_000,
        ..order
    }
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_default()
}

fn count(events: &[Value], field: &str, value: &str) -> usize {
    events
        .iter()
        .filter(|event| text(event, field) == value)
        .count()
}

#[test]
fn everything_happens() {
    let all = parcels(&long_order());
    for sort in [Sort::Late, Sort::Twice, Sort::Junk] {
        assert!(all.iter().any(|parcel| parcel.sort == sort), "{sort:?}");
    }
    let valid: Vec<_> = all
        .into_iter()
        .filter(|parcel| parcel.sort != Sort::Junk)
        .collect();
    let of = |topic| events(&valid, topic);
    for topic in RawTopic::ALL {
        assert!(!of(topic).is_empty(), "{topic:?}");
    }

    let deals = of(RawTopic::Deals);
    for event in ["created", "stage_changed", "won", "lost", "refunded"] {
        assert!(count(&deals, "event", event) > 0, "{event}");
    }
    assert!(count(&deals, "stage", "reopened") > 0);
    let anonymous = |deal: &Value| {
        let ids = ["phone", "email", "crm_contact_id", "user_id"];
        ids.iter().all(|id| deal[*id].is_null())
    };
    assert!(deals.iter().any(anonymous));

    let calls = of(RawTopic::Calls);
    assert!(count(&calls, "status", "missed") > 0);
    assert!(count(&calls, "direction", "outbound") > 0);
    assert!(count(&calls, "dialed_number", OFFICE) > 0);
    for (number, _) in PRINTED {
        assert!(count(&calls, "dialed_number", number) > 0);
    }

    let mails = of(RawTopic::Emails);
    for event in ["sent", "delivered", "opened", "clicked", "bounced"] {
        assert!(count(&mails, "event", event) > 0, "{event}");
    }
    let touches = of(RawTopic::Touches);
    for kind in ["chat", "fair", "store_visit"] {
        assert!(count(&touches, "kind", kind) > 0, "{kind}");
    }
    let web = of(RawTopic::Web);
    for event in ["lead", "purchase", "subscribe"] {
        assert!(count(&web, "event", event) > 0, "{event}");
    }
    assert!(count(&web, "visitor_id", "undefined") > 0);
    assert!(of(RawTopic::Costs).iter().any(Value::is_array));
}

#[test]
fn calls_reach_leased_numbers() {
    let all = parcels(&Order {
        junk: 0.0,
        ..long_order()
    });
    let mut leases: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for lease in events(&all, RawTopic::Numbers) {
        let until = lease["leased_until"].as_i64().unwrap();
        let lent = leases.entry(text(&lease, "number").to_owned()).or_default();
        lent.push((occurred_at(&lease).0, until));
    }
    let calls = events(&all, RawTopic::Calls);
    let leased = calls.iter().filter(|call| {
        let at = occurred_at(call).0;
        let lent = leases.get(text(call, "dialed_number"));
        lent.is_some_and(|lent| lent.iter().any(|(from, until)| *from <= at && at < *until))
    });
    let share = leased.count() as f64 / calls.len() as f64;
    assert!((0.1..0.9).contains(&share), "{share}");
}

#[test]
fn visitors_return_and_use_several_devices() {
    let all = parcels(&Order {
        junk: 0.0,
        ..long_order()
    });
    let mut days: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for hit in events(&all, RawTopic::Web) {
        let visitor = text(&hit, "visitor_id").to_owned();
        days.entry(visitor.clone())
            .or_default()
            .insert(occurred_at(&hit).day());
        if let Some(user) = hit["user_id"].as_str() {
            devices.entry(user.to_owned()).or_default().insert(visitor);
        }
    }
    let returned = days.values().filter(|days| days.len() > 1).count();
    let share = returned as f64 / days.len() as f64;
    assert!((0.1..0.6).contains(&share), "{share}");
    assert!(devices.values().any(|devices| devices.len() > 1));
}

#[test]
fn what_is_true_adds_up() {
    let mut world = World::new(&long_order());
    while world.next().is_some() {}
    let truth = world.simulations().next().unwrap().truth().json();
    let sum = |list: &str, field: &str| -> f64 {
        let entries = truth[list].as_array().unwrap();
        entries
            .iter()
            .filter_map(|entry| entry[field].as_f64())
            .sum()
    };
    for (field, tolerance) in [("true_conversions", 0.1), ("true_revenue", 1.0)] {
        let total = truth["total"][field].as_f64().unwrap();
        let baseline = truth["baseline"][field].as_f64().unwrap();
        assert!(total > 0.0 && baseline > 0.0);
        for list in ["channels", "sources"] {
            let parts = sum(list, field) + baseline;
            assert!(
                (parts - total).abs() < tolerance,
                "{list} {field}: {parts}, {total}"
            );
        }
    }
}

#[test]
fn lines_are_json_whatever_is_in_them() {
    let odd = "a\"b\\c\nd\u{1}é";
    let line = Line::new()
        .text("a", odd)
        .whole("b", -3)
        .money("c", Kopecks(5))
        .money_text("d", Kopecks(123_456))
        .finish();
    let value: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["a"], odd);
    assert_eq!(
        line.split_once(",\"b\"").unwrap().1,
        r#":-3,"c":0.05,"d":"1234.56"}"#
    );
}

#[test]
fn campaigns_are_encoded_as_forms_are() {
    assert_eq!(
        form_encoded("spring sale – a&b"),
        "spring+sale+%E2%80%93+a%26b"
    );
}

#[test]
fn dice_keep_to_their_weights() {
    let mut dice = Dice::new(1);
    let mut counts = [0; 3];
    for _ in 0..10_000 {
        counts[dice.weighted([1.0, 0.0, 3.0].into_iter())] += 1;
    }
    assert!(
        counts[1] == 0 && (2300..2700).contains(&counts[0]),
        "{counts:?}"
    );
}
