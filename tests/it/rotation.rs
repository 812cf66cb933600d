//! The key of the identifiers' hashes is rotated in mid-stream, in memory: the
//! views are those of a life with one key.

use throughline_processor::MemoryStore;
use throughline_tests::rotation::keys;
use throughline_tests::traffic::Plan;

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
