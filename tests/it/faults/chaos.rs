//! Everything at once, by chance, under load: the short run of every test, and
//! the long one (`make chaos`).

use std::time::{Duration, Instant};

use fastrand::Rng;
use throughline_tests::traffic::Plan;

use crate::faults::crew::{Crew, SESSION};
use crate::faults::feed::Feed;
use crate::faults::gate::GateKeeper;
use crate::faults::storm::{COMING_AND_GOING, Fault, KAFKAS, OWN, Storm};
use crate::installation::{Group, Installation};
use crate::process::Progress;
use crate::services::{self, OwnKafka};
use crate::traffic::Traffic;

/// One run.
struct Run {
    name: String,
    seed: u64,
    events: usize,
    /// Records a second.
    rate: u32,
    faults: Vec<Fault>,
    pause_ms: std::ops::Range<u64>,
}

/// A line under load, to which faults happen until its traffic is over.
fn check(run: Run, kafka: Option<&OwnKafka>) {
    let plan = Plan {
        clients: run.events.div_ceil(15),
        ..Plan::new(run.seed, run.events)
    };
    let traffic = Traffic::new(plan);
    let services = services::shared();
    let address = kafka.map_or(&services.kafka, |kafka| &kafka.address);
    let mut line = Installation::on(address, &run.name, &traffic.plan.settings());
    let gate = GateKeeper::before(&services.clickhouse);
    line.config["kafka"]["session_timeout_ms"] = (SESSION.as_millis() as u64).into();
    line.config["clickhouse"]["url"] = format!("http://{}", gate.address).into();
    line.config["clickhouse"]["request_timeout_ms"] = 1500.into();
    line.config["sink"]["retry_max_ms"] = 1000.into();
    line.call(&["topics", "create"]).succeeds();
    line.call(&["schema", "apply"]).succeeds();

    let mut crew = Crew::new(&line);
    crew.hire(Group::Ingest, 2);
    crew.hire(Group::Processor, 3);
    crew.hire(Group::Sink, 2);
    let mut feed = Feed::start(&line, &traffic, run.rate, run.seed);
    let mut storm = Storm {
        line: &line,
        crew,
        gate: &gate,
        kafka,
        faults: run.faults,
        pause_ms: run.pause_ms,
    };
    let mut rng = Rng::with_seed(run.seed);
    storm.rage(&mut feed, &mut rng);
    feed.finish();
    let after = Instant::now();
    let mut last = line.start("sink-3", &["sink", "--until-idle"]);
    let mut progress = Progress::of("the line");
    while last.is_running() {
        storm.crew.look();
        let left = || {
            let left = Group::ALL.map(|group| format!("{group:?} {}", line.left(group)));
            format!("records left: {}", left.join(", "))
        };
        let done: i64 = Group::ALL.iter().map(|group| line.done(*group)).sum();
        progress.is_at(done, left);
        std::thread::sleep(Duration::from_millis(200));
    }
    last.succeeds();
    let seconds = after.elapsed().as_secs_f64();
    println!(
        "{}: everything had arrived {seconds:.1} s after the last fault",
        run.name
    );
    let log = line.records_of(Group::Processor);
    println!("{}: {log} records in events", run.name);
    storm.crew.dismiss().print(&run.name);
    line.assert_views(&traffic.expected);
    let dead_letters = line.query("SELECT count() FROM dead_letters");
    assert_eq!(dead_letters, traffic.rejected.to_string());
}

/// Every fault but Kafka's, once.
#[test]
fn everything_that_can_happen_to_a_line_changes_no_row() {
    let run = Run {
        name: "chaos".into(),
        seed: 1,
        events: 5_000,
        rate: 400,
        faults: OWN.to_vec(),
        pause_ms: 300..1800,
    };
    check(run, None);
}

/// Workers of all roles join and leave all the time.
#[test]
fn a_storm_of_rebalances_changes_no_row() {
    let run = Run {
        name: "rebalances".into(),
        seed: 2,
        events: 3_000,
        rate: 400,
        faults: COMING_AND_GOING.to_vec(),
        pause_ms: 300..1500,
    };
    check(run, None);
}

/// Rounds with seeds of their own until the time is over, with all faults, on
/// a Kafka that is harmed, too. `CHAOS_SEED` and `CHAOS_ROUNDS=1` repeat one.
#[test]
#[ignore = "takes as long as it is told to: make chaos"]
fn chaos() {
    let number = |name, default| {
        let value = std::env::var(name).ok();
        value.map_or(default, |value| value.parse::<u64>().unwrap())
    };
    let seconds = number("CHAOS_SECONDS", 600);
    let first = number("CHAOS_SEED", u64::from(std::process::id()));
    let rounds = number("CHAOS_ROUNDS", u64::MAX);
    let events = number("CHAOS_EVENTS", 20_000) as usize;
    let kafka = OwnKafka::start("chaos");
    let since = Instant::now();
    let mut round = 0;
    while round < rounds && (round == 0 || since.elapsed().as_secs() < seconds) {
        let seed = first + round;
        println!(
            "round {round}: CHAOS_SEED={seed} CHAOS_ROUNDS=1 CHAOS_EVENTS={events} make chaos"
        );
        let run = Run {
            name: format!("chaos_{round}"),
            seed,
            events,
            rate: 200,
            faults: [OWN, COMING_AND_GOING, KAFKAS].concat(),
            pause_ms: 500..4000,
        };
        check(run, Some(&kafka));
        round += 1;
    }
    println!("{round} rounds, from seed {first} on, without a difference");
}
