//! The clocks of the machines are wrong, by days and in both directions, and
//! other after each start: no figure changes.
//!
//! The processes get a clock of their own (`clock.c`, loaded before the
//! system's library); the clock that only ever goes forwards stays as it is.

use std::process::Command;

use fastrand::Rng;

use crate::installation::{Group, Installation};
use crate::process::{Process, until};
use crate::traffic;

const DAY_SECONDS: i64 = 86_400;
/// By how many days the clock of a process is wrong, one start after another.
const CLOCKS: [i64; 8] = [3, -2, 40, -5, 0, -400, 1, 800];
/// Records a second that are produced meanwhile.
const RATE: &str = "1500";

#[test]
fn clocks_that_jump_change_no_row() {
    let traffic = traffic::large();
    let line = Installation::new("clock", &traffic.plan.settings());
    let library = line.directory.join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/it/faults/clock.c");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .status();
    assert!(made.unwrap().success());
    let mut starts = 0;
    let mut start = |role: &str, arguments: &[&str]| -> Process {
        let days = CLOCKS[starts % CLOCKS.len()];
        starts += 1;
        let mut command = line.command(arguments);
        command.env("LD_PRELOAD", &library);
        command.env("CLOCK_OFFSET", (days * DAY_SECONDS).to_string());
        line.start_command(role, command)
    };
    let directory = line.directory.join("traffic");
    let others = traffic.write(&directory);
    line.call(&["topics", "create"]).succeeds();
    line.send(others);
    // By its clock events are judged.
    let directory = directory.to_str().unwrap();
    let mut producer = line.start("produce", &["produce", directory, "--rate", RATE]);
    let roles = ["ingest", "processor", "sink"];
    let mut running: Vec<Process> = roles.iter().map(|role| start(role, &[role])).collect();
    let all = traffic.records.len() as i64;
    let mut rng = Rng::with_seed(31);
    for round in 1..=4 {
        line.until_done(Group::Ingest, all * round / 6);
        for (process, role) in running.iter_mut().zip(roles) {
            // By force or in peace.
            if rng.bool() {
                process.kill();
            } else {
                process.stop();
            }
            let said = process.output().len();
            *process = start(role, &[role]);
            until(&format!("{role} works by another clock"), || {
                process.output().len() > said
            });
        }
    }
    producer.succeeds();
    start("sink-last", &["sink", "--until-idle"]).succeeds();
    for process in &mut running {
        process.stop();
    }
    // Their logs tell by which clocks they went.
    for process in &running {
        let output = process.output();
        let mut days: Vec<_> = output.lines().filter_map(|line| line.get(..10)).collect();
        days.sort_unstable();
        days.dedup();
        assert!(days.len() > 2, "{days:?}");
    }
    line.assert_views(&traffic.expected);
    let dead_letters = line.query("SELECT count() FROM dead_letters");
    assert_eq!(dead_letters, traffic.rejected.to_string());
}
