//! The dashboard: how long its pages take on a large history.

use std::time::Instant;

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use throughline_tests::live::http;
use throughline_tests::live::process::until;

use crate::figures;
use crate::line::Line;
use crate::options::Options;
use crate::table::Row;

/// How many days the history has.
const DAYS: &str = "90";
/// Broken records for each event.
const JUNK: &str = "0.002";
/// Every page is asked for so often, each time for another view.
const VIEWS: usize = 25;
/// The tables whose parts ClickHouse merges into one by itself, ten minutes after they were inserted.
const MERGED: [&str; 5] = [
    "traffic_cells",
    "credit_cells",
    "credit_versions",
    "deal_versions",
    "call_versions",
];
/// The pages of the menu, and a deal's.
const PAGES: [&str; 9] = [
    "/",
    "/channels",
    "/models",
    "/journeys",
    "/calls",
    "/funnel",
    "/managers",
    "/live",
    "/deal",
];

/// Times of pages, over views by chance: of a period of 7, 30 or 90 days, in any
/// model and basis, of everything or without some channels.
pub fn measure(options: &Options) -> Vec<Row> {
    let mut line = Line::at_rest("dashboard");
    let events = options.history.to_string();
    let generate = [
        "generate",
        "--kafka",
        "--events",
        &events,
        "--until-count",
        &events,
        "--days",
        DAYS,
        "--seed",
        "42",
        "--tenants",
        "2",
        "--junk",
        JUNK,
    ];
    line.call(&generate);
    line.call(&["run", "--until-idle"]);
    let address = http::free_address();
    line.config["dashboard"] =
        serde_json::json!({"listen": address, "requests_per_minute": 1_000_000});
    let mut running = line.begin(vec![("dashboard".to_owned(), line.command(&["dashboard"]))]);
    let is_there = |page: &str| http::get(&address, page).is_ok_and(|(status, _)| status == 200);
    until("the dashboard knows the tenants", || {
        is_there("/?model=linear")
    });
    for table in MERGED {
        line.query(&format!("OPTIMIZE TABLE {table} FINAL"));
    }
    let addresses = addresses(&line);
    let mut times: Vec<(f64, &str)> = Vec::new();
    for (page, address_of_page) in &addresses {
        let begun = Instant::now();
        let (status, body) = http::get(&address, address_of_page).unwrap();
        times.push((begun.elapsed().as_secs_f64() * 1000.0, page));
        assert!(
            status == 200 && body.contains("<data "),
            "{address_of_page}: {status}"
        );
    }
    running.stop();
    for page in PAGES {
        let of_page: Vec<_> = times
            .iter()
            .filter(|(_, of)| *of == page)
            .map(|(ms, _)| *ms)
            .collect();
        eprintln!(
            "{page}: p50 {:.0} ms, p95 {:.0} ms",
            share(&of_page, 0.5),
            share(&of_page, 0.95)
        );
    }
    let all: Vec<_> = times.iter().map(|(ms, _)| *ms).collect();
    let one = |figure, value| Row {
        figure,
        values: vec![value],
    };
    vec![
        one(&figures::PAGES_HALF, share(&all, 0.5)),
        one(&figures::PAGES_MOST, share(&all, 0.95)),
    ]
}

/// Views by chance, the pages in turns.
fn addresses(line: &Line) -> Vec<(&'static str, String)> {
    let last =
        line.query("SELECT max(day) FROM channel_roi WHERE tenant = 'default' AND revenue > 0");
    let last: NaiveDate = last.parse().unwrap();
    let deals = line.query(
        "SELECT deal_id FROM deals WHERE tenant = 'default' AND won_at IS NOT NULL ORDER BY cityHash64(deal_id) LIMIT 100",
    );
    let deals: Vec<_> = deals.lines().collect();
    let models = [
        "linear",
        "last_touch",
        "time_decay",
        "position_based",
        "full_path",
    ];
    let channels = ["Direct", "Email", "Calls", "Display", "Paid%20Social"];
    let mut rng = Rng::with_seed(42);
    let mut all = Vec::new();
    for _ in 0..VIEWS {
        for page in PAGES {
            let days = [7, 30, 90][rng.usize(..3)];
            let first = last - Days::new(days - 1);
            let model = models[rng.usize(..models.len())];
            let basis = ["conversion", "touch"][rng.usize(..2)];
            let mut address = format!("{page}?period={first}..{last}&model={model}&basis={basis}");
            if rng.bool() {
                address.push_str("&not_channel=");
                address.push_str(channels[rng.usize(..channels.len())]);
            }
            if page == "/deal" {
                address.push_str("&deal=");
                address.push_str(deals[rng.usize(..deals.len())]);
            }
            if page == "/channels" && rng.bool() {
                address.push_str("&level=campaign&versus=first_touch");
            }
            all.push((page, address));
        }
    }
    all
}

/// What so large a share of values does not exceed.
fn share(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}
