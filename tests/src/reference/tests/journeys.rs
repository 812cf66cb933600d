//! Journeys, models and rollups of credit.

use super::*;
use crate::reference::settings::{Model, Rule};

fn credit(tables: &Tables, deal: &str, model: &str) -> Vec<String> {
    let columns = ["touch_id", "credit_ppm", "gross", "revenue", "profit"];
    tables.find("credits", &[("deal_id", deal), ("model", model)], &columns)
}

/// Only touches and parts per million.
fn parts(tables: &Tables, deal: &str, model: &str) -> String {
    tables
        .find(
            "credits",
            &[("deal_id", deal), ("model", model)],
            &["touch_id", "credit_ppm"],
        )
        .join(", ")
}

#[test]
fn the_window_includes_both_ends() {
    let found = compute(
        "web early 2025-10-03 09:59:59.999 v=x source=vk
         web first 2025-10-03 10:00 v=x source=ok
         web last 2026-01-01 10:00 v=x source=telegram
         web late 2026-01-01 10:00:00.001 v=x source=google
         deals a 2026-01-01 10:00 deal_id=d event=won visitor_id=x",
    );
    assert_eq!(
        parts(&found, "d", "linear"),
        "web:first 500000, web:last 500000"
    );
}

#[test]
fn direct_earns_only_alone_unless_the_model_counts_it() {
    let found = compute(
        "web a 01 10:00 v=x source=vk
         web b 02 10:00 v=x
         deals a 03 10:00 deal_id=d event=won visitor_id=x
         web c 02 10:00 v=y
         deals b 03 10:00 deal_id=e event=won visitor_id=y",
    );
    assert_eq!(parts(&found, "d", "last_touch"), "web:b 1000000");
    for model in [
        "first_touch",
        "last_non_direct",
        "linear",
        "time_decay",
        "position_based",
        "w_shaped",
        "full_path",
    ] {
        assert_eq!(parts(&found, "d", model), "web:a 1000000", "{model}");
        assert_eq!(parts(&found, "e", model), "web:c 1000000", "{model}");
    }
}

#[test]
fn direct_calls_and_direct_touches_are_direct_by_their_channel() {
    let found = compute(
        "web a 01 10:00 v=x source=vk
         web b 02 10:00 v=y
         numbers n 02 10:00 number=1 v=y leased_until=2026-01-03T00:00:00Z
         calls c 02 11:00 caller_phone=+79161234567 dialed_number=1 user_id=u
         touches t 02 12:00 user_id=u source=(direct) medium=(not_set)
         touches s 02 12:00 user_id=u source=(direct) medium=(none)
         identities i 01 10:00 user_id=u visitor_id=x
         deals a 03 10:00 deal_id=d event=won user_id=u",
    );
    assert_eq!(
        parts(&found, "d", "linear"),
        "touches:t 500000, web:a 500000",
        "(not_set) is not (not set)"
    );
    assert_eq!(parts(&found, "d", "last_touch"), "touches:t 1000000");
}

#[test]
fn ties_in_time_go_by_touch_id() {
    let found = compute(
        "web z 01 10:00 v=x source=vk
         calls a 01 10:00 caller_phone=+79161234567 dialed_number=1 visitor_id=x
         emails b 01 10:00 email=a@b.ru visitor_id=x event=clicked
         deals a 01 10:00 deal_id=d event=won visitor_id=x amount=0.05",
    );
    assert_eq!(
        credit(&found, "d", "linear"),
        [
            "calls:a 333334 0.02 0.02 0.02",
            "emails:b 333333 0.02 0.02 0.02",
            "web:z 333333 0.01 0.01 0.01",
        ]
    );
    assert_eq!(parts(&found, "d", "first_touch"), "calls:a 1000000");
    assert_eq!(parts(&found, "d", "last_touch"), "web:z 1000000");
}

#[test]
fn every_total_is_split_on_its_own_and_a_loss_mirrors_a_gain() {
    let found = compute(
        "web a 01 10:00 v=x source=vk
         web b 01 11:00 v=x source=ok
         web c 01 12:00 v=x source=telegram
         deals a 02 10:00 deal_id=d event=won visitor_id=x amount=1.00 cost=2.00
         deals b 03 10:00 deal_id=d event=refunded refund_amount=1",
    );
    assert_eq!(
        credit(&found, "d", "linear"),
        [
            "web:a 333334 0.34 0 -0.67",
            "web:b 333333 0.33 0 -0.67",
            "web:c 333333 0.33 0 -0.66",
        ]
    );
}

#[test]
fn no_touches_no_identifiers() {
    let found = compute(
        "deals a 02 10:30 deal_id=d event=won amount=5
         web w 03 10:00 v=x source=vk
         deals b 02 10:30 deal_id=e event=won amount=7 visitor_id=x",
    );
    let columns = [
        "deal_id",
        "touch_id",
        "touch_at",
        "channel",
        "source",
        "medium",
        "kind",
        "credit_ppm",
        "gross",
    ];
    assert_eq!(
        found.find("credits", &[("model", "w_shaped")], &columns),
        [
            "d  2026-01-02T10:30:00.000Z Unattributed    1000000 5",
            "e  2026-01-02T10:30:00.000Z Unattributed    1000000 7",
        ]
    );
    let columns = ["basis", "hour", "channel", "conversions_ppm", "gross"];
    assert_eq!(
        found.find("channel_hourly", &[("model", "linear")], &columns),
        [
            "conversion 2026-01-02T10:00:00.000Z Unattributed 2000000 12",
            "touch 2026-01-02T10:00:00.000Z Unattributed 2000000 12",
        ]
    );
}

#[test]
fn milestones_are_the_touches_before_the_earliest_moment() {
    let touches = "web a 01 10:00 v=x source=vk
         web b 03 10:00 v=x source=ok
         web c 05 10:00 v=x source=telegram
         web d 07 10:00 v=x source=google
         web e 09 10:00 v=x source=yandex\n";
    let won = "deals w 10 10:00 deal_id=d event=won visitor_id=x\n";
    let found = |more: &str| parts(&compute(&format!("{touches}{won}{more}")), "d", "w_shaped");
    // Nothing but the deal: created when won, which is both moments.
    assert_eq!(
        found(""),
        "web:a 300000, web:b 33334, web:c 33333, web:d 33333, web:e 600000"
    );
    // A form on the 5th, the deal on the 8th.
    assert_eq!(
        found("web lead 05 10:00 v=x event=lead\ndeals c 08 10:00 deal_id=d event=created"),
        "web:a 300000, web:b 50000, web:c 300000, web:d 300000, web:e 50000"
    );
    // Another deal of the client, lost, created on the 4th, is lead creation.
    assert_eq!(
        found("deals o 04 10:00 deal_id=o event=lost visitor_id=x"),
        "web:a 300000, web:b 300000, web:c 50000, web:d 50000, web:e 300000"
    );
    // An e-mail sent is no milestone; an outbound call neither.
    assert_eq!(
        found(
            "emails m 04 10:00 email=a@b.ru visitor_id=x event=opened
             calls m 04 10:00 caller_phone=+79161234567 visitor_id=x dialed_number=1 direction=outbound"
        ),
        found("")
    );
    // This deal was created before any touch: the first touch takes both.
    assert_eq!(
        found("deals c 2025-12-31 10:00 deal_id=d event=created"),
        "web:a 900000, web:b 25000, web:c 25000, web:d 25000, web:e 25000"
    );
}

#[test]
fn an_inbound_call_is_a_touch_and_a_milestone() {
    let found = compute(
        "web a 01 10:00 v=x source=vk
         calls c 02 10:00 caller_phone=+79161234567 visitor_id=x dialed_number=1 status=missed
         web b 03 10:00 v=x source=ok
         web e 04 10:00 v=x source=telegram
         deals w 04 10:00 deal_id=d event=won visitor_id=x",
    );
    assert_eq!(
        parts(&found, "d", "w_shaped"),
        "calls:c 300000, web:a 300000, web:b 100000, web:e 300000"
    );
    assert_eq!(
        parts(&found, "d", "full_path"),
        "calls:c 225000, web:a 225000, web:b 100000, web:e 450000"
    );
}

#[test]
fn a_milestone_before_the_window_does_not_count() {
    let found = compute(
        "web lead 2025-09-01 10:00 v=x event=lead source=google
         deals o 2025-09-01 10:00 deal_id=o event=created visitor_id=x
         web a 01 10:00 v=x source=vk
         web b 02 10:00 v=x source=ok
         web c 03 10:00 v=x source=ok medium=m
         web d 03 10:00 v=x event=lead
         deals w 04 10:00 deal_id=d event=won visitor_id=x",
    );
    // Lead creation on the 3rd, the form; deal creation on the 4th: both at c.
    assert_eq!(
        parts(&found, "d", "w_shaped"),
        "web:a 300000, web:b 100000, web:c 600000"
    );
}

#[test]
fn a_direct_milestone_falls_on_the_touch_before_it() {
    let found = compute(
        "web a 01 10:00 v=x source=vk
         web b 02 10:00 v=x source=ok
         web lead 03 10:00 v=x event=lead
         web c 04 10:00 v=x source=telegram
         deals w 05 10:00 deal_id=d event=won visitor_id=x",
    );
    assert_eq!(
        parts(&found, "d", "w_shaped"),
        "web:a 333334, web:b 333333, web:c 333333",
        "and none is left for a rest"
    );
}

#[test]
fn later_deals_see_the_same_touches_unless_reset() {
    let ledger = "web a 01 10:00 v=x source=vk
         deals w1 02 10:00 deal_id=d1 event=won visitor_id=x
         web b 02 10:00 v=x source=ok
         web c 03 10:00 v=x source=telegram
         deals w2 04 10:00 deal_id=d2 event=won visitor_id=x
         deals w3 04 10:00 deal_id=d3 event=won visitor_id=x
         deals l4 04 11:00 deal_id=d4 event=lost visitor_id=x
         deals w5 05 10:00 deal_id=d5 event=won visitor_id=x";
    let found = compute(ledger);
    assert_eq!(
        parts(&found, "d2", "linear"),
        "web:a 333334, web:b 333333, web:c 333333"
    );
    let mut settings = Settings::default();
    settings.default.reset_on_conversion = true;
    let found = compute_with(settings, ledger);
    assert_eq!(parts(&found, "d1", "linear"), "web:a 500000, web:b 500000");
    assert_eq!(
        parts(&found, "d2", "linear"),
        "web:c 1000000",
        "b stands at the previous win, not after it"
    );
    assert_eq!(
        parts(&found, "d3", "linear"),
        "web:c 1000000",
        "won at the same moment is not previous"
    );
    assert_eq!(
        parts(&found, "d5", "linear"),
        " 1000000",
        "a lost deal does not reset"
    );
}

#[test]
fn a_rollup_has_both_bases_and_leaves_out_content_and_term() {
    let found = compute(
        "web a 01 10:10 v=x source=vk medium=cpc campaign=C content=1
         web b 01 10:20 v=x source=vk medium=cpc campaign=C content=2
         web c 01 12:00 v=x source=ok
         deals w 02 09:59 deal_id=d event=won visitor_id=x amount=100 cost=1",
    );
    let columns = [
        "basis",
        "hour",
        "channel",
        "source",
        "medium",
        "campaign",
        "conversions_ppm",
        "gross",
        "profit",
    ];
    assert_eq!(
        found.find("channel_hourly", &[("model", "linear")], &columns),
        [
            "conversion 2026-01-02T09:00:00.000Z Organic Social ok   333333 33.33 33",
            "conversion 2026-01-02T09:00:00.000Z Paid Social vk cpc C 666667 66.67 66",
            "touch 2026-01-01T10:00:00.000Z Paid Social vk cpc C 666667 66.67 66",
            "touch 2026-01-01T12:00:00.000Z Organic Social ok   333333 33.33 33",
        ]
    );
}

#[test]
fn sums_are_those_of_the_crm_for_every_model_and_basis() {
    let found = compute(
        "web a 01 10:10 v=x source=vk
         web b 01 13:20 v=x source=ok
         web c 04 12:00 v=x source=google
         deals w 05 10:00 deal_id=d event=won visitor_id=x amount=100.01 cost=133.07
         deals r 06 10:00 deal_id=d event=refunded refund_amount=33.33
         deals v 07 10:00 deal_id=e event=won visitor_id=x amount=0.02",
    );
    for model in super::super::settings::default_models() {
        for basis in ["conversion", "touch"] {
            let rows = found.find(
                "channel_hourly",
                &[("model", &model.name), ("basis", basis)],
                &["conversions_ppm", "revenue", "profit"],
            );
            let mut sums = [0_i64; 3];
            for row in rows {
                for (sum, text) in sums.iter_mut().zip(row.split(' ')) {
                    *sum += i64::try_from(
                        crate::reference::decimal::Decimal::parse(text)
                            .unwrap()
                            .in_units(2),
                    )
                    .unwrap();
                }
            }
            assert_eq!(
                sums,
                [200_000_000, 6670, 6670 - 13307],
                "{} {basis}",
                model.name
            );
        }
    }
}

#[test]
fn models_are_the_tenants_own() {
    let mut settings = Settings::default();
    settings.default.lookback_days = 1;
    settings.default.models = vec![Model {
        name: "all".into(),
        direct_counts: true,
        rule: Rule::Linear,
    }];
    let ledger = "web a 01 10:00 v=x source=vk
         web b 02 10:00 v=x
         web c 02 11:00 v=x source=ok
         deals w 02 12:00 deal_id=d event=won visitor_id=x";
    let found = compute_with(settings, ledger);
    assert_eq!(
        found.find("credits", &[], &["model", "touch_id", "credit_ppm"]),
        ["all web:b 500000", "all web:c 500000"]
    );
}
