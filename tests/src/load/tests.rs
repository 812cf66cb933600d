//! The load is what it says it is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// The events of a small plan, read as JSON.
fn events(plan: Plan) -> (Vec<(RawTopic, Value)>, Counts) {
    let mut load = Load::new(plan);
    let mut events = Vec::new();
    while let Some((topic, value)) = load.event() {
        events.push((topic, serde_json::from_slice(value).expect("an object")));
    }
    (events, load.counts())
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_one_others() {
    let plan = Plan::new(2_000);
    assert_eq!(events(plan).0, events(plan).0);
    assert_ne!(events(plan).0, events(Plan { seed: 43, ..plan }).0);
}

#[test]
fn the_mix_is_as_documented() {
    let (events, counts) = events(Plan::new(100_000));
    let shares = TOPICS.map(|topic| counts.of(topic) / 100);
    for (share, expected) in shares.into_iter().zip([940, 30, 20, 10]) {
        assert!(share.abs_diff(expected) <= 4, "{shares:?} per mille");
    }
    assert_eq!(counts.events.iter().sum::<u64>(), 100_000);
    let ids: BTreeSet<_> = events.iter().map(|(_, e)| e["event_id"].as_str()).collect();
    assert_eq!(ids.len(), events.len(), "ids differ");
    let hits = events.iter().filter(|(topic, _)| *topic == RawTopic::Web);
    let urls = hits.map(|(_, hit)| hit["url"].as_str().unwrap_or_default());
    let tagged = urls.filter(|url| url.contains("utm_source=")).count();
    assert!(
        (78_900..=80_900).contains(&tagged),
        "{tagged} hits are tagged"
    );
    let visitor = |event: &Value| event["visitor_id"].as_str().map(str::to_owned);
    let visitors: BTreeSet<_> = events.iter().filter_map(|(_, e)| visitor(e)).collect();
    assert!(
        (9_700..=10_000).contains(&visitors.len()),
        "{}",
        visitors.len()
    );
    let named = ["visitor_id", "phone", "caller_phone", "email", "deal_id"];
    let named = events
        .iter()
        .flat_map(|(_, event)| named.map(|name| event[name].as_str()));
    let named: BTreeSet<_> = named.flatten().collect();
    assert_eq!(counts.identifiers, named.len() as u64);
}

#[test]
fn every_record_is_valid_and_is_counted_by_the_reference() {
    use crate::reference::{Reference, Settings};
    let plan = Plan::new(3_000);
    let mut reference = Reference::new(Settings::default());
    let mut load = Load::new(plan);
    while let Some((topic, value)) = load.event() {
        let record = reference.record(topic.name(), value, FIRST_MS + SPAN_MS);
        assert!(record.is_ok(), "{}", String::from_utf8_lossy(value));
    }
    assert!(load.counts().of(RawTopic::Deals) > 0);
}

#[test]
fn files_hold_what_is_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let counts = Plan::new(1_000).write(directory.path()).expect("files");
    let mut bytes = 0;
    for topic in TOPICS {
        let name = format!("{}.jsonl", topic.name());
        let text = std::fs::read_to_string(directory.path().join(name)).expect("a file");
        let lines = text.lines().count() as u64;
        assert_eq!(lines, counts.of(topic), "{topic:?}");
        bytes += text.len() as u64 - lines;
    }
    assert_eq!(bytes, counts.bytes);
}
