//! The generator: same seed, same bytes; everything the contract speaks of occurs; and laws that hold of any traffic.

use std::collections::BTreeSet;

use fastrand::Rng;

use super::*;
use crate::traffic::Plan;

fn taken(plan: &Plan, records: &[(&'static str, Vec<u8>)]) -> Reference {
    let mut reference = Reference::new(plan.settings());
    for (topic, value) in records {
        // Refusals are part of the traffic.
        let _ = reference.record(topic, value, plan.received_ms());
    }
    reference
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let plan = Plan::new(1, 500);
    assert_eq!(plan.records(), plan.records());
    assert_ne!(plan.records(), Plan::new(2, 500).records());
}

#[test]
fn everything_occurs() {
    let plan = Plan::new(3, 6000);
    let reference = taken(&plan, &plan.records());
    let reasons: BTreeSet<_> = reference
        .rejected()
        .iter()
        .map(|(_, rejected)| format!("{:?}", rejected.reason))
        .collect();
    for reason in [
        "Malformed",
        "WrongType",
        "Missing",
        "OutOfRange",
        "NoIdentifier",
        "UnknownCurrency",
        "NoRate",
    ] {
        assert!(reasons.contains(reason), "{reason} of {reasons:?}");
    }
    assert!(reference.conflicting() > 10);
    let tables = reference.compute();
    let among = |table: &str, column: &str| {
        tables
            .find(table, &[], &[column])
            .into_iter()
            .collect::<BTreeSet<_>>()
    };
    let has = |table: &str, column: &str, wanted: &[&str]| {
        let found = among(table, column);
        for value in wanted {
            assert!(
                found.contains(*value),
                "{table}.{column}: {value} of {found:?}"
            );
        }
    };
    has("calls", "ambiguous", &["0", "1"]);
    has(
        "calls",
        "channel",
        &["Calls", "Offline", "Direct", "Paid Search"],
    );
    has(
        "touchpoints",
        "kind",
        &["visit", "call", "email", "touch", "chat"],
    );
    has(
        "touchpoints",
        "tenant",
        &["default", "moscow", "new-york", "kolkata"],
    );
    has(
        "deals",
        "status",
        &["created", "stage_changed", "won", "lost", "refunded"],
    );
    has(
        "deals",
        "created_channel",
        &["Unattributed", "Direct", "Paid Search", "Email", "Calls"],
    );
    has("deal_events", "position", &["1", "5"]);
    has("deal_events", "stage", &["", "new", "talks", "paid"]);
    has("deal_events", "pipeline", &["", "retail", "wholesale"]);
    has("deal_events", "manager_id", &["", "m1", "m2"]);
    has(
        "credits",
        "channel",
        &[
            "Unattributed",
            "Direct",
            "Paid Search",
            "Organic Social",
            "Email",
            "Calls",
        ],
    );
    has("costs", "hour", &["NULL", "0", "2", "23"]);
    assert!(
        among("deals", "profit")
            .iter()
            .any(|profit| profit.starts_with('-'))
    );
    assert!(among("deals", "revenue").contains("0"));
    let (clients, identities) = (tables.of("clients").len(), tables.of("identities").len());
    assert!(
        clients > 50 && clients * 2 < identities,
        "{clients} clients of {identities} identifiers"
    );
}

#[test]
fn arrival_order_and_duplicates_change_nothing() {
    for seed in 0..5 {
        let plan = Plan::new(seed, 800);
        let mut records = plan.records();
        let tables = taken(&plan, &records).compute();
        let mut rng = Rng::with_seed(seed);
        rng.shuffle(&mut records);
        let again = records[..records.len() / 3].to_vec();
        records.extend(again);
        assert_eq!(
            tables.compare(&taken(&plan, &records).compute()),
            Vec::<String>::new()
        );
    }
}

#[test]
fn credit_and_revenue_are_never_lost() {
    let plan = Plan {
        erasures_per_mille: 0,
        ..Plan::new(11, 3000)
    };
    let tables = taken(&plan, &plan.records()).compute();
    let number = |text: &str| (text.parse::<f64>().unwrap() * 10_000.0).round() as i64;
    let sum = |rows: Vec<String>| rows.iter().map(|text| number(text)).sum::<i64>();
    for tenant in ["default", "moscow", "new-york", "kolkata"] {
        let won: Vec<_> = tables.find(
            "deals",
            &[("tenant", tenant)],
            &["won_at", "gross", "revenue", "profit"],
        );
        let won: Vec<_> = won.iter().filter(|row| !row.starts_with("NULL")).collect();
        assert!(won.len() > 10);
        let of_deals = |at: usize| {
            won.iter()
                .map(|row| number(row.split(' ').nth(at).unwrap()))
                .sum::<i64>()
        };
        for model in crate::reference::settings::default_models() {
            for basis in ["conversion", "touch"] {
                let filter = [("tenant", tenant), ("model", &model.name), ("basis", basis)];
                let of = |column| sum(tables.find("channel_hourly", &filter, &[column]));
                assert_eq!(of("conversions_ppm"), won.len() as i64 * 1_000_000 * 10_000);
                assert_eq!(
                    [of("gross"), of("revenue"), of("profit")],
                    [of_deals(1), of_deals(2), of_deals(3)]
                );
                let by_day = |column| sum(tables.find("channel_roi", &filter, &[column]));
                assert_eq!(by_day("revenue"), of_deals(2));
                assert_eq!(
                    by_day("spend"),
                    sum(tables.find("traffic_hourly", &[("tenant", tenant)], &["spend"]))
                );
            }
        }
    }
}
