//! `throughline verify` and `restate`: what an operator is told of rows that
//! are lost or changed in ClickHouse, what mends them, and what other rules
//! would change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use throughline_proto::topics;
use throughline_tests::reference::{Tables, tables::Cell};

use crate::generations::changed;
use crate::installation::{Called, EVENTS_PARTITIONS, Group, Installation};
use crate::process::until;
use crate::snapshots::newest;
use crate::traffic;
use crate::written;

/// A change of the tables by hand, and waiting until it is done.
fn damage(line: &Installation, sql: &str) {
    line.query(&format!("{sql} SETTINGS mutations_sync = 2"));
}

fn verify(line: &Installation, arguments: &[&str]) -> Called {
    line.call(&[&["verify", "--from-log", "--json"], arguments].concat())
}

/// The comparisons that a call printed.
#[track_caller]
fn reports(called: &Called) -> Vec<Value> {
    let lines = called.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A count of a table.
#[track_caller]
fn count(report: &Value, table: &str, kind: &str) -> u64 {
    let tables = report["tables"].as_array().unwrap();
    let of = tables.iter().find(|entry| entry["table"] == table);
    of.unwrap()[kind].as_u64().unwrap()
}

/// The examples of a table.
fn examples<'a>(report: &'a Value, table: &str) -> &'a Vec<Value> {
    let tables = report["tables"].as_array().unwrap();
    let of = tables.iter().find(|entry| entry["table"] == table);
    of.unwrap()["examples"].as_array().unwrap()
}

/// Nothing is left of what was made for the comparison.
#[track_caller]
fn assert_tidy(line: &Installation) {
    let left = line.query(
        "SELECT count() FROM system.databases WHERE startsWith(name, concat(currentDatabase(), '_scratch_'))",
    );
    assert_eq!(left, "0");
}

#[test]
fn rows_that_are_lost_changed_or_invented_are_found_named_and_mended() {
    let traffic = traffic::small();
    let line = Installation::new("verify", &traffic.plan.settings());
    traffic.send(&line);
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    let called = verify(&line, &[]);
    called.succeeds();
    let [clean] = &reports(&called)[..] else {
        panic!("{}", called.out)
    };
    assert_eq!(clean["differing_rows"], 0);
    assert_eq!(clean["conservation"]["holds"], true);
    assert!(clean["conservation"]["checked"].as_u64().unwrap() > 8);
    assert_eq!(clean["tables"].as_array().unwrap().len(), 9);
    for table in clean["tables"].as_array().unwrap() {
        // Of a line at rest every row is judged.
        assert!(table["rows"].as_u64().unwrap() > 0, "{table}");
        assert_eq!(table["equal"], table["rows"], "{table}");
    }
    assert_tidy(&line);

    // Of a deal the row is gone, of another a figure was changed in its place.
    let tenant =
        line.query("SELECT tenant FROM deals GROUP BY tenant ORDER BY count() DESC LIMIT 1");
    let deals = line.query(&format!(
        "SELECT deal_id FROM deals WHERE tenant = '{tenant}' AND won_at IS NOT NULL AND revenue > 1 \
         ORDER BY deal_id"
    ));
    let deals: Vec<_> = deals.lines().collect();
    let (lost, altered) = (deals[0], deals[1]);
    harm(&line, &tenant, lost, altered);
    assert!(!traffic.expected.compare(&line.views()).is_empty());

    let called = verify(&line, &[]);
    assert_eq!(called.code, Some(1), "{}\n{}", called.out, called.err);
    assert!(called.err.contains("--repair mends them"), "{}", called.err);
    let [found] = &reports(&called)[..] else {
        panic!("{}", called.out)
    };
    let counts = |table| ["missing", "different", "surplus"].map(|kind| count(found, table, kind));
    assert_eq!(counts("deal_versions"), [1, 1, 0]);
    assert_eq!(counts("traffic_cells"), [0, 1, 0]);
    assert_eq!(counts("touchpoint_versions"), [0, 0, 1]);
    assert_eq!(counts("identity_versions"), [0, 1, 0]);
    assert_eq!(counts("call_versions"), [0, 1, 0]);
    let [tenants, costs] =
        ["tenant_versions", "cost_versions"].map(|table| count(clean, table, "rows"));
    assert_eq!(counts("tenant_versions"), [0, tenants, 0]);
    assert_eq!(counts("cost_versions"), [costs, 0, 0]);
    assert_eq!(found["conservation"]["holds"], false);

    // In slices it is the same.
    let called = verify(&line, &["--slice-rows", "100"]);
    assert_eq!(reports(&called), std::slice::from_ref(found));

    assert_named(found, &tenant, lost, altered);

    // A person is told the same; only what was asked for is looked at.
    let called = line.call(&[
        "verify",
        "--from-log",
        "--table",
        "deal_versions",
        "--tenant",
        &tenant,
    ]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    let told = format!(
        "deal_versions: missing tenant={tenant} deal_id={lost}: version is no row, reckoned "
    );
    assert!(called.out.contains(&told), "{}", called.out);
    assert!(called.out.contains(": revenue is "), "{}", called.out);
    assert!(!called.out.contains("cost_versions"), "{}", called.out);
    let called = verify(&line, &["--table", "deal_versions", "--tenant", "nobody"]);
    called.succeeds();
    assert_eq!(count(&reports(&called)[0], "deal_versions", "rows"), 0);

    let called = verify(&line, &["--repair"]);
    called.succeeds();
    let [before, after] = &reports(&called)[..] else {
        panic!("{}", called.out)
    };
    assert_eq!(before, found);
    assert_eq!(after, clean);
    line.assert_views(&traffic.expected);
    // Merges, which keep one row of a key, change nothing of that.
    for table in [
        "deal_versions",
        "traffic_cells",
        "tenant_versions",
        "identity_versions",
    ] {
        line.query(&format!("OPTIMIZE TABLE {table} FINAL"));
    }
    line.assert_views(&traffic.expected);
    verify(&line, &[]).succeeds();
    assert_tidy(&line);

    refuse(line);
}

/// Loses, changes and invents rows of every kind by hand.
fn harm(line: &Installation, tenant: &str, lost: &str, altered: &str) {
    damage(
        line,
        &format!(
            "ALTER TABLE deal_versions DELETE WHERE tenant = '{tenant}' AND deal_id = '{lost}'"
        ),
    );
    damage(
        line,
        &format!(
            "ALTER TABLE deal_versions UPDATE revenue = revenue - 1, \
             stages = arrayMap(stage -> 'invented', stages) WHERE tenant = '{tenant}' AND deal_id = '{altered}'"
        ),
    );
    // A figure was changed by a row of the same version that came later.
    line.query(
        "INSERT INTO traffic_cells SELECT * REPLACE (visits + 1 AS visits) FROM traffic_cells FINAL \
         ORDER BY tenant, hour LIMIT 1",
    );
    // An older version shows, since the newest is gone.
    line.query(
        "INSERT INTO tenant_versions SELECT * REPLACE (version - 1 AS version, 'XXX' AS currency) \
         FROM tenant_versions FINAL",
    );
    damage(
        line,
        "ALTER TABLE tenant_versions DELETE WHERE currency != 'XXX'",
    );
    // Rows that no event ever made, one of them over a row that one made.
    line.query(
        "INSERT INTO touchpoint_versions SELECT * REPLACE ('web:invented' AS touch_id) \
         FROM touchpoint_versions FINAL LIMIT 1",
    );
    line.query(
        "INSERT INTO identity_versions SELECT * REPLACE (version + 65536 AS version, unhex('00112233445566778899aabbccddeeff') AS client) \
         FROM identity_versions FINAL ORDER BY version LIMIT 1",
    );
    // A version of a time that no partition's clock has come to.
    line.query(
        "INSERT INTO call_versions SELECT * REPLACE (version + 65536 * 1000000000 AS version, 'lost' AS status) \
         FROM call_versions FINAL LIMIT 1",
    );
    line.query("TRUNCATE TABLE cost_versions");
}

/// The examples say which rows and columns are meant.
#[track_caller]
fn assert_named(found: &Value, tenant: &str, lost: &str, altered: &str) {
    let of_deals = examples(found, "deal_versions");
    assert_eq!(of_deals.len(), 3, "{of_deals:?}");
    for (example, kind, deal) in [
        (&of_deals[0], "missing", lost),
        (&of_deals[1], "different", altered),
        (&of_deals[2], "different", altered),
    ] {
        assert_eq!(example["kind"], kind);
        assert_eq!(example["key"]["tenant"], tenant);
        assert_eq!(example["key"]["deal_id"], deal);
    }
    assert_eq!(of_deals[0]["found"], Value::Null);
    assert_eq!(of_deals[1]["column"], "revenue");
    let revenue = |of: &str| of_deals[1][of].as_str().unwrap().parse::<f64>().unwrap();
    assert!((revenue("expected") - revenue("found") - 1.0).abs() < 0.001);
    assert_eq!(of_deals[2]["column"], "stages");
    let invented = &examples(found, "touchpoint_versions")[0];
    assert_eq!(invented["key"]["touch_id"], "web:invented");
    assert_eq!(invented["expected"], Value::Null);
    let newer = examples(found, "identity_versions");
    let columns: Vec<_> = newer
        .iter()
        .map(|example| example["column"].as_str().unwrap())
        .collect();
    assert_eq!(columns, ["client", "version"]);
}

/// What verify does not do: compare by rules that are not the line's, and wait
/// for ever for a line that does not run.
fn refuse(mut line: Installation) {
    let records = line.records("web");
    line.send(
        records
            .into_iter()
            .take(3)
            .map(|record| throughline_stream::Outgoing {
                topic: "web".into(),
                value: record.value,
                headers: record.headers,
                ..throughline_stream::Outgoing::default()
            }),
    );
    // What stands before ingest is not in the log yet.
    verify(&line, &["--table", "deal_versions"]).succeeds();
    line.start("ingest", &["ingest", "--until-idle"]).succeeds();
    let called = verify(&line, &["--patience-seconds", "0"]);
    assert_eq!(called.code, Some(1));
    assert!(called.err.contains("verify-processor"), "{}", called.err);
    assert!(called.err.contains("throughline run"), "{}", called.err);
    line.config["processor"]["generation"] = 2.into();
    let called = verify(&line, &[]);
    assert_eq!(called.code, Some(1));
    assert!(called.err.contains("generation 1"), "{}", called.err);
    assert_tidy(&line);
}

#[test]
fn snapshots_stand_for_the_log_before_them() {
    let traffic = traffic::small();
    let mut line = Installation::new("verify_snapshots", &traffic.plan.settings());
    line.config["processor"]["snapshots"] = serde_json::json!({"interval_ms": 200});
    line.call(&["topics", "create"]).succeeds();
    let records: Vec<_> = traffic.outgoing().map(|(_, record)| record).collect();
    let (earlier, later) = records.split_at(records.len() / 2);
    line.send(earlier.iter().cloned());
    let mut run = line.start("run", &["run"]);
    let snapshots = line.directory.join("snapshots");
    line.until_done(Group::Ingest, earlier.len() as i64);
    until("every partition has a snapshot of its whole log", || {
        let newest = newest(&snapshots, &line.topic(topics::EVENTS));
        newest.len() == EVENTS_PARTITIONS as usize && newest == line.ends(topics::EVENTS)
    });
    run.stop();
    line.config["processor"]["snapshots"]["interval_ms"] = 0.into();
    line.send(later.iter().cloned());
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    let whole = verify(&line, &[]);
    whole.succeeds();
    let since = line.call(&["verify", "--json"]);
    since.succeeds();
    let [whole, since] = [whole, since].map(|called| reports(&called).remove(0));
    for table in ["touchpoint_versions", "deal_versions", "traffic_cells"] {
        let of = |kind: &str| [count(&whole, table, kind), count(&since, table, kind)];
        // Some rows have not changed since the snapshots, some have.
        let [[none, before], [all, equal]] = ["before", "equal"].map(of);
        assert_eq!((none, before + equal), (0, all), "{table}");
        assert!(before > 0 && equal > 0, "{table}: {since}");
    }

    // What changed since and is lost is missed.
    line.query("TRUNCATE TABLE deal_versions");
    let called = line.call(&["verify", "--json"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    let missing = count(&reports(&called)[0], "deal_versions", "missing");
    assert_eq!(missing, count(&since, "deal_versions", "equal"));
    verify(&line, &["--repair"]).succeeds();
    line.assert_views(&traffic.expected);
    assert_tidy(&line);
}

#[test]
fn a_line_that_runs_verifies_clean_at_any_moment() {
    let traffic = traffic::large();
    let line = Installation::new("verify_live", &traffic.plan.settings());
    line.call(&["topics", "create"]).succeeds();
    line.call(&["schema", "apply"]).succeeds();
    let mut run = line.start("run", &["run"]);
    let all_sent = AtomicBool::new(false);
    let reports = std::thread::scope(|scope| {
        scope.spawn(|| {
            let records: Vec<_> = traffic.outgoing().map(|(_, record)| record).collect();
            for part in records.chunks(1_000) {
                line.send(part.iter().cloned());
                std::thread::sleep(std::time::Duration::from_millis(500));
            }
            all_sent.store(true, Ordering::Relaxed);
        });
        let mut all = Vec::new();
        while !all_sent.load(Ordering::Relaxed) {
            let called = verify(&line, &[]);
            called.succeeds();
            all.extend(reports(&called));
        }
        all
    });
    run.stop();
    line.run_until_idle();
    line.assert_views(&traffic.expected);
    let moved: u64 = reports
        .iter()
        .flat_map(|report| report["tables"].as_array().unwrap())
        .map(|table| table["moved_on"].as_u64().unwrap())
        .sum();
    assert!(moved > 0, "no comparison met a row that moved on");
    let called = verify(&line, &[]);
    called.succeeds();
    assert_tidy(&line);
}

/// Conversions (parts of a million) and revenue (1/10000) by tenant, model and
/// channel.
type Earned = BTreeMap<[String; 3], [i64; 2]>;

fn earned(tables: &Tables) -> Earned {
    let mut sums = Earned::new();
    for row in tables.of("channel_hourly") {
        let text = |at: usize| match &row.0[at] {
            Cell::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        };
        let number = |at: usize| match &row.0[at] {
            Cell::Int(number) => *number,
            other => panic!("{other:?}"),
        };
        if text(2) == "conversion" {
            let sum = sums.entry([text(0), text(1), text(4)]).or_default();
            sum[0] += number(8);
            sum[1] += number(10);
        }
    }
    sums.retain(|_, sum| *sum != [0, 0]);
    sums
}

#[test]
fn other_rules_are_reckoned_before_they_are_put_into_force() {
    let traffic = traffic::small();
    let before = traffic.plan.settings();
    let mut line = Installation::new("restate", &before);
    traffic.send(&line);
    line.run_until_idle();

    let after = changed(&before);
    let (now, then) = (
        earned(&traffic.expected),
        earned(&traffic.expected_with(&after)),
    );
    assert_ne!(now, then);
    line.config["tenants"] = written::tenants(&after);
    let called = line.call(&["restate", "--dry-run", "--json"]);
    called.succeeds();
    let mut found = [Earned::new(), Earned::new()];
    for text in called.out.lines() {
        let row: Value = serde_json::from_str(text).unwrap();
        let name = |column: &str| row[column].as_str().unwrap().to_owned();
        let figure =
            |column: &str, unit: f64| (row[column].as_f64().unwrap() * unit).round() as i64;
        let figures = |when: &str| {
            [
                figure(&format!("conversions_{when}"), 1e6),
                figure(&format!("revenue_{when}"), 1e4),
            ]
        };
        let key = ["tenant", "model", "channel"].map(name);
        let [now, then] = ["now", "then"].map(figures);
        assert_eq!(figures("difference"), [then[0] - now[0], then[1] - now[1]]);
        for (found, figures) in found.iter_mut().zip([now, then]) {
            if figures != [0, 0] {
                found.insert(key.clone(), figures);
            }
        }
    }
    assert_eq!(found, [now, then]);
    // Nothing came of it.
    line.assert_views(&traffic.expected);
    assert_tidy(&line);

    let called = line.call(&["restate"]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("--dry-run"), "{}", called.err);
    let called = line.call(&["restate", "--help"]);
    assert!(
        called.out.contains("raise `processor.generation`"),
        "{}",
        called.out
    );
}
