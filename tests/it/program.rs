//! What the commands promise: they end when there is nothing to do, continue
//! where they were, and say what is wrong.

use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use throughline_tests::reference::{Settings, Tables};

use crate::installation::{Group, Installation, VIEWS};
use crate::traffic;

/// The views that `attribute` prints.
const ATTRIBUTED: [&str; 7] = [
    "channel_roi",
    "channel_hourly",
    "traffic_hourly",
    "credits",
    "deals",
    "deal_events",
    "touchpoints",
];

#[test]
fn a_line_without_records_is_idle() {
    let line = Installation::new("empty", &Settings::default());
    for _ in 0..2 {
        line.run_until_idle();
        for view in VIEWS {
            assert_eq!(
                line.query(&format!("SELECT count() FROM {view}")),
                "0",
                "{view}"
            );
        }
    }
}

#[test]
fn a_second_run_has_nothing_to_do_and_files_alone_give_the_same_rows() {
    let traffic = traffic::small();
    let line = Installation::new("twice", &traffic.plan.settings());
    let directory = line.directory.join("traffic");
    traffic.write_lines(&directory);
    line.produce(&directory);
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    let groups = [Group::Ingest, Group::Processor, Group::Sink];
    let work = || groups.map(|group| (line.done(group), line.left(group)));
    let before = work();
    line.run_until_idle();
    assert_eq!(work(), before, "done and left to do");
    line.assert_views(&traffic.expected);

    let (mut views, mut attributed) = (Tables::default(), Tables::default());
    for view in ATTRIBUTED {
        let rows = line.query(&format!("SELECT * FROM {view} FORMAT JSONEachRow"));
        views.load(view, &rows).unwrap();
        let directory = directory.to_str().unwrap();
        let called = line.call(&["attribute", directory, "--table", view, "--format", "jsonl"]);
        called.succeeds();
        attributed.load(view, &called.out).unwrap();
        assert!(
            called.err.contains("records were rejected"),
            "{}",
            called.err
        );
    }
    let differences = views.compare(&attributed);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let clients = |tables: &Tables| tables.clients.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        clients(&views),
        clients(&attributed),
        "clients by the same names"
    );
}

#[test]
fn a_line_that_is_asked_to_end_under_load_does_so_and_continues() {
    let traffic = traffic::large();
    let mut line = Installation::new("sigterm", &traffic.plan.settings());
    let deadline = Duration::from_secs(20);
    line.config["shutdown_timeout_ms"] = (deadline.as_millis() as u64).into();
    // Twice, and with a first checkpoint soon, so that there is load still then.
    line.config["processor"]["checkpoint_interval_ms"] = 50.into();
    traffic.send(&line);
    line.produce(&line.directory.join("traffic"));
    let mut run = line.start("run", &["run"]);
    line.until_done(Group::Processor, 1);
    let asked = Instant::now();
    run.stop();
    // Two seconds are for those that notice the deadline late.
    assert!(asked.elapsed() < deadline + Duration::from_secs(4));
    assert!(line.left(Group::Ingest) > 0, "the load was over too soon");
    assert!(run.output().contains("SIGTERM"));
    line.run_until_idle();
    line.assert_views(&traffic.expected);
}

/// It is asked while it still reads its configuration, from a pipe.
#[test]
fn a_line_that_is_asked_to_end_while_it_starts_ends_well() {
    let mut line = Installation::new("early", &Settings::default());
    line.config["dashboard"]["listen"] = "127.0.0.1:0".into();
    line.call(&["topics", "create"]).succeeds();
    for role in ["run", "ingest", "processor", "sink", "dashboard"] {
        let pipe = line.directory.join(format!("{role}.yaml"));
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let called = line.command(&[role]);
        let given = called.get_args().nth(1).unwrap();
        let given = std::fs::read(given).unwrap();
        let mut command = Command::new(called.get_program());
        command.arg("--config").arg(&pipe).arg(role);
        command.current_dir(&line.directory);
        for (name, value) in called.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut process = line.start_command(role, command);
        // Opening it waits for the reader.
        let mut writer = std::fs::File::options().write(true).open(&pipe).unwrap();
        process.signal("TERM");
        writer.write_all(&given).unwrap();
        drop(writer);
        process.succeeds();
        assert!(process.output().contains("SIGTERM"), "{}", process.output());
    }
}

#[test]
fn a_broken_configuration_is_refused_with_every_mistake() {
    let mut line = Installation::new("broken", &Settings::default());
    line.config["kafka"]["bootstrap_server"] = "kafka:9092".into();
    line.config["processor"]["workers"] = "many".into();
    line.config["tenants"]["defaults"]["time_zone"] = "Europe/Moskow".into();
    for command in [
        &["run"][..],
        &["sink", "--until-idle"],
        &["produce", "."],
        &["config", "check"],
    ] {
        let called = line.call(command);
        assert_eq!(called.code, Some(2), "{}", called.err);
        let places = [
            "config-",
            ".yaml:1:",
            "3 mistakes",
            "kafka.bootstrap_server: ",
            "did you mean `bootstrap_servers`?",
            "processor.workers: `many`",
            "tenants.defaults.time_zone: ",
            "did you mean Europe/Moscow?",
        ];
        for place in places {
            assert!(called.err.contains(place), "{place}: {}", called.err);
        }
    }
}

#[test]
fn another_number_of_partitions_is_refused() {
    let mut line = Installation::new("partitions", &Settings::default());
    line.call(&["topics", "create"]).succeeds();
    line.config["kafka"]["partitions"]["events"] = 7.into();
    for command in ["run", "ingest", "processor", "sink"] {
        let called = line.call(&[command, "--until-idle"]);
        assert_eq!(called.code, Some(1), "{}", called.err);
        let problem = "topic partitions.events has 6 partitions, but the configuration says 7";
        assert!(called.err.contains(problem), "{}", called.err);
    }
}
