//! Workers that are taken for dead and are not, that have another's name, or
//! that come back after `kill -9`.

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
    until("the others have done it all", at_rest);
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

/// A processor is killed under load and started again: once with a name that
/// it keeps, and once without, when its group waits for the end of its session.
/// How long it takes is printed, never judged.
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
    for name in ["kept", ""] {
        line.config["kafka"]["instance"] = name.into();
        let mut processor = line.start_processor("processor");
        for _ in 0..2 {
            line.until_done(Group::Processor, line.done(Group::Processor) + 1);
            processor.kill();
            let (done, since) = (line.done(Group::Processor), Instant::now());
            processor = line.start_processor("processor");
            line.until_done(Group::Processor, done + 1);
            println!(
                "recovery: named '{name}', went on after {:?}",
                since.elapsed()
            );
        }
        processor.stop();
    }
    let mut processor = line.start_processor("processor");
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    processor.stop();
    line.assert_views(&traffic.expected);
}
