//! How rows of erased persons are deleted: not without need, in an order that
//! shows nothing again, whoever else does it, and so that nothing is left.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use throughline_sink::{Eraser, SinkError};
use throughline_stream::Stop;

use crate::erased::{ANN, BOB, eraser, start};

#[test]
fn nothing_is_scanned_or_deleted_without_need() {
    let line = start("idle");
    line.touch("web:1", &[(BOB[0], 1, 0)]);
    // Nobody is erased: a table that is not there is not missed.
    line.run("RENAME TABLE call_versions TO elsewhere");
    assert!(line.pass().is_empty());
    // Somebody is: it is.
    line.erase(&ANN);
    let error = eraser(line.clickhouse.connection()).pass().unwrap_err();
    assert!(matches!(error, SinkError::NoSchema { .. }), "{error}");
    line.run("RENAME TABLE elsewhere TO call_versions");
    assert!(line.pass().is_empty());
    assert!(line.mutations().is_empty());
    line.touch("web:2", &[(ANN[0], 1, 0)]);
    line.pass();
    let once = ["touchpoint_versions\t1"];
    assert_eq!(line.mutations(), once);
    assert!(line.pass().is_empty());
    assert_eq!(line.mutations(), once);
}

/// Many touches in three parts, each of another version.
#[test]
fn nothing_shows_again_while_it_goes() {
    let line = start("between");
    for (client, version, is_deleted) in [(BOB[0], 1, 0), (ANN[0], 2, 0), (ANN[0], 3, 1)] {
        line.touches(30_000, client, version, is_deleted);
    }
    line.touch("web:bobs", &[(BOB[0], 1, 0)]);
    line.erase(&ANN);
    let connection = line.clickhouse.connection().clone();
    let passing = thread::spawn(move || eraser(&connection).pass().unwrap());
    loop {
        let is_over = passing.is_finished();
        line.check("SELECT count() FROM touchpoints", &["1"]);
        if is_over {
            break;
        }
    }
    passing.join().unwrap();
    line.check_touches(&["web:bobs | Bob | 1 | 0"]);
}

#[test]
fn more_than_goes_at_once_goes_in_rounds() {
    let line = start("rounds");
    line.touches(260_000, ANN[0], 1, 1);
    line.touch("web:bobs", &[(BOB[0], 1, 0)]);
    line.erase(&ANN);
    assert_eq!(line.pass()["touchpoint_versions"], 260_000);
    assert_eq!(line.mutations(), ["touchpoint_versions\t2"]);
    line.check_touches(&["web:bobs | Bob | 1 | 0"]);
}

#[test]
fn several_sinks_may_pass_at_once() {
    let line = start("together");
    line.fill("bob", BOB);
    let bobs = line.everything();
    line.fill("ann", ANN);
    line.erase(&ANN);
    let passes: Vec<_> = (0..4)
        .map(|_| {
            let connection = line.clickhouse.connection().clone();
            thread::spawn(move || eraser(&connection).pass().unwrap())
        })
        .collect();
    for pass in passes {
        pass.join().unwrap();
    }
    assert_eq!(line.everything(), bobs);
    line.check("SELECT count() FROM erasure_rows", &["0"]);
}

#[test]
fn what_a_killed_pass_has_left_is_cleared_away() {
    let line = start("killed");
    // It had deleted all but the newest version.
    line.touch("web:1", &[(ANN[0], 3, 1)]);
    line.run("INSERT INTO erasure_rows VALUES (17000000000000001, 'touchpoint_versions', unhex('00'), 2, 0)");
    line.erase(&ANN);
    line.pass();
    line.check_touches(&[]);
    line.check("SELECT count() FROM erasure_rows", &["0"]);
}

/// Neither parts nor the statements that ClickHouse keeps tell of the person.
#[test]
fn nothing_is_left_on_the_disk() {
    let line = start("disk");
    let directories: Vec<PathBuf> = line
        .rows("SELECT arrayJoin(data_paths) FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'")
        .into_iter()
        .map(PathBuf::from)
        .collect();
    assert!(
        directories.iter().all(|directory| directory.is_dir()),
        "this test looks into the files of a clickhouse on the same machine; unset THROUGHLINE_CLICKHOUSE"
    );
    let holds = |needle: &[u8]| directories.iter().any(|directory| holds(directory, needle));
    // Of bytes that no compression makes shorter.
    let ann = u128::from_be_bytes(*b"0123456789ANNann");
    let bob = u128::from_be_bytes(*b"0123456789BOBbob");
    line.touch("web:visit-of-ann", &[(ann, 1, 0)]);
    line.touch("web:visit-of-bob", &[(bob, 1, 0)]);
    let (name, others) = (ann.to_be_bytes(), bob.to_be_bytes());
    assert!(holds(&name) && holds(b"web:visit-of-ann"));
    line.erase(&[ann]);
    line.pass();
    // Parts that were replaced stay until ClickHouse clears them away.
    while line
        .rows("SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active")
        != ["0"]
    {
        thread::sleep(Duration::from_millis(100));
    }
    assert!(!holds(&name) && !holds(b"visit-of-ann"));
    assert!(holds(&others) && holds(b"web:visit-of-bob"));
}

fn holds(directory: &Path, needle: &[u8]) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        // A part may be renamed or removed meanwhile.
        fs::read(&path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|found| found == needle))
    })
}

/// A thread of its own finds who is erased by itself, and ends when told to.
#[test]
fn it_runs_by_itself() {
    let line = start("by_itself");
    let stop = Stop::new();
    let eraser = Eraser::new(
        line.clickhouse.connection(),
        Duration::from_millis(10),
        Duration::ZERO,
        stop.clone(),
    )
    .unwrap();
    let running = thread::spawn(move || eraser.run());
    line.touch("web:1", &[(ANN[0], 1, 0)]);
    line.erase(&ANN);
    let wait_until_gone = || {
        while !line
            .rows("SELECT touch_id FROM touchpoint_versions")
            .is_empty()
        {
            thread::sleep(Duration::from_millis(10));
        }
    };
    wait_until_gone();
    line.touch("web:1", &[(ANN[0], 1, 0)]);
    wait_until_gone();
    stop.request(Duration::ZERO);
    running.join().unwrap();
}
