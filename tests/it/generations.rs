//! Other rules make another generation of figures, and the views show one or
//! the other, never a mixture.

use throughline_proto::topics;
use throughline_tests::reference::Settings;

use crate::faults::logs::Tools;
use crate::installation::{EVENTS_PARTITIONS, Group, Installation};
use crate::process::until;
use crate::traffic;
use crate::written;

/// The settings with other rules.
pub fn changed(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    let tenants = settings.tenants.values_mut();
    for tenant in tenants.chain([&mut settings.default]) {
        tenant.lookback_days = 2;
        tenant.zone = chrono_tz::Tz::Asia__Kolkata;
        tenant.reset_on_conversion = !tenant.reset_on_conversion;
    }
    settings
}

#[test]
fn other_rules_need_another_generation_which_shows_when_it_is_complete() {
    let traffic = traffic::small();
    let before = traffic.plan.settings();
    let mut line = Installation::new("generations", &before);
    traffic.send(&line);
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    let after = changed(&before);
    let expected = traffic.expected_with(&after);
    assert!(!expected.compare(&traffic.expected).is_empty());
    line.config["tenants"] = written::tenants(&after);
    let called = line.call(&["run", "--until-idle"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    assert!(
        called.err.contains("raise `processor.generation` above 1"),
        "{}",
        called.err
    );
    line.assert_views(&traffic.expected);

    // Of the log there is nothing left: the figures come from the state.
    Tools::new(&line).delete_records(&line.topic(topics::EVENTS), EVENTS_PARTITIONS);
    assert_eq!(line.records_of(Group::Processor), 0);
    // Complete for the processor is not complete for the views.
    line.config["processor"]["generation"] = 2.into();
    line.start("processor", &["processor", "--until-idle"])
        .succeeds();
    line.assert_views(&traffic.expected);
    // A sink that is not asked to end switches by itself.
    let mut sink = line.start("sink", &["sink"]);
    until("the second generation shows", || {
        line.query("SELECT max(generation) FROM generations") == "2"
    });
    line.assert_views(&expected);
    sink.stop();

    // Back to the first rules, all roles at once.
    line.config["tenants"] = written::tenants(&before);
    line.config["processor"]["generation"] = 3.into();
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    // The first generation's rows leave, those of the two that are kept stay.
    let rows = |generation: u32| {
        line.query(&format!(
            "SELECT (SELECT count() FROM deal_versions WHERE generation = {generation}) \
             + (SELECT count() FROM credit_cells WHERE generation = {generation})"
        ))
    };
    assert_ne!(rows(1), "0");
    let mut sink = line.start("sink_after", &["sink"]);
    until("the first generation is gone", || rows(1) == "0");
    assert!(rows(2) != "0" && rows(3) != "0");
    line.assert_views(&traffic.expected);
    sink.stop();

    // A rate that begins after the newest event restates nothing.
    let rates = &mut line.config["tenants"]["defaults"]["currency_rates"];
    rates["CHF"] = serde_json::json!([{"from": "2200-01-01", "rate": "1.5"}]);
    line.run_until_idle();
    line.assert_views(&traffic.expected);
    // One that figures were made under does.
    let rates = &mut line.config["tenants"]["defaults"]["currency_rates"];
    rates["CHF"] = serde_json::json!([{"from": "1990-01-01", "rate": "1.5"}]);
    let called = line.call(&["run", "--until-idle"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    assert!(called.err.contains("currency rates"), "{}", called.err);

    line.config["processor"]["generation"] = 1.into();
    let called = line.call(&["run", "--until-idle"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    assert!(called.err.contains("generation 3"), "{}", called.err);
}

/// The rules change in the middle of the traffic, and the processor dies again
/// and again: the views show the first generation as it was, until they show
/// the second, which is whole.
#[test]
fn a_generation_that_begins_under_load_shows_when_it_is_complete() {
    let traffic = traffic::small();
    let before = traffic.plan.settings();
    let mut line = Installation::new("generations_load", &before);
    let records: Vec<_> = traffic.outgoing().map(|(_, record)| record).collect();
    let (first, second) = records.split_at(records.len() / 2);
    line.call(&["topics", "create"]).succeeds();
    line.send(first.to_vec());
    line.run_until_idle();
    let shown = line.views();

    let after = changed(&before);
    line.config["tenants"] = written::tenants(&after);
    line.config["processor"]["generation"] = 2.into();
    let mut others = [
        line.start("ingest", &["ingest"]),
        line.start("sink", &["sink"]),
    ];
    let mut kills = 0;
    for part in second.chunks(second.len() / 4 + 1) {
        line.send(part.to_vec());
        let mut processor = line.start("processor", &["processor"]);
        until("it is at work", || processor.output().contains("assigned"));
        processor.kill();
        kills += 1;
        let views = line.views();
        if line.query("SELECT max(generation) FROM generations") == "1" {
            let differences = shown.compare(&views);
            assert!(differences.is_empty(), "{}", differences.join("\n"));
        }
    }
    assert_eq!(kills, 4);
    for other in &mut others {
        other.stop();
    }
    line.run_until_idle();
    line.assert_views(&traffic.expected_with(&after));
    assert_eq!(line.query("SELECT max(generation) FROM generations"), "2");
}
