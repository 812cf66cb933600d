//! Offsets of a consumer group, read from outside it.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::metadata::MetadataTopic;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use super::context::{Context, unanswered};
use super::lifeline::Lifeline;
use super::settings::{ClientSettings, broker_error};
use crate::idle::{Offsets, Watermarks};
use crate::record::TopicPartition;
use crate::role::StreamError;

/// How many log lines and errors of a client are served at once at most.
const MAX_SERVED: u32 = 10_000;

/// Reads watermarks, and the committed offsets of any group, without joining it.
pub struct GroupOffsets {
    settings: ClientSettings,
    patience: Duration,
    /// One client per group: it can only ask for its own offsets.
    groups: BTreeMap<String, Asker>,
}

/// The client of one group.
struct Asker {
    consumer: BaseConsumer<Context>,
    lifeline: Lifeline,
}

impl GroupOffsets {
    /// A reader whose questions wait for an answer for up to `patience` each.
    pub fn new(settings: ClientSettings, patience: Duration) -> Self {
        Self {
            settings,
            patience,
            groups: BTreeMap::new(),
        }
    }

    fn asker(&self, group: &str) -> Result<Asker, StreamError> {
        let mut config = self.settings.config("throughline-offsets");
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false");
        let consumer = BaseConsumer::from_config_and_context(&config, Context::new("offsets"))
            .map_err(|error| broker_error("cannot make a consumer", &error))?;
        Ok(Asker {
            consumer,
            lifeline: Lifeline::new(&self.settings),
        })
    }

    /// Asks by the client of a group; an error says what was asked for.
    fn ask<T>(
        &mut self,
        group: &str,
        what: impl FnOnce() -> String,
        question: impl FnOnce(&BaseConsumer<Context>, Duration) -> KafkaResult<T>,
    ) -> Result<T, StreamError> {
        // Every client has log lines while Kafka is away, those too that are
        // not asked then.
        for Asker { consumer, .. } in self.groups.values() {
            serve(consumer);
        }
        if !self.groups.contains_key(group) {
            let asker = self.asker(group)?;
            self.groups.insert(group.to_owned(), asker);
        }
        let asker = self.groups.get_mut(group).expect("it was just made");
        asker.lifeline.waits();
        let answer = question(&asker.consumer, self.patience);
        if answer.is_ok() {
            asker.consumer.context().is_here();
            asker.lifeline.heard();
        } else {
            serve(&asker.consumer);
            asker.lifeline.silent(asker.consumer.client());
        }
        answer.map_err(|error| unanswered(what(), &error, asker.consumer.context().refusal()))
    }

    /// The partitions of those of the topics that exist, asked by the client
    /// of a group.
    pub fn partitions(
        &mut self,
        group: &str,
        topics: &[&str],
    ) -> Result<Vec<TopicPartition>, StreamError> {
        // Of all topics: to ask for one that is not there might make it.
        let what = || "cannot list the topics".to_owned();
        let metadata = self.ask(group, what, |client, patience| {
            client.fetch_metadata(None, patience)
        })?;
        let wanted = |topic: &&MetadataTopic| topics.contains(&topic.name());
        let partitions = metadata.topics().iter().filter(wanted).flat_map(|topic| {
            topic.partitions().iter().map(|partition| TopicPartition {
                topic: topic.name().into(),
                partition: partition.id(),
            })
        });
        Ok(partitions.collect())
    }

    /// The notes beside the group's committed offsets in these partitions,
    /// where it has committed.
    pub fn notes(
        &mut self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, String>, StreamError> {
        let commits = self.commits(group, partitions)?;
        Ok(commits
            .into_iter()
            .map(|(at, (_, note))| (at, note))
            .collect())
    }

    /// What the group has committed: offsets and notes.
    fn commits(
        &mut self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, (i64, String)>, StreamError> {
        let mut list = TopicPartitionList::new();
        for at in partitions {
            list.add_partition(&at.topic, at.partition);
        }
        let what = || format!("cannot read the offsets of {group}");
        let offsets = self.ask(group, what, |client, patience| {
            client.committed_offsets(list, patience)
        })?;
        let commit = |element: &TopicPartitionListElem<'_>| {
            let Offset::Offset(offset) = element.offset() else {
                return None;
            };
            let at = TopicPartition {
                topic: element.topic().into(),
                partition: element.partition(),
            };
            Some((at, (offset, element.metadata().to_owned())))
        };
        Ok(offsets.elements().iter().filter_map(commit).collect())
    }
}

/// Serves log lines and errors of a client that is subscribed to nothing.
pub(super) fn serve(consumer: &BaseConsumer<Context>) {
    for _ in 0..MAX_SERVED {
        if consumer.poll(Duration::ZERO).is_none() {
            break;
        }
    }
}

impl Drop for GroupOffsets {
    fn drop(&mut self) {
        self.groups
            .values()
            .for_each(|asker| asker.consumer.context().leave());
    }
}

impl Offsets for GroupOffsets {
    fn watermarks(
        &mut self,
        topics: &[String],
    ) -> Result<BTreeMap<TopicPartition, Watermarks>, StreamError> {
        // Any of the clients may ask what concerns no group.
        let group = self.groups.keys().next().cloned();
        let group = group.unwrap_or_else(|| "throughline-offsets".to_owned());
        let mut all = BTreeMap::new();
        for topic in topics {
            let what = || format!("cannot read the offsets of {topic}");
            let metadata = self.ask(&group, what, |client, patience| {
                client.fetch_metadata(Some(topic), patience)
            })?;
            let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
            for partition in partitions {
                let (low, high) = self.ask(&group, what, |client, patience| {
                    client.fetch_watermarks(topic, partition.id(), patience)
                })?;
                let at = TopicPartition {
                    topic: topic.as_str().into(),
                    partition: partition.id(),
                };
                all.insert(at, Watermarks { low, high });
            }
        }
        Ok(all)
    }

    fn committed(
        &mut self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, i64>, StreamError> {
        let commits = self.commits(group, partitions)?;
        Ok(commits
            .into_iter()
            .map(|(at, (offset, _))| (at, offset))
            .collect())
    }
}
