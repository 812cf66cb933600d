//! A generation that is restated from the state is the one that a fold of the
//! whole log by its rules gives, wherever it began and whoever died meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use fastrand::Rng;
use throughline::attribute;
use throughline_channels::RuleSpec;
use throughline_processor::{FjallStore, MemoryStore, ProcessorError, StoreOptions};
use throughline_proto::rollups::{Batch, Table};
use throughline_tests::reference::Settings;
use throughline_tests::simulate::{RowTable, Writing};
use throughline_tests::traffic::Plan;

use crate::configure;
use crate::rig::{Rig, live};
use crate::rows;

/// Events of a plan.
const EVENTS: usize = 400;

/// Other rules, one kind of them after the other; the last has all at once.
fn changes(settings: &Settings) -> Vec<(&'static str, Settings, Vec<RuleSpec>)> {
    let with = |change: &dyn Fn(&mut throughline_tests::reference::settings::Tenant)| {
        let mut settings = settings.clone();
        let named = settings.tenants.values_mut();
        named.chain([&mut settings.default]).for_each(change);
        settings
    };
    let channel = |name: &str| RuleSpec {
        channel: name.to_owned(),
        when: Vec::new(),
    };
    let all = with(&|tenant| {
        tenant.lookback_days = 3;
        tenant.reset_on_conversion = !tenant.reset_on_conversion;
        tenant.models.rotate_left(3);
        tenant.models.pop();
        tenant.zone = Tz::Asia__Kolkata;
        tenant.rates.clear();
    });
    vec![
        ("lookback", with(&|tenant| tenant.lookback_days = 2), vec![]),
        (
            "reset",
            with(&|tenant| tenant.reset_on_conversion = !tenant.reset_on_conversion),
            vec![],
        ),
        ("models", with(&|tenant| tenant.models.reverse()), vec![]),
        (
            "time zone",
            with(&|tenant| tenant.zone = Tz::America__New_York),
            vec![],
        ),
        (
            "currency",
            with(&|tenant| "EUR".clone_into(&mut tenant.currency)),
            vec![],
        ),
        ("rates", with(&|tenant| tenant.rates.clear()), vec![]),
        ("channels", settings.clone(), vec![channel("Everything")]),
        ("all", all, vec![channel("Unattributed")]),
    ]
}

fn store(path: &Path) -> FjallStore {
    let options = StoreOptions {
        path: path.to_owned(),
        cache_bytes: 8 << 20,
    };
    FjallStore::open(&options).unwrap()
}

/// The rows of a generation; none of one key and version may differ.
fn rows_of(rig: &Rig, generation: u32) -> RowTable {
    let mut table = RowTable::default();
    for value in rig.rows() {
        // Links are of no generation, nor are erasures.
        let batch = Batch::read(&value).unwrap().0;
        if batch.generation == generation && !matches!(batch.table, Table::Links | Table::Erasures)
        {
            table.add(&value, Writing::default()).unwrap();
        }
    }
    table
}

/// What they say, without versions; without tombstones, and cells that are zero.
fn said(table: &RowTable) -> BTreeMap<String, String> {
    let rows = table.0.iter();
    rows.filter_map(|((table, key), (_, row))| {
        let row = row.as_ref()?;
        Some((format!("{table:?} {key:?}"), format!("{row:?}")))
    })
    .collect()
}

/// What a fold of the rig's log gives from its beginning: memory has no
/// generation before the one that it is told.
fn folded(rig: &Rig, settings: &Settings, channels: &[RuleSpec]) -> BTreeMap<String, String> {
    const GENERATION: u32 = 9;
    let rules = configure::rules_of_generation(GENERATION, settings, channels);
    live(rig.worker_with(MemoryStore, Arc::new(rules)), None).unwrap();
    said(&rows_of(rig, GENERATION))
}

fn assert_same(case: &str, restated: &BTreeMap<String, String>, folded: &BTreeMap<String, String>) {
    let differences: Vec<_> = folded
        .iter()
        .filter(|(key, row)| restated.get(*key) != Some(row))
        .map(|(key, row)| format!("{key}: {:?} instead of {row}", restated.get(key)))
        .chain(
            restated
                .keys()
                .filter(|key| !folded.contains_key(*key))
                .map(|key| format!("{key} is too many")),
        )
        .collect();
    let few = &differences[..differences.len().min(5)];
    assert!(
        few.is_empty(),
        "{case}: {} differences\n{}",
        differences.len(),
        few.join("\n")
    );
}

/// Two stores, one further than the other, are restated by workers that die all
/// the time, while more comes.
#[test]
fn any_change_of_rules_gives_what_a_fold_from_the_beginning_gives() {
    let plan = Plan::new(21, EVENTS);
    let records = plan.records();
    for (seed, (case, settings, channels)) in changes(&plan.settings()).into_iter().enumerate() {
        let rules = Arc::new(configure::rules_of_generation(2, &settings, &channels));
        let directory = tempfile::tempdir().unwrap();
        let (near, far) = (directory.path().join("near"), directory.path().join("far"));
        let mut rng = Rng::with_seed(seed as u64);
        let mut rig = Rig::new(&plan);
        let (first, rest) = records.split_at(EVENTS / 3);
        let (second, third) = rest.split_at(EVENTS / 3);
        for (topic, value) in first {
            rig.put(topic, value);
        }
        rig.ingest();
        rig.process(store(&near), None);
        for (topic, value) in second {
            rig.put(topic, value);
        }
        rig.ingest();
        rig.process(store(&far), None);
        let old = rows_of(&rig, 1);
        for path in [&near, &far, &near, &far] {
            for _ in 0..4 {
                let steps = Some(rng.usize(1..14));
                live(rig.worker_with(store(path), Arc::clone(&rules)), steps).unwrap();
            }
        }
        for (topic, value) in third {
            rig.put(topic, value);
        }
        rig.ingest();
        for path in [&near, &far] {
            live(rig.worker_with(store(path), Arc::clone(&rules)), None).unwrap();
        }
        assert_eq!(old, rows_of(&rig, 1), "{case}: the old generation changed");
        let restated = said(&rows_of(&rig, 2));
        for table in [
            Table::Costs,
            Table::Calls,
            Table::Identities,
            Table::Tenants,
        ] {
            let name = format!("{table:?}");
            assert!(restated.keys().any(|key| key.starts_with(&name)), "{name}");
        }
        assert_same(case, &restated, &folded(&rig, &settings, &channels));
    }
}

/// The reference reads the raw events by the new rules, the line the state that
/// it made of them by the old ones.
#[test]
fn another_time_zone_gives_the_references_rows() {
    let plan = Plan::new(5, EVENTS);
    let records = plan.records();
    let mut settings = plan.settings();
    for tenant in settings.tenants.values_mut() {
        tenant.zone = Tz::Australia__Adelaide;
    }
    settings.default.zone = Tz::Australia__Adelaide;
    let rules = Arc::new(configure::rules_of_generation(2, &settings, &[]));
    let directory = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(&plan);
    for (topic, value) in &records {
        rig.put(topic, value);
    }
    rig.ingest();
    rig.process(store(directory.path()), None);
    live(rig.worker_with(store(directory.path()), rules), None).unwrap();
    let mut tables = attribute::Tables::default();
    for value in rig.rows() {
        if Batch::read(&value).unwrap().0.generation == 2 {
            tables.add(&value).unwrap();
        }
    }
    let mut reference = throughline_tests::reference::Reference::new(settings);
    for (topic, value) in &records {
        let _ = reference.record(topic, value, plan.received_ms());
    }
    rows::assert_equal(&reference.compute(), &rows::actual(&tables), "time zone");
}

/// Who does not know the rules of the generation that the log goes on in ends,
/// and so does who comes with older or other ones.
#[test]
fn a_worker_of_another_generation_ends_with_the_way_out() {
    let plan = Plan::new(3, EVENTS);
    let mut rig = Rig::new(&plan);
    for (topic, value) in plan.records() {
        rig.put(topic, &value);
    }
    rig.ingest();
    let settings = plan.settings();
    let directory = tempfile::tempdir().unwrap();
    let (new, old) = (directory.path().join("new"), directory.path().join("old"));
    let rules = |generation| Arc::new(configure::rules_of_generation(generation, &settings, &[]));
    rig.process(store(&new), None);
    rig.process(store(&old), None);
    // One step takes over, and says what comes.
    live(rig.worker_with(store(&new), rules(2)), Some(1)).unwrap();
    let error = rig.try_process(store(&old), None).unwrap_err();
    assert!(
        matches!(
            error,
            ProcessorError::Announced {
                announced: 2,
                configured: 1,
                ..
            }
        ),
        "{error}"
    );
    live(rig.worker_with(store(&new), rules(2)), Some(5)).unwrap();
    for generation in [3, 4] {
        live(rig.worker_with(store(&new), rules(generation)), None).unwrap();
    }
    let error = live(rig.worker_with(store(&new), rules(3)), None).unwrap_err();
    assert!(
        matches!(
            error,
            ProcessorError::Rules {
                stored: 4,
                configured: 3,
                ..
            }
        ),
        "{error}"
    );
    assert_same(
        "fourth",
        &said(&rows_of(&rig, 4)),
        &folded(&rig, &settings, &[]),
    );
    // Without state, a log that knows its generation is folded up to there and restated.
    let before = said(&rows_of(&rig, 4));
    live(
        rig.worker_with(store(&directory.path().join("fresh")), rules(4)),
        None,
    )
    .unwrap();
    assert_eq!(before, said(&rows_of(&rig, 4)));
}
