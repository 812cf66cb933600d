//! Ad spend, and what comes of it.

use chrono_tz::Tz;

use super::*;

fn settings(zone: Tz) -> Settings {
    let mut settings = Settings::default();
    settings.default.zone = zone;
    settings
}

fn hours(zone: Tz, ledger: &str) -> Vec<String> {
    compute_with(settings(zone), ledger).find(
        "traffic_hourly",
        &[],
        &["hour", "spend", "impressions", "clicks"],
    )
}

#[test]
fn spread_over_the_days_hours_the_remainder_first() {
    let found = hours(
        Tz::UTC,
        "costs a 02 10:00 date=2026-01-01 source=vk medium=cpc cost=0.25 impressions=49 clicks=1",
    );
    assert_eq!(found.len(), 24);
    assert_eq!(found[0], "2026-01-01T00:00:00.000Z 0.02 3 1");
    assert_eq!(found[1], "2026-01-01T01:00:00.000Z 0.01 2 0");
    assert_eq!(found[23], "2026-01-01T23:00:00.000Z 0.01 2 0");
}

#[test]
fn a_short_and_a_long_day() {
    let day = |date: &str| {
        hours(
            Tz::America__New_York,
            &format!("costs a 02 10:00 date={date} source=vk medium=cpc cost=25"),
        )
    };
    let short = day("2026-03-08");
    assert_eq!(short.len(), 23);
    assert_eq!(
        short[0], "2026-03-08T05:00:00.000Z 1.09 0 0",
        "2500 = 23 × 108 + 16"
    );
    assert_eq!(short[15], "2026-03-08T20:00:00.000Z 1.09 0 0");
    assert_eq!(short[16], "2026-03-08T21:00:00.000Z 1.08 0 0");
    let long = day("2026-11-01");
    assert_eq!(
        (long.len(), long[24].as_str()),
        (25, "2026-11-02T04:00:00.000Z 1 0 0")
    );
}

#[test]
fn half_hour_zones_use_the_hours_that_start_on_the_day() {
    let day = hours(
        Tz::Asia__Kolkata,
        "costs a 10 10:00 date=2026-01-10 source=vk medium=cpc cost=24",
    );
    assert_eq!(
        (day.len(), day[0].as_str()),
        (24, "2026-01-09T19:00:00.000Z 1 0 0")
    );
    let hour = hours(
        Tz::Asia__Kolkata,
        "costs a 10 10:00 date=2026-01-10 hour=9 source=vk medium=cpc cost=24",
    );
    assert_eq!(hour, ["2026-01-10T04:00:00.000Z 24 0 0"]);
}

#[test]
fn a_later_row_of_the_same_key_replaces() {
    let found = compute(
        "costs b 03 10:00 date=2026-01-01 hour=5 source=VK medium=CPC campaign=C cost=3
         costs a 02 10:00 date=2026-01-01 hour=5 source=vk medium=cpc campaign=C cost=1 clicks=9
         costs c 03 10:00 date=2026-01-01 hour=5 source=vk medium=cpc campaign=c cost=10
         costs d 03 10:00 date=2026-01-01 hour=5 source=vk medium=cpc campaign=C term=t cost=20
         costs e 03 10:00 date=2026-01-01 source=vk medium=cpc campaign=C cost=24",
    );
    let at_five: Vec<_> = found.find(
        "traffic_hourly",
        &[("hour", "2026-01-01T05:00:00.000Z")],
        &["campaign", "spend", "clicks"],
    );
    assert_eq!(at_five, ["C 24 0", "c 10 0"], "3 + 20 + 1 of the whole day");
    assert_eq!(found.of("costs").len(), 4);
}

#[test]
fn restated_to_zero_leaves_a_row_of_costs_and_no_traffic() {
    let found = compute(
        "costs a 02 10:00 date=2026-01-01 source=vk medium=cpc cost=1
         costs b 03 10:00 date=2026-01-01 source=vk medium=cpc cost=0",
    );
    assert_eq!(
        (found.of("costs").len(), found.of("traffic_hourly").len()),
        (1, 0)
    );
    assert_eq!(
        found.find("costs", &[], &["date", "hour", "cost", "impressions"]),
        ["2026-01-01 NULL 0 0"]
    );
}

#[test]
fn return_on_spend_by_local_day() {
    let ledger = "costs a 02 10:00 date=2026-01-02 hour=1 source=vk medium=cpc cost=50
         web a 01 21:30 v=x source=vk medium=cpc
         web b 01 21:31 v=x event=lead
         web c 01 20:59 v=y source=vk medium=cpc
         deals w 02 10:00 deal_id=d event=won visitor_id=x amount=200 cost=75
         deals v 02 10:00 deal_id=e event=won amount=1";
    let found = compute_with(settings(Tz::Europe__Moscow), ledger);
    let columns = [
        "basis",
        "day",
        "channel",
        "conversions",
        "revenue",
        "spend",
        "visits",
        "leads",
        "cac",
        "cpl",
        "roas",
        "roi",
    ];
    assert_eq!(
        found.find("channel_roi", &[("model", "linear")], &columns),
        [
            "conversion 2026-01-01 Paid Social 0 0 0 1 0 NULL NULL NULL NULL",
            "conversion 2026-01-02 Paid Social 1 200 50 1 1 50.000000 50.000000 4.000000 1.500000",
            "conversion 2026-01-02 Unattributed 1 1 0 0 0 0.000000 NULL NULL NULL",
            "touch 2026-01-01 Paid Social 0 0 0 1 0 NULL NULL NULL NULL",
            "touch 2026-01-02 Paid Social 1 200 50 1 1 50.000000 50.000000 4.000000 1.500000",
            "touch 2026-01-02 Unattributed 1 1 0 0 0 0.000000 NULL NULL NULL",
        ]
    );
    assert_eq!(found.of("channel_roi").len(), 6 * 8);
}
