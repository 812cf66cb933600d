//! Two workers of one process, which share a store, have one partition at once:
//! the one has lost it and does not know yet, the other was given it.

use fastrand::Rng;
use throughline_processor::{FjallStore, StoreOptions};
use throughline_stream::{Role as _, Step};
use throughline_tests::traffic::Plan;

use crate::rig::Rig;
use crate::rows;

/// Events of a plan.
const EVENTS: usize = 300;

#[test]
fn a_worker_that_has_lost_its_partitions_spoils_nothing_for_its_neighbour() {
    for seed in 0..10 {
        let plan = Plan::new(seed, EVENTS);
        let records = plan.records();
        let (expected, _) = rows::expected(&plan, &records);
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            path: directory.path().to_owned(),
            cache_bytes: 8 << 20,
        };
        let store = FjallStore::open(&options).unwrap();
        let mut rig = Rig::new(&plan);
        let mut rng = Rng::with_seed(seed);
        let (before, after) = records.split_at(records.len() / 2);
        for (topic, value) in before {
            rig.put(topic, value);
        }
        rig.ingest();

        let mut loser = rig.worker(store.clone());
        for _ in 0..rng.usize(2..20) {
            loser.step().unwrap();
        }
        let mut neighbour = rig.worker(store.clone());
        let thread = std::thread::spawn(move || {
            for _ in 0..rng.usize(5..60) {
                neighbour.step().unwrap();
            }
        });
        // It works on, and finishes what it has, until it hears of its loss.
        while !thread.is_finished() && loser.step().unwrap() == Step::Worked {}
        loser.finish().unwrap();
        drop(loser);
        thread.join().unwrap();

        for (topic, value) in after {
            rig.put(topic, value);
        }
        rig.ingest();
        rig.process(store, None);
        rows::assert_equal(
            &expected,
            &rows::actual(&rig.tables()),
            &format!("seed {seed}"),
        );
    }
}
