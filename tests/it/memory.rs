//! The line in memory gives the reference's rows, whatever the order, the
//! repetitions and the number of partitions.

use std::sync::{Arc, Mutex};

use fastrand::Rng;
use throughline::attribute::{Line, Tables};
use throughline_proto::rollups::Basis;
use throughline_proto::topics::RawTopic;
use throughline_tests::traffic::Plan;

use crate::configure;
use crate::rows::{self, Records};

/// Events of a small plan.
const EVENTS: usize = 400;

/// Runs the records through a line, `burst` of them after the other.
fn run(plan: &Plan, records: &Records, partitions: u32, burst: usize) -> Line {
    let settings = plan.settings();
    let mut line = Line::new(
        &configure::ingest(&settings, partitions),
        &throughline_processor::Config {
            cells_at_end: burst.is_multiple_of(2),
            ..configure::processor(partitions)
        },
        &Arc::new(configure::rules(&settings)),
        plan.received_ms(),
    )
    .unwrap();
    let topics: Vec<Arc<str>> = RawTopic::ALL
        .iter()
        .map(|topic| topic.name().into())
        .collect();
    for burst in records.chunks(burst) {
        let waiting = Mutex::new(burst.iter().enumerate());
        line.run(&|load| {
            // A few each, so that every thread gets some.
            for (at, (topic, value)) in waiting.lock().unwrap().by_ref().take(3) {
                let topic = topics.iter().find(|name| &***name == *topic).unwrap();
                load.push(topic, 0, at as i64, value);
            }
            Ok(())
        })
        .unwrap();
    }
    line
}

#[test]
fn any_number_of_partitions_gives_the_references_rows() {
    for seed in 0..12 {
        let plan = Plan::new(seed, EVENTS);
        let records = plan.records();
        let (expected, rejected) = rows::expected(&plan, &records);
        for partitions in [1, 3, 8] {
            let line = run(&plan, &records, partitions, 1 + seed as usize * 5);
            let case = format!("seed {seed}, {partitions} partitions");
            rows::assert_equal(&expected, &rows::actual(&line.tables()), &case);
            let dead: u64 = line.rejected().values().sum();
            assert_eq!(dead, rejected as u64, "{case}: rejected records");
        }
    }
}

#[test]
fn order_and_repetition_change_nothing() {
    for seed in 100..110 {
        let plan = Plan::new(seed, EVENTS);
        let mut records = plan.records();
        let (expected, _) = rows::expected(&plan, &records);
        let mut rng = Rng::with_seed(seed);
        let repeated: Records = records
            .iter()
            .filter(|_| rng.u8(..4) == 0)
            .cloned()
            .collect();
        records.extend(repeated);
        rng.shuffle(&mut records);
        let line = run(&plan, &records, 3, 7);
        let case = format!("seed {seed}, shuffled");
        rows::assert_equal(&expected, &rows::actual(&line.tables()), &case);
        records.reverse();
        let line = run(&plan, &records, 5, 50);
        let case = format!("seed {seed}, reversed");
        rows::assert_equal(&expected, &rows::actual(&line.tables()), &case);
    }
}

#[test]
fn every_model_and_basis_gives_back_the_crms_revenue() {
    let plan = Plan {
        erasures_per_mille: 0,
        ..Plan::new(11, 2000)
    };
    let line = run(&plan, &plan.records(), 3, 20);
    let tables: &Tables = &line.tables();
    let mut won = 0;
    let mut revenue = 0;
    for (_, deal) in tables.deals.values() {
        let deal = deal.as_ref().expect("deals are never deleted");
        if deal.won_at.is_some() {
            won += 1;
            let [_, _, net, _, _] = deal.figures;
            revenue += net;
        }
    }
    assert!(won > 20, "the traffic has deals");
    let mut sums = std::collections::BTreeMap::new();
    for basis in [Basis::Conversion, Basis::Touch] {
        for (_, cell) in tables.credit_cells[basis as usize].values() {
            for (model, figures) in cell.iter().flat_map(|cell| &cell.shares) {
                let model = tables.names.text(*model).to_owned();
                let sum = sums.entry((basis.name(), model)).or_insert((0, 0));
                sum.0 += figures[0];
                sum.1 += figures[2];
            }
        }
    }
    assert_eq!(sums.len(), 16, "eight models in two bases");
    for (key, sum) in sums {
        assert_eq!(sum, (won * 1_000_000, revenue), "{key:?}");
    }
}
