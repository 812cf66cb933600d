//! Rows of generations that are shown no more leave, and nothing else does.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use throughline_sink::table::Table;
use throughline_sink::{Connection, Outdated, schema};
use throughline_stream::Stop;

use crate::fake;
use crate::line::{Line, WRITTEN_MS};
use crate::rows::*;

/// Between two questions to ClickHouse.
const PAUSE: Duration = Duration::from_millis(20);

/// The tables whose rows are of generations.
fn tables() -> impl Iterator<Item = &'static str> {
    let all = Table::ALL.into_iter();
    all.filter(|table| !matches!(table, Table::Links | Table::Erasures | Table::DeadLetters))
        .map(Table::name)
}

/// A line with a row of each of four generations in every table, and a link
/// and a dead letter, which are of none. The first three are active in turn.
fn four_generations(database: &str) -> Line {
    let mut line = Line::start(database);
    for table in tables() {
        line.clickhouse
            .execute(
                "fill",
                &format!(
                    "INSERT INTO {table} (generation, tenant, version) \
                     SELECT arrayJoin([1, 2, 3, 4]) AS generation, toString(generation), 1"
                ),
            )
            .unwrap();
    }
    line.clickhouse
        .execute("fill", "INSERT INTO link_versions (tenant) VALUES ('shop')")
        .unwrap();
    line.reject("{}", &[], WRITTEN_MS);
    for generation in 1..=4 {
        line.write([
            batch_of(generation, &[touchpoint("1", 1, generation.into())]),
            batch_of(generation, &[deal("d", 1, generation.into())]),
            batch_of(generation, &[identity(0xa, 1, generation.into())]),
        ]);
    }
    schema::activate(&line.clickhouse, 2).unwrap();
    schema::activate(&line.clickhouse, 3).unwrap();
    line
}

fn outdated(line: &Line, keep: u32) -> Outdated {
    Outdated::new(line.clickhouse.connection(), keep, Stop::new()).unwrap()
}

/// Waits until ClickHouse is through with all deletions.
fn wait(line: &Line) {
    let unfinished =
        "SELECT 1 FROM system.mutations WHERE database = currentDatabase() AND NOT is_done";
    while !line.rows(unfinished).is_empty() {
        thread::sleep(PAUSE);
    }
}

/// Which generations have rows, in every table.
#[track_caller]
fn check(line: &Line, generations: &[&str]) {
    for table in tables() {
        line.check(
            &format!("SELECT DISTINCT generation FROM {table}"),
            generations,
        );
    }
    line.check("SELECT count() FROM link_versions", &["1"]);
    line.check("SELECT count() FROM dead_letter_versions", &["1"]);
}

/// Everything that the views show.
fn shown(line: &Line) -> Vec<Vec<String>> {
    let views = line.rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'",
    );
    let rows = |view: &String| line.rows(&format!("SELECT * FROM {view}"));
    let shown: Vec<_> = views.iter().map(rows).collect();
    assert!(shown.iter().filter(|rows| !rows.is_empty()).count() > 5);
    shown
}

#[test]
fn generations_before_the_kept_ones_leave_and_the_views_stay() {
    let line = four_generations("outdated");
    let before = shown(&line);
    for (keep, left) in [
        (u32::MAX, &["1", "2", "3", "4"][..]),
        (2, &["1", "2", "3", "4"]),
        (1, &["2", "3", "4"]),
        (0, &["3", "4"]),
    ] {
        outdated(&line, keep).look().unwrap();
        wait(&line);
        check(&line, left);
        assert_eq!(shown(&line), before, "keep {keep}");
    }
    // The generation that was on its way becomes active, and is whole.
    schema::activate(&line.clickhouse, 4).unwrap();
    line.check(
        "SELECT right(client_id, 1) FROM deals WHERE tenant = 'shop'",
        &["4"],
    );
    line.check(
        "SELECT DISTINCT generation FROM generations",
        &["1", "2", "3", "4"],
    );
}

#[test]
fn a_generation_that_was_never_shown_takes_no_place() {
    let line = Line::start("outdated_skipped");
    let fill = "INSERT INTO deal_versions (generation, deal_id, version) \
                SELECT arrayJoin([1, 2, 3, 4]), 'd', 1";
    line.clickhouse.execute("fill", fill).unwrap();
    let look = |generations: &[&str]| {
        outdated(&line, 1).look().unwrap();
        wait(&line);
        line.check("SELECT DISTINCT generation FROM deal_versions", generations);
    };
    look(&["1", "2", "3", "4"]);
    // The second was given up on its way.
    schema::activate(&line.clickhouse, 3).unwrap();
    look(&["1", "2", "3", "4"]);
    schema::activate(&line.clickhouse, 4).unwrap();
    look(&["3", "4"]);
}

#[test]
fn rows_that_come_late_leave_too_whoever_else_looks() {
    let mut line = four_generations("outdated_late");
    for round in 0..2 {
        line.write([batch(&[touchpoint("late", round, 0xf)])]);
        let looks: Vec<_> = (0..4)
            .map(|_| {
                let outdated = outdated(&line, 1);
                thread::spawn(move || outdated.look())
            })
            .collect();
        for look in looks {
            look.join().unwrap().unwrap();
        }
        wait(&line);
        check(&line, &["2", "3", "4"]);
    }
}

#[test]
fn a_deletion_that_is_under_way_is_left_to_itself() {
    let line = four_generations("outdated_slow");
    let database = &line.clickhouse.connection().database;
    let merges = |what: &str| {
        let sql = format!("SYSTEM {what} MERGES {database}.deal_versions");
        line.clickhouse.execute("hold up deletions", &sql).unwrap();
    };
    let deletions = "SELECT count() FROM system.mutations WHERE database = currentDatabase() \
                     AND table = 'deal_versions'";
    merges("STOP");
    outdated(&line, 1).look().unwrap();
    outdated(&line, 1).look().unwrap();
    line.check(deletions, &["1"]);
    line.check(
        "SELECT DISTINCT generation FROM deal_versions",
        &["1", "2", "3", "4"],
    );
    merges("START");
    wait(&line);
    check(&line, &["2", "3", "4"]);
    outdated(&line, 1).look().unwrap();
    line.check(deletions, &["1"]);
}

#[test]
fn a_deletion_that_fails_is_told_with_its_reason_and_holds_up_no_other_table() {
    let line = four_generations("outdated_stuck");
    let stuck = "ALTER TABLE deal_versions DELETE WHERE generation < throwIf(version = 1, 'no luck') \
                 SETTINGS mutations_sync = 0";
    line.clickhouse.execute("begin a deletion", stuck).unwrap();
    let failed = "SELECT 1 FROM system.mutations WHERE database = currentDatabase() AND latest_fail_reason != ''";
    while line.rows(failed) != ["1"] {
        thread::sleep(PAUSE);
    }
    let error = outdated(&line, 1).look().unwrap_err().to_string();
    assert!(
        error.contains("(deleting rows of older generations from deal_versions)")
            && error.contains("no luck"),
        "{error}"
    );
    let others = "SELECT sum(generation < 2) FROM identity_versions";
    while line.rows(others) != ["0"] {
        thread::sleep(PAUSE);
    }
    let kill = "KILL MUTATION WHERE database = currentDatabase() AND table = 'deal_versions' SYNC";
    line.clickhouse.execute("remove the cause", kill).unwrap();
    outdated(&line, 1).look().unwrap();
    wait(&line);
    check(&line, &["2", "3", "4"]);
}

#[test]
fn it_ends_when_it_is_asked_to_whatever_clickhouse_does() {
    // Connections are made, and nothing is ever said.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = Connection {
        request_timeout_ms: 3_600_000,
        ..fake::connection(&listener.local_addr().unwrap().to_string())
    };
    let stop = Stop::new();
    let outdated = Outdated::new(&connection, 1, stop.clone()).unwrap();
    let running = thread::spawn(move || outdated.run());
    let (_asked, _) = listener.accept().unwrap();
    stop.request(Duration::from_hours(1));
    running.join().unwrap();
}
