//! The key of the identifiers' hashes is rotated in mid-stream, in memory: the
//! views are those of a life with one key. On Kafka, a key that is just replaced
//! is refused. (`privacy` rotates it on all services.)

use throughline_processor::MemoryStore;
use throughline_stream::Outgoing;
use throughline_tests::reference::Settings;
use throughline_tests::rotation::keys;
use throughline_tests::traffic::Plan;

use crate::installation::Installation;
use crate::rig::Rig;
use crate::rows::{self, Records};

/// Events of a plan.
const EVENTS: usize = 400;
/// The keys, as they follow one another. The first is the one of every rig.
const KEYS: [[u8; 32]; 3] = [[7; 32], [8; 32], [9; 32]];

/// Puts a part of the records into the line and lets ingest work it off.
fn take(rig: &mut Rig<'_>, records: &Records, part: usize, parts: usize) {
    let size = records.len().div_ceil(parts);
    for (topic, value) in records.iter().skip(part * size).take(size) {
        rig.put(topic, value);
    }
    rig.ingest();
}

#[test]
fn a_key_that_is_rotated_in_mid_stream_splits_nobody() {
    for seed in 0..8 {
        let plan = Plan::new(seed, EVENTS);
        let records = plan.records();
        let (expected, _) = rows::expected(&plan, &records);
        let mut rig = Rig::new(&plan);
        take(&mut rig, &records, 0, 2);
        rig.go_on_with(keys(&KEYS[..2], true));
        take(&mut rig, &records, 1, 2);
        rig.process(MemoryStore, None);
        let case = format!("seed {seed}");
        rows::assert_equal(&expected, &rows::actual(&rig.tables()), &case);
    }
}

#[test]
fn an_event_that_comes_under_both_keys_is_one_and_the_old_key_may_go() {
    for seed in 20..26 {
        let plan = Plan::new(seed, EVENTS);
        let records = plan.records();
        let (expected, _) = rows::expected(&plan, &records);
        let mut rig = Rig::new(&plan);
        take(&mut rig, &records, 0, 3);
        rig.begin_again_with(keys(&KEYS[..2], true));
        take(&mut rig, &records, 1, 3);
        // Everybody who was known by the old key has come since the rotation.
        rig.go_on_with(keys(&KEYS[..2], false));
        take(&mut rig, &records, 2, 3);
        rig.begin_again_with(keys(&KEYS[..2], false));
        rig.ingest();
        rig.process(MemoryStore, None);
        let case = format!("seed {seed}");
        rows::assert_equal(&expected, &rows::actual(&rig.tables()), &case);
    }
}

#[test]
fn once_everybody_has_come_the_key_may_be_rotated_again() {
    for seed in 40..44 {
        let plan = Plan::new(seed, EVENTS);
        let records = plan.records();
        let (expected, _) = rows::expected(&plan, &records);
        let mut rig = Rig::new(&plan);
        take(&mut rig, &records, 0, 3);
        rig.begin_again_with(keys(&KEYS[..2], true));
        take(&mut rig, &records, 1, 3);
        rig.go_on_with(keys(&KEYS, true));
        take(&mut rig, &records, 2, 3);
        rig.process(MemoryStore, None);
        let case = format!("seed {seed}");
        rows::assert_equal(&expected, &rows::actual(&rig.tables()), &case);
    }
}

#[test]
fn without_the_previous_key_clients_would_be_split() {
    let plan = Plan::new(0, EVENTS);
    let records = plan.records();
    let (expected, _) = rows::expected(&plan, &records);
    let mut rig = Rig::new(&plan);
    take(&mut rig, &records, 0, 2);
    rig.go_on_with(keys(&KEYS[..2], false));
    take(&mut rig, &records, 1, 2);
    rig.process(MemoryStore, None);
    let differences = rows::differences(&expected, &rows::actual(&rig.tables()));
    assert!(!differences.is_empty(), "the traffic tells nothing");
}

#[test]
fn keys_that_would_split_clients_are_refused() {
    let [one, other, third] = [
        "8a52cf1d63b0e974a1fd3c2b5e60977f41d80c6be3925af71608bd4e97c3a25f",
        "19e07bd4a8f25c3360bd9187ecf4512a7d3eb60895c1fa42d6087be3914fac5d",
        "c4470be1295d8fa36f03b8127ee9d460a5317c2fd80b964e3ad1f2958c6047eb",
    ];
    let mut line = Installation::new("replaced", &Settings::default());
    line.call(&["topics", "create"]).succeeds();
    let hit =
        r#"{"event_id":"e","occurred_at":1772323200000,"visitor_id":"v","url":"https://a.com/"}"#;
    line.send([Outgoing {
        topic: "web".into(),
        value: Some(hit.into()),
        ..Outgoing::default()
    }]);
    let mut ingest = |identity: [&str; 3]| {
        for (setting, key) in ["key", "previous_key", "stable_key"].iter().zip(identity) {
            line.config["identity"][setting] = key.into();
        }
        line.call(&["ingest", "--until-idle"])
    };
    ingest([one, "", ""]).succeeds();
    for (identity, told) in [
        ([other, "", ""], "identity.key is not the one"),
        ([other, third, one], "identity.key is not the one"),
        ([one, "", other], "identity.stable_key"),
        ([other, one, other], "identity.stable_key"),
    ] {
        let called = ingest(identity);
        assert_eq!(called.code, Some(1), "{}", called.err);
        assert!(called.err.contains(told), "{}", called.err);
        assert!(!called.err.contains(one), "a secret is told");
    }
    ingest([other, one, one]).succeeds();
}
