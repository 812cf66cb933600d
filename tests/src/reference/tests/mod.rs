//! Hand-computed cases for every clause of the contract.
//!
//! A case is a ledger: one event a line, `topic id day hh:mm[:ss[.mmm]] field=value …`, in January 2026 unless the day
//! is a whole date, with `v=` short for the visitor and a URL given to every hit.

mod costs;
mod deals;
mod identity;
mod journeys;
mod leases;
mod records;
mod tables;
mod traffic;
mod visits;

use super::{Reference, Settings, Tables};

/// The record's Kafka timestamp in all cases: 2026-12-31T00:00:00Z.
const RECEIVED: i64 = 1_798_675_200_000;
const NUMBERS: [&str; 6] = [
    "hour",
    "impressions",
    "clicks",
    "wait_seconds",
    "talk_seconds",
    "quality_score",
];

/// A ledger's line as a topic and a JSON value.
fn event(line: &str) -> (String, String) {
    let mut words = line.split_whitespace();
    let mut word = || words.next().unwrap_or_else(|| panic!("too short: {line}"));
    let (topic, id, day, time) = (word(), word(), word(), word());
    let day = if day.len() > 2 {
        day.to_owned()
    } else {
        format!("2026-01-{day}")
    };
    let time = if time.len() == 5 {
        format!("{time}:00")
    } else {
        time.to_owned()
    };
    let mut fields = vec![format!(
        "\"event_id\":\"{id}\",\"occurred_at\":\"{day}T{time}Z\""
    )];
    if topic == "web" && !line.contains(" url=") {
        fields.push("\"url\":\"https://shop.example.com/\"".to_owned());
    }
    for word in words {
        let (name, value) = word.split_once('=').unwrap();
        let name = if name == "v" { "visitor_id" } else { name };
        let quote = if NUMBERS.contains(&name) { "" } else { "\"" };
        fields.push(format!("\"{name}\":{quote}{value}{quote}"));
    }
    (topic.to_owned(), format!("{{{}}}", fields.join(",")))
}

fn reference(settings: Settings, ledger: &str) -> Reference {
    let mut reference = Reference::new(settings);
    for line in ledger.lines().filter(|line| !line.trim().is_empty()) {
        let (topic, json) = event(line);
        if let Err(rejected) = reference.record(&topic, json.as_bytes(), RECEIVED) {
            panic!("{line}: {rejected}");
        }
    }
    reference
}

fn compute_with(settings: Settings, ledger: &str) -> Tables {
    reference(settings, ledger).compute()
}

fn compute(ledger: &str) -> Tables {
    compute_with(Settings::default(), ledger)
}
