//! Deals.

use chrono_tz::Tz;

use super::*;
use crate::reference::decimal::Decimal;
use crate::reference::time::parse_date;

fn deal(ledger: &str) -> String {
    let columns = [
        "status", "won_at", "gross", "refunds", "revenue", "cost", "profit",
    ];
    compute(ledger).find("deals", &[], &columns).join("\n")
}

#[test]
fn the_latest_event_that_gives_a_field_decides() {
    let found = compute(
        "deals c 03 10:00 deal_id=d event=stage_changed stage=s3 amount=300
         deals a 01 10:00 deal_id=d event=created stage=s1 pipeline=p amount=100 cost=40 manager_id=m1
         deals b 02 10:00 deal_id=d event=stage_changed manager_id=m2 amount=200
         deals d 04 10:00 deal_id=d event=stage_changed",
    );
    let columns = [
        "status",
        "stage",
        "pipeline",
        "manager_id",
        "created_at",
        "won_at",
        "gross",
        "cost",
        "profit",
    ];
    assert_eq!(
        found.find("deals", &[], &columns),
        ["stage_changed s3 p m2 2026-01-01T10:00:00.000Z NULL 300 40 260"]
    );
    assert_eq!(found.of("credits").len(), 0, "not won");
}

#[test]
fn events_stand_in_order_and_say_what_they_gave() {
    let found = compute(
        "deals c 03 10:00 deal_id=d event=won stage=paid
         deals b 01 10:00 deal_id=d event=stage_changed pipeline=p manager_id=m
         deals a 01 10:00 deal_id=d event=created stage=new
         deals c 03 10:00 deal_id=d event=won stage=paid
         deals a 01 10:00 deal_id=e event=lost",
    );
    let columns = [
        "deal_id",
        "position",
        "event_id",
        "event",
        "occurred_at",
        "stage",
        "pipeline",
        "manager_id",
    ];
    assert_eq!(
        found.find("deal_events", &[], &columns),
        [
            "d 1 a created 2026-01-01T10:00:00.000Z new  ",
            "d 2 b stage_changed 2026-01-01T10:00:00.000Z  p m",
            "d 3 c won 2026-01-03T10:00:00.000Z paid  ",
            "e 1 a lost 2026-01-01T10:00:00.000Z   ",
        ]
    );
}

#[test]
fn of_very_many_events_the_newest_are_listed() {
    let line = |number| {
        format!("deals e{number:04} 01 10:00 deal_id=d event=stage_changed stage=s{number}\n")
    };
    let found = compute(&(0..1002).map(line).collect::<String>());
    let rows = found.find("deal_events", &[], &["position", "event_id", "stage"]);
    assert_eq!(rows.len(), 1000);
    assert_eq!(rows.first().unwrap(), "3 e0002 s2");
    assert_eq!(rows.last().unwrap(), "1002 e1001 s1001");
}

#[test]
fn of_one_moment_the_greater_id_is_later() {
    assert_eq!(
        deal(
            "deals b 01 10:00 deal_id=d event=stage_changed amount=2
             deals a 01 10:00 deal_id=d event=created amount=1"
        ),
        "stage_changed NULL 2 0 2 0 2"
    );
}

#[test]
fn lost_and_won_again() {
    let won = |ledger: &str| {
        let lines = ledger.split(' ').enumerate();
        let lines =
            lines.map(|(n, name)| format!("deals e{n} 0{} 10:00 deal_id=d event={name}", n + 1));
        compute(&lines.collect::<Vec<_>>().join("\n"))
            .find("deals", &[], &["status", "won_at"])
            .join("")
    };
    let on = |status, day| format!("{status} 2026-01-0{day}T10:00:00.000Z");
    assert_eq!(won("won won"), on("won", 1));
    assert_eq!(won("won lost"), "lost NULL");
    assert_eq!(won("won lost won won"), on("won", 3));
    assert_eq!(
        won("lost stage_changed won lost stage_changed won stage_changed"),
        on("stage_changed", 6)
    );
    assert_eq!(won("won refunded"), on("refunded", 1));
    assert_eq!(won("created refunded"), "refunded NULL");
}

#[test]
fn lost_and_won_at_one_moment_follow_their_ids() {
    let two = |lost: &str, won: &str| {
        deal(&format!(
            "deals {won} 01 10:00 deal_id=d event=won\ndeals {lost} 01 10:00 deal_id=d event=lost"
        ))
    };
    assert_eq!(two("a", "b"), "won 2026-01-01T10:00:00.000Z 0 0 0 0 0");
    assert_eq!(two("b", "a"), "lost NULL 0 0 0 0 0");
}

#[test]
fn refunds_add_up_to_at_most_the_amount() {
    let refunds = |second: &str| {
        deal(&format!(
            "deals a 01 10:00 deal_id=d event=won amount=100 cost=30
             deals b 02 10:00 deal_id=d event=refunded refund_amount=20.5
             deals c 03 10:00 deal_id=d event=refunded
             deals d 04 10:00 deal_id=d event=refunded refund_amount={second}
             deals e 05 10:00 deal_id=d event=stage_changed refund_amount=7
             deals b 02 10:00 deal_id=d event=refunded refund_amount=20.50"
        ))
    };
    assert_eq!(
        refunds("10"),
        "stage_changed 2026-01-01T10:00:00.000Z 100 30.5 69.5 30 39.5"
    );
    assert_eq!(
        refunds("79.5"),
        "stage_changed 2026-01-01T10:00:00.000Z 100 100 0 30 -30"
    );
    assert_eq!(
        refunds("1000"),
        "stage_changed 2026-01-01T10:00:00.000Z 100 100 0 30 -30"
    );
}

#[test]
fn a_refund_may_come_first_and_name_only_its_deal() {
    let found = deal(
        "deals r 02 10:00 deal_id=d event=refunded refund_amount=5
         deals a 01 10:00 deal_id=d event=won amount=10 visitor_id=x",
    );
    assert_eq!(found, "refunded 2026-01-01T10:00:00.000Z 10 5 5 0 5");
}

#[test]
fn money_is_rounded_to_the_minor_unit_and_converted_at_the_local_date() {
    let mut settings = Settings::default();
    let tenant = &mut settings.default;
    tenant.zone = Tz::Europe__Moscow;
    for (currency, day, rate) in [
        ("USD", "2026-01-02", "90.555"),
        ("JPY", "2026-01-02", "0.505"),
        ("KWD", "2026-01-02", "300"),
    ] {
        let key = (currency.to_owned(), parse_date(day).unwrap());
        tenant.rates.insert(key, Decimal::parse(rate).unwrap());
    }
    let amount = |amount: &str, currency: &str| {
        let ledger =
            format!("deals a 01 21:30 deal_id=d event=created amount={amount} currency={currency}");
        compute_with(settings.clone(), &ledger)
            .find("deals", &[], &["gross"])
            .join("")
    };
    assert_eq!(amount("10.005", "RUB"), "10.01");
    assert_eq!(amount("1.004", "USD"), "90.56", "1.00 USD = 90.555 RUB");
    assert_eq!(amount("1.5", "JPY"), "1.01", "2 JPY");
    assert_eq!(amount("0.0015", "KWD"), "0.6", "0.002 KWD");

    let mut reference = Reference::new(settings);
    let refused = |reference: &mut Reference, time: &str, currency: &str| {
        let (topic, json) = event(&format!(
            "deals a {time} deal_id=d event=won amount=1 currency={currency}"
        ));
        reference
            .record(&topic, json.as_bytes(), RECEIVED)
            .unwrap_err()
            .to_string()
    };
    assert!(
        refused(&mut reference, "01 20:59", "USD").starts_with("NoRate amount"),
        "still January 1 in Moscow"
    );
    assert!(refused(&mut reference, "01 21:30", "ABC").starts_with("UnknownCurrency currency"));
}

#[test]
fn tenants_count_in_their_own_currency() {
    let mut settings = Settings::default();
    let mut yen = settings.default.clone();
    yen.currency = "JPY".to_owned();
    settings.tenants.insert("jp".to_owned(), yen);
    let ledger = "deals a 01 10:00 deal_id=d event=won amount=100.5 tenant=jp touch=0\n";
    let found = compute_with(settings, ledger);
    assert_eq!(found.find("deals", &[], &["gross"]), ["101"]);
}

/// Under which touch a deal was created on January 10 at 10:00: touch id, channel, source, medium and campaign.
fn created(touches: &str) -> String {
    let ledger = format!("deals a 10 10:00 deal_id=d event=created visitor_id=x\n{touches}");
    let columns = [
        "created_touch_id",
        "created_channel",
        "created_source",
        "created_medium",
        "created_campaign",
    ];
    compute(&ledger).find("deals", &[], &columns).join("\n")
}

#[test]
fn a_deal_is_created_under_the_latest_touch_before_that_is_not_direct() {
    assert_eq!(created(""), " Unattributed   ");
    assert_eq!(
        created(
            "web a 08 10:00 v=x source=google medium=cpc campaign=Spring
             web b 09 10:00 v=x
             web c 10 10:00:00.001 v=x source=vk
             web d 09 10:00 v=y source=vk"
        ),
        "web:a Paid Search google cpc Spring"
    );
    assert_eq!(
        created("web a 08 10:00 v=x\nweb b 09 10:00 v=x"),
        "web:b Direct (direct) (none) "
    );
    // At one moment, which may be that of the creation, the greater touch id is later.
    assert_eq!(
        created(
            "web a 10 10:00 v=x source=google medium=cpc
             touches b 10 10:00 visitor_id=x source=vk medium=cpc"
        ),
        "web:a Paid Search google cpc "
    );
}

#[test]
fn a_touch_under_which_a_deal_is_created_is_no_older_than_the_window() {
    let ninety_days_before = |time: &str| {
        let found = created(&format!("web a 2025-10-12 {time} v=x source=vk medium=cpc"));
        found.split(' ').next().unwrap().to_owned()
    };
    assert_eq!(ninety_days_before("10:00"), "web:a");
    assert_eq!(ninety_days_before("09:59:59.999"), "");
}

#[test]
fn a_deal_that_is_won_later_or_never_keeps_the_touch_of_its_creation() {
    let found = created(
        "web a 08 10:00 v=x source=google medium=cpc
         web b 11 10:00 v=x source=vk
         deals b 12 10:00 deal_id=d event=won",
    );
    assert_eq!(found, "web:a Paid Search google cpc ");
    let earlier = created(
        "web a 08 10:00 v=x source=google medium=cpc
         deals b 07 10:00 deal_id=d event=stage_changed",
    );
    assert_eq!(earlier, " Unattributed   ", "its earliest event counts");
}
