//! State that is restored from snapshots: in memory, and on real services where
//! disks are lost and the log before the snapshots is gone.

use std::collections::BTreeMap;
use std::path::Path;

use fastrand::Rng;
use throughline_processor::snapshot::{self, Location, Newest, Place};
use throughline_processor::{FjallStore, StoreOptions};
use throughline_proto::topics;
use throughline_stream::Stop;
use throughline_tests::traffic::Plan;

use crate::bucket::Bucket;
use crate::configure;
use crate::faults::crew::SESSION;
use crate::faults::logs::Tools;
use crate::installation::{EVENTS_PARTITIONS, Group, Installation};
use crate::process::until;
use crate::rig::{PARTITIONS, Rig};
use crate::rows;
use crate::traffic;

/// Events of a plan in memory.
const EVENTS: usize = 400;
/// Records a second while disks are lost.
const RATE: &str = "600";

/// Workers that each go on from a snapshot of the one before, which has died
/// with its disk and with work undone.
#[test]
fn workers_that_go_on_from_snapshots_change_no_row() {
    for seed in 0..4 {
        let plan = Plan::new(seed, EVENTS);
        let records = plan.records();
        let (expected, _) = rows::expected(&plan, &records);
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Directory(directory.path().join("snapshots"));
        let place = Place::new(&location, topics::EVENTS, PARTITIONS).unwrap();
        let (config, rules) = (
            configure::processor(PARTITIONS),
            configure::rules(&plan.settings()),
        );
        let stop = Stop::new();
        let mut rig = Rig::new(&plan);
        let mut rng = Rng::with_seed(seed);
        let mut restored = 0;
        for (life, part) in records.chunks(records.len() / 5).enumerate() {
            for (topic, value) in part {
                rig.put(topic, value);
            }
            rig.ingest();
            let store = FjallStore::open(&StoreOptions {
                path: directory.path().join(format!("store-{life}")),
                cache_bytes: 8 << 20,
            });
            let store = store.unwrap();
            for partition in 0..PARTITIONS {
                let newest =
                    snapshot::restore_into(&store, &place, &config, &rules, partition, None, &stop);
                restored += usize::from(matches!(newest, Ok(Newest::Restored(_))));
            }
            rig.process(store.clone(), Some(rng.usize(10..60)));
            for partition in 0..PARTITIONS {
                snapshot::save(&place, &store, partition, 2, &stop).unwrap();
            }
            // What it does now is lost with its disk.
            rig.process(store, Some(rng.usize(1..20)));
        }
        let last = FjallStore::open(&StoreOptions {
            path: directory.path().join("last"),
            cache_bytes: 8 << 20,
        });
        let last = last.unwrap();
        for partition in 0..PARTITIONS {
            snapshot::restore_into(&last, &place, &config, &rules, partition, None, &stop).unwrap();
        }
        rig.process(last, None);
        assert!(restored > 0);
        let case = format!("seed {seed}, {restored} restored");
        rows::assert_equal(&expected, &rows::actual(&rig.tables()), &case);
    }
}

/// Disks are lost under load, and the log before the newest snapshots with them:
/// what goes on can only go on from those.
#[test]
fn processors_that_lose_their_disks_and_the_old_log_change_no_row() {
    let traffic = traffic::large();
    let mut line = Installation::new("snapshots", &traffic.plan.settings());
    line.config["kafka"]["session_timeout_ms"] = (SESSION.as_millis() as u64).into();
    line.config["processor"]["snapshots"] = serde_json::json!({"interval_ms": 1000, "keep": 2});
    let directory = line.directory.join("traffic");
    let others = traffic.write(&directory);
    line.call(&["topics", "create"]).succeeds();
    line.send(others);
    let mut producer = line.start(
        "produce",
        &["produce", directory.to_str().unwrap(), "--rate", RATE],
    );
    let mut ingest = line.start("ingest", &["ingest"]);
    let mut sink = line.start("sink", &["sink"]);
    let mut processor = line.start_processor("processor-1");
    let mut other = line.start_processor("processor-2");
    let all = traffic.records.len() as i64;
    let tools = Tools::new(&line);
    let snapshots = line.directory.join("snapshots");
    // The log of each partition now begins where its newest snapshot ends.
    let truncate = || {
        let newest = newest(&snapshots, &line.topic(topics::EVENTS));
        tools.delete_before(&line.topic(topics::EVENTS), &newest);
        println!("snapshots: the logs begin at {newest:?}");
    };
    let lose = |name: &str| {
        std::fs::remove_dir_all(line.directory.join(format!("store-{name}"))).unwrap();
    };

    line.until_done(Group::Ingest, all * 30 / 100);
    until("every partition has a snapshot", || {
        newest(&snapshots, &line.topic(topics::EVENTS)).len() == EVENTS_PARTITIONS as usize
    });
    // Another worker takes over without that disk.
    processor.kill();
    lose("processor-1");
    truncate();
    until("the other takes over", || {
        other.output().contains("restored a snapshot")
    });

    // Both at once, under load; each comes back with nothing.
    line.until_done(Group::Ingest, all * 55 / 100);
    other.kill();
    lose("processor-2");
    truncate();
    let mut processor = line.start_processor("processor-1");
    until("a partition is restored", || {
        let output = processor.output();
        output.matches("restored a snapshot").count() >= EVENTS_PARTITIONS as usize
    });
    let mut other = line.start_processor("processor-2");
    line.until_done(Group::Ingest, all * 75 / 100);
    assert!(producer.is_running(), "the traffic was over too soon");
    processor.kill();
    lose("processor-1");
    let mut processor = line.start_processor("processor-1");

    producer.succeeds();
    line.start("sink-2", &["sink", "--until-idle"]).succeeds();
    for role in [&mut ingest, &mut processor, &mut other, &mut sink] {
        role.stop();
    }
    line.assert_views(&traffic.expected);

    // Without snapshots, too, there is nothing to go on from.
    lose("processor-2");
    std::fs::remove_dir_all(&snapshots).unwrap();
    let called = line.call(&["processor", "--until-idle"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    for words in [
        "its retention has passed",
        "its state is not there",
        "there is no snapshot of it",
    ] {
        assert!(called.err.contains(words), "{}", called.err);
    }
    println!("snapshots: {}", called.err.lines().last().unwrap());
}

/// The same with a bucket, which refuses everything at first: the line goes on
/// meanwhile, and afterwards a process without state goes on from the bucket.
#[test]
fn a_bucket_that_is_away_and_comes_back_keeps_the_state() {
    let traffic = traffic::small();
    let bucket = Bucket::new();
    bucket.refuse(true);
    let mut line = Installation::new("bucket", &traffic.plan.settings());
    line.config["processor"]["snapshots"] =
        serde_json::json!({"url": "s3://line/of/tests", "interval_ms": 500, "keep": 1});
    let start = |name: &str, arguments: &[&str]| {
        let mut command = line.command(arguments);
        command.envs(bucket.environment());
        line.start_command(name, command)
    };
    let records: Vec<_> = traffic.outgoing().map(|(_, record)| record).collect();
    let (before, after) = records.split_at(records.len() / 2);
    line.call(&["topics", "create"]).succeeds();
    line.send(before.to_vec());
    // State that a worker has is no question to the bucket: it gets that first.
    bucket.refuse(false);
    let mut run = start("run-1", &["run"]);
    line.until_done(Group::Processor, 1);
    bucket.refuse(true);
    until("the bucket is missed", || {
        run.output().contains("no snapshot was written")
    });
    line.until_done(Group::Ingest, before.len() as i64);
    until("the line goes on", || {
        line.left(Group::Processor) == 0 && line.left(Group::Sink) == 0
    });
    bucket.refuse(false);
    let events = line.topic(topics::EVENTS);
    let ends = line.ends(topics::EVENTS);
    until("the bucket has it all", || {
        bucket.manifests(&events) == ends
    });
    run.kill();
    std::fs::remove_dir_all(line.directory.join("store")).unwrap();
    Tools::new(&line).delete_before(&events, &ends);
    line.send(after.to_vec());

    // Away again: whoever needs it waits, and says so.
    bucket.refuse(true);
    let mut last = start("run-2", &["run", "--until-idle"]);
    until("it waits", || {
        last.output().contains("waiting for object storage")
    });
    bucket.refuse(false);
    last.succeeds();
    let restored = last.output().matches("restored a snapshot").count();
    assert_eq!(restored, EVENTS_PARTITIONS as usize);
    line.assert_views(&traffic.expected);
}

/// The offsets of the newest complete snapshots, by partition.
pub fn newest(snapshots: &Path, topic: &str) -> BTreeMap<i32, i64> {
    let mut newest = BTreeMap::new();
    let list = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten();
        let entries = entries.map(|entry| entry.unwrap());
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
            .collect::<Vec<_>>()
    };
    for (partition, path) in list(&snapshots.join(topic)) {
        let partition = partition.split_once("-of-").unwrap().0.parse().unwrap();
        for (name, path) in list(&path) {
            // While a file is being written, its name ends in # and a number.
            let complete = list(&path)
                .iter()
                .any(|(file, _)| file.starts_with("manifest-") && !file.contains('#'));
            if complete {
                let offset: i64 = name.split_once('-').unwrap().1.parse().unwrap();
                let known = newest.entry(partition).or_insert(offset);
                *known = offset.max(*known);
            }
        }
    }
    newest
}
