//! What generated traffic must be: repeatable, valid, in order, and lively.

mod live;
mod shape;
mod valid;

use chrono::NaiveDate;
use throughline_proto::topics::RawTopic;

use super::files::write_order;
use super::outbox::Parcel;
use super::plan::Order;
use super::time::{At, DAY};
use super::world::World;

/// Three weeks of a small market.
fn order(seed: u64, junk: f64) -> Order {
    let from = At::midnight(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap());
    Order {
        seed,
        from,
        to: from + 21 * DAY,
        events: 12_000,
        clients: None,
        junk,
        tenants: 1,
        live_rate: None,
    }
}

fn parcels(order: &Order) -> Vec<Parcel> {
    World::new(order).collect()
}

/// The lines of a topic as JSON.
fn events(parcels: &[Parcel], topic: RawTopic) -> Vec<serde_json::Value> {
    let lines = parcels.iter().filter(|parcel| parcel.topic == topic);
    lines
        .map(|parcel| serde_json::from_str(&parcel.line).unwrap())
        .collect()
}

/// When an event happened, by its own words.
fn occurred_at(event: &serde_json::Value) -> At {
    let event = match event {
        serde_json::Value::Array(events) => &events[0],
        event => event,
    };
    match &event["occurred_at"] {
        serde_json::Value::String(text) => At(chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()),
        number => At(number.as_i64().unwrap()),
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let read = |order: &Order| {
        let directory = tempfile::tempdir().unwrap();
        write_order(order, directory.path()).unwrap();
        let mut files: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_owned();
                (name, std::fs::read(path).unwrap())
            })
            .collect();
        files.sort();
        files
    };
    let (once, again) = (read(&order(7, 0.01)), read(&order(7, 0.01)));
    assert_eq!(once.len(), RawTopic::ALL.len() + 1);
    assert!(once == again);
    let other = read(&order(8, 0.01));
    for ((name, bytes), (_, others)) in once.iter().zip(&other) {
        assert!(
            bytes != others,
            "{} does not depend on the seed",
            name.display()
        );
    }
}

#[test]
fn as_many_events_come_out_as_were_asked_for() {
    for (events, tenants) in [(500, 1), (3000, 1), (12_000, 2), (60_000, 1)] {
        let order = Order {
            events,
            tenants,
            ..order(3, 0.002)
        };
        let directory = tempfile::tempdir().unwrap();
        let (summary, _) = write_order(&order, directory.path()).unwrap();
        // The last record may be a report of several campaigns.
        let more = summary.events.checked_sub(events);
        assert!(more.is_some_and(|more| more < 3), "{summary}");
    }
}

#[test]
fn records_arrive_in_order_and_after_they_happened() {
    let order = order(11, 0.0);
    let mut before = order.from;
    for parcel in parcels(&order) {
        let event: serde_json::Value = serde_json::from_str(&parcel.line).unwrap();
        let at = occurred_at(&event);
        assert!(at >= order.from && at <= parcel.arrival, "{}", parcel.line);
        assert!(before <= parcel.arrival && parcel.arrival <= order.to);
        before = parcel.arrival;
    }
}
