//! Workers that are taken for dead and are not, that have another's name, or
//! that come back after `kill -9`.

use std::path::Path;
use std::time::Instant;

use throughline_stream::Outgoing;

use crate::faults::crew::{Crew, SESSION};
use crate::installation::{Group, Installation};
use crate::process::until;
use crate::traffic;

/// Each role is stopped in the middle of its work for longer than its session;
/// another takes its partitions and does all there is. Then it goes on where
/// it stood, with what it had read and not yet written.
#[test]
fn a_zombie_changes_no_row() {
    let traffic = traffic::small();
    let mut line = Installation::new("zombie", &traffic.plan.settings());
    line.config["kafka"]["session_timeout_ms"] = (SESSION.as_millis() as u64).into();
    // So that each has begun something that it has not finished.
    line.config["processor"]["checkpoint_interval_ms"] = 500.into();
    line.config["sink"]["max_delay_ms"] = 1000.into();
    line.call(&["topics", "create"]).succeeds();
    line.call(&["schema", "apply"]).succeeds();
    let mut records: Vec<_> = traffic.outgoing().map(|(_, record)| record).collect();
    let late: Vec<Outgoing> = records.split_off(records.len() * 3 / 4);
    line.send(records);

    let mut crew = Crew::new(&line);
    for group in Group::ALL {
        crew.hire(group, 1);
    }
    for (zombie, group) in Group::ALL.into_iter().enumerate() {
        line.until_done(group, 1);
        crew.freeze(zombie);
        crew.hire(group, 1);
    }
    let at_rest = || {
        let work = Group::ALL.map(|group| (line.done(group), line.left(group)));
        work.iter().all(|(done, left)| *done > 0 && *left == 0)
    };
    until("the others have done it all", || {
        crew.look();
        at_rest()
    });
    for zombie in 0..Group::ALL.len() {
        crew.thaw(zombie);
    }
    line.send(late);
    line.start("last", &["sink", "--until-idle"]).succeeds();
    crew.dismiss().print("zombie");
    line.assert_views(&traffic.expected);
}

/// Two processes with one name: the group has room for the younger one.
#[test]
fn a_member_whose_name_another_takes_ends_and_says_why() {
    let traffic = traffic::small();
    let mut line = Installation::new("fenced", &traffic.plan.settings());
    line.config["kafka"]["instance"] = "one-name".into();
    line.config["ingest"]["workers"] = 1.into();
    line.call(&["topics", "create"]).succeeds();
    let mut first = line.start("first", &["ingest"]);
    until("it is in the group", || first.output().contains("assigned"));
    let mut second = line.start("second", &["ingest"]);
    assert_eq!(first.wait().code(), Some(1));
    let said = first.output();
    println!("fenced: {}", said.lines().last().unwrap_or_default());
    assert!(said.contains("fenced"), "{said}");
    // The other has its work.
    traffic.send(&line);
    until("it works", || {
        line.done(Group::Ingest) > 0 && line.left(Group::Ingest) == 0
    });
    second.stop();
}

/// Two processes with copies of one directory, and so with one name: the older
/// one goes on without it, and each has its part of the work.
#[test]
fn a_member_with_a_copied_name_joins_again_without_it() {
    let traffic = traffic::small();
    let mut line = Installation::new("copied", &traffic.plan.settings());
    line.config["processor"]["workers"] = 1.into();
    line.config["processor"]["checkpoint_records"] = 5.into();
    let mut records: Vec<_> = traffic.outgoing().map(|(_, record)| record).collect();
    let late: Vec<Outgoing> = records.split_off(records.len() / 2);
    line.call(&["topics", "create"]).succeeds();
    line.send(records);
    line.start("ingest", &["ingest", "--until-idle"]).succeeds();
    let mut first = line.start_processor("first");
    until("it has done it all", || line.left(Group::Processor) == 0);
    first.stop();
    copy(
        &line.directory.join("store-first"),
        &line.directory.join("store-second"),
    );

    // Its output goes on where that of its first run ended.
    let before = first.output().len();
    let mut first = line.start_processor("first");
    let is_in = |output: &str| output.contains("INFO assigned");
    until("the first is in the group", || {
        is_in(&first.output()[before..])
    });
    let mut second = line.start_processor("second");
    until("the first was taken for the second and is back", || {
        let output = first.output();
        let again = output.split_once("joining it again without a name");
        again.is_some_and(|(_, after)| is_in(after))
    });
    until("the second is in the group", || is_in(&second.output()));
    line.send(late);
    line.start("late ingest", &["ingest", "--until-idle"])
        .succeeds();
    until("all is done", || line.left(Group::Processor) == 0);
    assert!(!second.output().contains("without a name"));
    first.stop();
    second.stop();
    // Whoever took over the other's part for a moment may have sent again what follows from it.
    line.run_until_idle();
    line.assert_views(&traffic.expected);
}

/// Copies a directory with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A processor is killed under load and started again, by the name that its
/// directory has. How long it takes is printed, never judged.
#[test]
fn a_processor_comes_back_to_its_state() {
    let traffic = traffic::small();
    let mut line = Installation::new("recovery", &traffic.plan.settings());
    line.config["processor"]["checkpoint_records"] = 5.into();
    traffic.send(&line);
    line.start("ingest", &["ingest", "--until-idle"]).succeeds();
    let kafka = line.config["kafka"].as_object_mut().unwrap();
    let session = kafka.remove("session_timeout_ms");
    assert!(session.is_some(), "the default is measured");
    let mut processor = line.start_processor("processor");
    for _ in 0..4 {
        line.until_done(Group::Processor, line.done(Group::Processor) + 1);
        processor.kill();
        let (done, since) = (line.done(Group::Processor), Instant::now());
        processor = line.start_processor("processor");
        line.until_done(Group::Processor, done + 1);
        println!("recovery: went on after {:?}", since.elapsed());
    }
    until("it has done it all", || line.left(Group::Processor) == 0);
    processor.stop();
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    line.assert_views(&traffic.expected);
}
