//! A processor that dies at any step goes on from its store, and the rows are
//! those of a life without a crash.

use fastrand::Rng;
use throughline_processor::{FjallStore, MemoryStore, StoreOptions};
use throughline_tests::traffic::Plan;

use crate::rig::Rig;
use crate::rows;

/// Events of a plan.
const EVENTS: usize = 400;

#[test]
fn a_processor_that_dies_anywhere_changes_no_row() {
    for seed in 0..6 {
        let plan = Plan::new(seed, EVENTS);
        let records = plan.records();
        let (expected, _) = rows::expected(&plan, &records);
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            path: directory.path().to_owned(),
            cache_bytes: 8 << 20,
        };
        let store = || FjallStore::open(&options).unwrap();
        let mut rig = Rig::new(&plan);
        let mut rng = Rng::with_seed(seed);
        for (index, (topic, value)) in records.iter().enumerate() {
            rig.put(topic, value);
            if index % 20 == 0 {
                rig.ingest();
                rig.process(store(), Some(rng.usize(1..12)));
            }
        }
        rig.ingest();
        rig.process(store(), None);
        rows::assert_equal(
            &expected,
            &rows::actual(&rig.tables()),
            &format!("seed {seed}"),
        );
    }
}

#[test]
fn one_log_gives_the_same_bytes_twice() {
    let plan = Plan::new(7, EVENTS);
    let records = plan.records();
    let bytes = || {
        let mut rig = Rig::new(&plan);
        for (topic, value) in &records {
            rig.put(topic, value);
        }
        rig.ingest();
        rig.process(MemoryStore, None);
        rig.rows()
    };
    let first = bytes();
    assert!(!first.is_empty());
    assert!(first == bytes(), "two runs over one log differ");
}
