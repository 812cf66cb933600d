//! What was sent and has not arrived yet: events arrive a little later than
//! they happen, some much later, some twice.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use throughline_proto::topics::RawTopic;

use super::dice::Dice;
use super::time::{At, DAY, HOUR, MINUTE, Tempo};

/// How probable it is that an event arrives twice.
const TWICE: f64 = 0.004;

/// A record on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// When it arrives.
    pub arrival: At,
    sequence: u64,
    /// Where it goes.
    pub topic: RawTopic,
    /// The record's value.
    pub line: String,
    /// How many events it holds.
    pub events: u32,
    /// What it is.
    pub sort: Sort,
}

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// An event that arrives soon.
    Prompt,
    /// An event that arrives much later than it happened.
    Late,
    /// The same once more.
    Twice,
    /// Nothing that can be used.
    Junk,
}

impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.arrival, self.sequence).cmp(&(other.arrival, other.sequence))
    }
}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How events of a topic travel.
struct Road {
    /// The median time on the way, in milliseconds.
    median: f64,
    /// The share that is late.
    late: f64,
    /// How late at most.
    latest: i64,
}

const fn road(topic: RawTopic) -> Road {
    let (median, late, latest) = match topic {
        RawTopic::Web | RawTopic::Numbers => (400.0, 0.004, 6 * HOUR),
        RawTopic::Calls => (2500.0, 0.02, 8 * HOUR),
        RawTopic::Emails => (1500.0, 0.01, 2 * HOUR),
        RawTopic::Deals => (3000.0, 0.02, 2 * DAY),
        RawTopic::Costs => (5000.0, 0.0, HOUR),
        RawTopic::Touches => (5000.0, 0.10, 3 * DAY),
        RawTopic::Identities => (1000.0, 0.03, 2 * DAY),
    };
    Road {
        median,
        late,
        latest,
    }
}

/// Records by the time of their arrival.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    waiting: BinaryHeap<Reverse<Parcel>>,
    sequence: u64,
    /// How many events were ever sent.
    pub sent: u64,
}

impl Outbox {
    /// Sends a record with an event that happened at `at`.
    pub fn send(&mut self, topic: RawTopic, at: At, line: String, way: &mut Way<'_>) {
        let road = road(topic);
        let (delay, sort) = if way.dice.chance(road.late) {
            let delay = way.tempo.slow(way.dice.whole(5 * MINUTE, road.latest));
            (delay, Sort::Late)
        } else {
            (way.dice.log_normal(road.median, 0.7) as i64, Sort::Prompt)
        };
        let arrival = at + delay;
        if way.dice.chance(TWICE) {
            let again = arrival + way.tempo.slow(way.dice.log_normal(60_000.0, 1.5) as i64);
            self.push(again, topic, line.clone(), way.events, Sort::Twice);
        }
        self.push(arrival, topic, line, way.events, sort);
    }

    /// Sends what is no event.
    pub fn send_junk(&mut self, topic: RawTopic, arrival: At, line: String) {
        self.push(arrival, topic, line, 1, Sort::Junk);
    }

    /// When the next one arrives.
    pub fn next(&self) -> Option<At> {
        self.waiting.peek().map(|Reverse(parcel)| parcel.arrival)
    }

    /// The next one.
    pub fn pop(&mut self) -> Option<Parcel> {
        self.waiting.pop().map(|Reverse(parcel)| parcel)
    }

    fn push(&mut self, arrival: At, topic: RawTopic, line: String, events: u32, sort: Sort) {
        self.sequence += 1;
        self.sent += u64::from(events);
        self.waiting.push(Reverse(Parcel {
            arrival,
            sequence: self.sequence,
            topic,
            line,
            events,
            sort,
        }));
    }
}

/// How a record travels.
pub struct Way<'a> {
    /// What delays it.
    pub dice: &'a mut Dice,
    /// How long delays are.
    pub tempo: Tempo,
    /// How many events it holds.
    pub events: u32,
}
