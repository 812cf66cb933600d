//! The partitions that a source has, and how far it has read them.

use std::fmt::Write as _;
use std::sync::Arc;

use throughline_brokers::Message;

use crate::record::{Header, Position, Record, TopicPartition};

/// A partition, the offset expected next, where it is known, and the one that
/// was last to be committed.
struct Slot {
    at: TopicPartition,
    next: Option<i64>,
    done: Option<i64>,
}

/// The partitions of the present assignment.
#[derive(Default)]
pub(super) struct Slots {
    all: Vec<Slot>,
    /// The slot of the record before: records come in runs of one partition.
    last: usize,
}

impl Slots {
    pub(super) fn add(&mut self, at: TopicPartition, next: Option<i64>) {
        self.all.push(Slot {
            at,
            next,
            done: None,
        });
    }

    /// Whether a partition is assigned.
    pub(super) fn has(&self, at: &TopicPartition) -> bool {
        self.all.iter().any(|slot| slot.at == *at)
    }

    /// What was assigned.
    pub(super) fn into_partitions(self) -> Vec<TopicPartition> {
        self.all.into_iter().map(|slot| slot.at).collect()
    }

    /// Remembers a position as one to be committed. `false`: its partition is
    /// not assigned.
    pub(super) fn done(&mut self, position: &Position) -> bool {
        let slot = self.all.iter_mut().find(|slot| slot.at == position.at);
        if let Some(slot) = slot {
            slot.done = Some(position.next_offset);
            true
        } else {
            false
        }
    }

    /// The positions that were last to be committed.
    pub(super) fn all_done(&self) -> Vec<Position> {
        let done = self.all.iter().filter_map(|slot| {
            Some(Position {
                at: slot.at.clone(),
                next_offset: slot.done?,
            })
        });
        done.collect()
    }

    /// The offsets expected next, where they are known.
    pub(super) fn expected(&self) -> impl Iterator<Item = (&TopicPartition, i64)> {
        self.all
            .iter()
            .filter_map(|slot| Some((&slot.at, slot.next?)))
    }

    /// Copies a message out of the library's memory; `None` when its
    /// partition is not assigned.
    pub(super) fn take(&mut self, message: &Message<'_>) -> Option<Record> {
        let (topic, partition) = (message.topic(), message.partition());
        let is_it =
            |slot: &Slot| slot.at.partition == partition && slot.at.topic.as_bytes() == topic;
        if !self.all.get(self.last).is_some_and(is_it) {
            self.last = self.all.iter().position(is_it)?;
        }
        let slot = self.all.get_mut(self.last)?;
        slot.next = Some(message.offset() + 1);
        let headers = message.headers().map(|(name, value)| Header {
            name: String::from_utf8_lossy(name).into_owned(),
            value: value.map(<[u8]>::to_vec),
        });
        Some(Record {
            topic: Arc::clone(&slot.at.topic),
            partition,
            offset: message.offset(),
            timestamp_ms: message.timestamp_ms().unwrap_or(0),
            key: message.key().map(<[u8]>::to_vec),
            value: message.value().map(<[u8]>::to_vec),
            headers: headers.collect(),
        })
    }
}

/// Partitions for a log line, `web[0 1 2] calls[0]`.
pub(super) fn list(partitions: &[TopicPartition]) -> String {
    let mut text = String::new();
    let mut topic: Option<&str> = None;
    for at in partitions {
        if topic == Some(&at.topic) {
            let _ = write!(text, " {}", at.partition);
        } else {
            let end = if topic.is_some() { "] " } else { "" };
            let _ = write!(text, "{end}{}[{}", at.topic, at.partition);
            topic = Some(&at.topic);
        }
    }
    if topic.is_some() {
        text.push(']');
    }
    text
}
