//! Every role dies at every step of its work: with records read, with some of
//! what it made sent, with all of it acknowledged and nothing stored, with all
//! of it stored or inserted and nothing committed.

use std::os::unix::process::ExitStatusExt as _;

use fastrand::Rng;
use throughline_stream::failpoint::{Step, VARIABLE};

use crate::faults::crew::role;
use crate::faults::feed::Feed;
use crate::installation::{Group, Installation};
use crate::process::{Process, until};
use crate::traffic;

/// What a process that gives up on itself ends by.
const SIGABRT: i32 = 6;

#[test]
fn a_role_that_dies_at_any_step_changes_no_row() {
    let traffic = traffic::small();
    let mut line = Installation::new("steps", &traffic.plan.settings());
    // Longer than anybody is away: who comes back has its partitions at once.
    line.config["kafka"]["session_timeout_ms"] = 30_000.into();
    // Small pieces of work, so that each step comes soon.
    line.config["ingest"]["cycle_records"] = 20.into();
    line.config["processor"]["checkpoint_records"] = 10.into();
    line.config["processor"]["checkpoint_interval_ms"] = 20.into();
    line.config["sink"]["max_delay_ms"] = 20.into();
    line.call(&["topics", "create"]).succeeds();
    line.call(&["schema", "apply"]).succeeds();
    let feed = Feed::start(&line, traffic, 150, 1);
    let mut roles: Vec<_> = std::thread::scope(|scope| {
        let dying = Group::ALL.map(|group| {
            let line = &line;
            scope.spawn(move || die_at_every_step(line, group))
        });
        let survivors = dying.into_iter().map(|thread| thread.join().unwrap());
        survivors.collect()
    });
    feed.finish();
    line.start("sink-last", &["sink", "--until-idle"])
        .succeeds();
    roles.iter_mut().for_each(Process::stop);
    line.assert_views(&traffic.expected);
}

/// Lets a role die at each step, one life after the other; gives a last one
/// that lives.
fn die_at_every_step(line: &Installation, group: Group) -> Process {
    let mut rng = Rng::with_seed(group as u64);
    for step in Step::ALL {
        let is_anyones = !matches!(step, Step::Send | Step::Acknowledged);
        if group == Group::Sink && !is_anyones {
            continue;
        }
        let times = match step {
            Step::Assigned | Step::Revoked => 1,
            _ => rng.u32(1..8),
        };
        let mut process = start(line, group, "dying", Some((step, times)));
        // Partitions are taken away when somebody else comes.
        let mut other = (step == Step::Revoked).then(|| {
            until("it has partitions", || {
                process.output().contains("assigned")
            });
            start(line, group, "other", None)
        });
        let status = process.wait();
        assert_eq!(
            status.signal(),
            Some(SIGABRT),
            "{group:?} at {}: {status}",
            step.name()
        );
        if let Some(other) = &mut other {
            other.stop();
        }
    }
    start(line, group, "dying", None)
}

fn start(line: &Installation, group: Group, name: &str, dies: Option<(Step, u32)>) -> Process {
    let name = format!("{}-{name}", role(group));
    let mut command = line.command(&[role(group)]);
    let store = line.directory.join(format!("store-{name}"));
    command.env("THROUGHLINE_PROCESSOR__DATA_DIR", store);
    if name.ends_with("dying") {
        command.env("THROUGHLINE_KAFKA__INSTANCE", &name);
    }
    if let Some((step, times)) = dies {
        command.env(VARIABLE, format!("{}:{times}", step.name()));
        let stage = format!("{name}-{}", step.name());
        return line.start_command(&stage, command);
    }
    line.start_command(&name, command)
}
