//! The whole line as separate processes on real services, against the
//! reference.

use std::collections::BTreeMap;

use crate::installation::Installation;
use crate::traffic;

#[test]
fn separate_processes_give_the_references_rows() {
    let traffic = traffic::large();
    let line = Installation::new("whole", &traffic.plan.settings());
    line.call(&["topics", "create"]).succeeds();
    let mut roles = vec![
        line.start("ingest-1", &["ingest"]),
        line.start("ingest-2", &["ingest"]),
        line.start_processor("processor-1"),
        line.start_processor("processor-2"),
    ];
    traffic.send(&line);
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    for role in &mut roles {
        role.stop();
    }
    line.assert_views(&traffic.expected);
    let dead_letters = line.query("SELECT count() FROM dead_letters");
    assert_eq!(dead_letters, traffic.rejected.to_string());
    assert_events_stand_at_their_origins(&line);
}

/// The record that a deal's event names as its own says that event.
fn assert_events_stand_at_their_origins(line: &Installation) {
    let records: BTreeMap<_, _> = line
        .records("deals")
        .into_iter()
        .map(|record| {
            let place = (record.partition.to_string(), record.offset.to_string());
            (place, record.value.unwrap_or_default())
        })
        .collect();
    let rows = line.query(
        "SELECT origin_partition, origin_offset, origin_topic, event_id, deal_id FROM deal_events",
    );
    for row in rows.lines() {
        let cells: Vec<_> = row.split('\t').collect();
        let [partition, offset, topic, event_id, deal_id] = cells[..] else {
            panic!("{row}");
        };
        assert_eq!(topic, line.topic("deals"));
        let value = &records[&(partition.to_owned(), offset.to_owned())];
        let value = String::from_utf8_lossy(value);
        assert!(
            value.contains(event_id) && value.contains(deal_id),
            "{row} is not in {value}"
        );
    }
}
