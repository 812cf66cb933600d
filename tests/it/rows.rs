//! What the line gives and what it must give, as the reference's tables.

use clap::ValueEnum as _;
use throughline::attribute::{self, Format, ViewName};
use throughline_tests::reference::{Reference, Tables};
use throughline_tests::traffic::Plan;

/// The records of a plan: topic and value.
pub type Records = Vec<(&'static str, Vec<u8>)>;

/// What the reference makes of the records, and how many it rejects.
pub fn expected(plan: &Plan, records: &Records) -> (Tables, usize) {
    let mut reference = Reference::new(plan.settings());
    let mut rejected = 0;
    for (topic, value) in records {
        rejected += usize::from(reference.record(topic, value, plan.received_ms()).is_err());
    }
    (reference.compute(), rejected)
}

/// The views over the newest rows that the line gave.
pub fn actual(rows: &attribute::Tables) -> Tables {
    let mut tables = Tables::default();
    for view in ViewName::value_variants() {
        let mut lines = Vec::new();
        view.of(rows).write(Format::Jsonl, &mut lines).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        tables.load(name(*view), &lines).unwrap();
    }
    tables
}

/// What differs in the views that [`actual`] has; the others need ClickHouse.
pub fn differences(expected: &Tables, actual: &Tables) -> Vec<String> {
    let mut offered = Tables::default();
    for view in ViewName::value_variants() {
        offered.set(name(*view), expected.of(name(*view)).to_vec());
    }
    offered.compare(actual)
}

/// Sees that there are no [`differences`].
pub fn assert_equal(expected: &Tables, actual: &Tables, case: &str) {
    let differences = differences(expected, actual);
    assert!(
        differences.is_empty(),
        "{case}:\n{}",
        differences.join("\n")
    );
    assert!(
        !actual.of("credits").is_empty(),
        "{case}: the traffic earned nothing"
    );
}

fn name(view: ViewName) -> &'static str {
    match view {
        ViewName::ChannelRoi => "channel_roi",
        ViewName::ChannelHourly => "channel_hourly",
        ViewName::TrafficHourly => "traffic_hourly",
        ViewName::Credits => "credits",
        ViewName::Deals => "deals",
        ViewName::DealEvents => "deal_events",
        ViewName::Touchpoints => "touchpoints",
    }
}
