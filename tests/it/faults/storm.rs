//! Faults by chance: a seed decides what happens to whom, when and for how
//! long. What comes of it depends on the machine, and must be the same.

use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::faults::crew::{Crew, SESSION};
use crate::faults::feed::Feed;
use crate::faults::gate::{Gate, GateKeeper};
use crate::installation::{Group, Installation};
use crate::services::OwnKafka;

/// How often is looked how everybody is.
const TICK: Duration = Duration::from_millis(200);

/// What may happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// One is killed, and started again.
    Kill(Group),
    /// One is stopped past its session, and goes on as a zombie.
    Freeze(Group),
    /// One is asked to end, does so, and is started again.
    Leave(Group),
    /// A processor is killed, and its state is gone.
    LoseDisk,
    /// The gate before ClickHouse changes for a while.
    ClickHouse(Gate),
    /// ClickHouse has too many parts to take rows, for a while.
    TooManyParts,
    /// ClickHouse's tables are read-only for a while.
    ReadOnly,
    /// Kafka ends in order, and comes again.
    KafkaStop,
    /// Kafka is killed, and comes again.
    KafkaKill,
    /// Kafka is stopped where it stands, and goes on.
    KafkaFreeze,
}

/// What happens to a line's own processes and to ClickHouse.
pub const OWN: &[Fault] = &[
    Fault::Kill(Group::Ingest),
    Fault::Kill(Group::Processor),
    Fault::Kill(Group::Sink),
    Fault::Freeze(Group::Processor),
    Fault::Freeze(Group::Ingest),
    Fault::Freeze(Group::Sink),
    Fault::Leave(Group::Processor),
    Fault::LoseDisk,
    Fault::ClickHouse(Gate::Shut),
    Fault::ClickHouse(Gate::Mute),
    Fault::ClickHouse(Gate::LosesReplies),
    Fault::TooManyParts,
    Fault::ReadOnly,
];

/// What happens to Kafka.
pub const KAFKAS: &[Fault] = &[Fault::KafkaStop, Fault::KafkaKill, Fault::KafkaFreeze];

/// Workers that come and go.
pub const COMING_AND_GOING: &[Fault] = &[
    Fault::Leave(Group::Processor),
    Fault::Leave(Group::Ingest),
    Fault::Leave(Group::Processor),
    Fault::Leave(Group::Sink),
    Fault::Kill(Group::Processor),
];

/// What faults happen to.
pub struct Storm<'a> {
    /// The line.
    pub line: &'a Installation,
    /// Its processes.
    pub crew: Crew<'a>,
    /// Between its sinks and ClickHouse.
    pub gate: &'a GateKeeper,
    /// Its Kafka, if nobody else needs it.
    pub kafka: Option<&'a OwnKafka>,
    /// What may happen. All of it happens before anything does again.
    pub faults: Vec<Fault>,
    /// How long after one fault the next one comes, in milliseconds.
    pub pause_ms: std::ops::Range<u64>,
}

/// What ends a fault.
#[derive(Clone, Copy, Debug)]
enum Cure {
    Start(usize),
    Thaw(usize),
    OpenGate,
    MergeParts,
    AllowWrites,
}

impl Storm<'_> {
    /// Lets faults happen while traffic comes, and until each has happened;
    /// then cures all that is left.
    pub fn rage(&mut self, feed: &mut Feed, rng: &mut Rng) {
        let mut deck = Vec::new();
        let mut cures: Vec<(Instant, Cure)> = Vec::new();
        let mut is_first_deck = true;
        while feed.is_running() || is_first_deck {
            if deck.is_empty() {
                deck.clone_from(&self.faults);
                rng.shuffle(&mut deck);
            }
            let fault = deck.pop();
            is_first_deck &= !deck.is_empty();
            if let Some(cure) = fault.and_then(|fault| self.happen(fault, rng)) {
                println!("{} % sent: {fault:?}, {cure:?} after it", feed.percent());
                let lasts = match cure {
                    Cure::Thaw(_) => SESSION * 3 / 2,
                    _ => Duration::from_millis(rng.u64(0..2000)),
                };
                cures.push((Instant::now() + lasts, cure));
            }
            let next = Instant::now() + Duration::from_millis(rng.u64(self.pause_ms.clone()));
            while Instant::now() < next {
                self.cure(&mut cures, false);
                self.crew.look();
                std::thread::sleep(TICK);
            }
        }
        self.cure(&mut cures, true);
    }

    /// Lets a fault happen; gives what ends it.
    fn happen(&mut self, fault: Fault, rng: &mut Rng) -> Option<Cure> {
        let mut victim = |group| rng.choice(self.crew.well(group));
        match fault {
            Fault::Kill(group) => {
                let index = victim(group)?;
                self.crew.kill(index);
                Some(Cure::Start(index))
            }
            Fault::Freeze(group) => {
                let index = victim(group)?;
                self.crew.freeze(index);
                Some(Cure::Thaw(index))
            }
            Fault::Leave(group) => {
                let index = victim(group)?;
                self.crew.leave(index);
                Some(Cure::Start(index))
            }
            Fault::LoseDisk => {
                let index = victim(Group::Processor)?;
                self.crew.lose(index);
                Some(Cure::Start(index))
            }
            Fault::ClickHouse(gate) => {
                self.gate.set(gate);
                Some(Cure::OpenGate)
            }
            Fault::TooManyParts => {
                too_many_parts(self.line, true);
                Some(Cure::MergeParts)
            }
            Fault::ReadOnly => {
                read_only(self.line, true);
                Some(Cure::AllowWrites)
            }
            Fault::KafkaStop | Fault::KafkaKill | Fault::KafkaFreeze => {
                let kafka = self.kafka?;
                let away = Duration::from_millis(rng.u64(0..6000));
                println!("{fault:?} for {away:?}");
                harm(kafka, fault, away);
                None
            }
        }
    }

    /// Ends what is over by now, or everything.
    fn cure(&mut self, cures: &mut Vec<(Instant, Cure)>, all: bool) {
        let now = Instant::now();
        let is_due = |due: &Instant| all || *due <= now;
        for (_, cure) in cures.extract_if(.., |(due, _)| is_due(due)) {
            match cure {
                Cure::Start(index) => self.crew.start(index),
                Cure::Thaw(index) => self.crew.thaw(index),
                Cure::OpenGate => self.gate.set(Gate::Open),
                Cure::MergeParts => too_many_parts(self.line, false),
                Cure::AllowWrites => read_only(self.line, false),
            }
        }
    }
}

fn harm(kafka: &OwnKafka, fault: Fault, away: Duration) {
    match fault {
        Fault::KafkaFreeze => {
            kafka.signal("STOP");
            std::thread::sleep(away);
            kafka.signal("CONT");
        }
        fault => {
            if fault == Fault::KafkaKill {
                kafka.signal("KILL");
            }
            kafka.stop();
            std::thread::sleep(away);
            kafka.start_again();
        }
    }
}

/// Lets ClickHouse's tables refuse rows for having too many parts, or take
/// them again.
pub fn too_many_parts(line: &Installation, is_so: bool) {
    set(line, "parts_to_throw_insert", is_so);
}

/// Makes ClickHouse's tables read-only, or no longer.
pub fn read_only(line: &Installation, is_so: bool) {
    set(line, "table_readonly", is_so);
}

fn set(line: &Installation, setting: &str, is_so: bool) {
    let change = if is_so {
        format!("MODIFY SETTING {setting} = 1")
    } else {
        format!("RESET SETTING {setting}")
    };
    let tables = line.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    );
    for table in tables.lines() {
        line.query(&format!("ALTER TABLE {table} {change}"));
    }
}
