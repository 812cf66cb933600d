//! What came out, counted.

use std::fmt;

use serde_json::{Map, Value, json};
use throughline_proto::topics::RawTopic;

use super::outbox::{Parcel, Sort};

/// Counts of what came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Events by topic, in the order of [`RawTopic::ALL`].
    topics: [u64; RawTopic::ALL.len()],
    /// Events, broken and repeated ones included.
    pub events: u64,
    /// Records.
    pub records: u64,
    /// Bytes of the records.
    pub bytes: u64,
    /// Broken records.
    pub junk: u64,
    /// Events that arrived once more.
    pub twice: u64,
    /// Events that arrived late.
    pub late: u64,
}

impl Summary {
    /// Counts one.
    pub fn count(&mut self, parcel: &Parcel) {
        let events = u64::from(parcel.events);
        self.topics[parcel.topic as usize] += events;
        self.events += events;
        self.records += 1;
        self.bytes += parcel.line.len() as u64 + 1;
        match parcel.sort {
            Sort::Prompt => {}
            Sort::Late => self.late += events,
            Sort::Twice => self.twice += events,
            Sort::Junk => self.junk += 1,
        }
    }

    /// Events of a topic.
    pub fn of(&self, topic: RawTopic) -> u64 {
        self.topics[topic as usize]
    }

    /// The counts for a machine.
    pub fn json(&self) -> Value {
        let topics: Map<String, Value> = RawTopic::ALL
            .iter()
            .map(|topic| (topic.name().to_owned(), json!(self.of(*topic))))
            .collect();
        json!({
            "events": self.events,
            "records": self.records,
            "broken": self.junk,
            "repeated": self.twice,
            "late": self.late,
            "by_topic": topics,
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} events (", self.events)?;
        for (index, topic) in RawTopic::ALL.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(out, "{comma}{} {}", topic.name(), self.of(topic))?;
        }
        write!(
            out,
            "), of them {} broken, {} repeated, {} late",
            self.junk, self.twice, self.late
        )
    }
}
