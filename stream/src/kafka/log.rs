//! Reading a stretch of one partition's log, as nobody's member: nothing is
//! committed, no group is joined, and whoever works on the log sees nothing of it.

use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use throughline_brokers::Inbox;

use super::context::{Context, heals, unanswered};
use super::lifeline::Lifeline;
use super::settings::{ClientSettings, broker_error};
use super::slots::Slots;
use super::source::new_inbox;
use crate::record::{Record, TopicPartition};
use crate::role::StreamError;

/// How long one poll waits for records.
const POLL_WAIT: Duration = Duration::from_millis(200);

/// A stretch of a partition's log.
pub struct LogReader {
    inbox: Inbox<Context>,
    slots: Slots,
    at: TopicPartition,
    next: i64,
    end: i64,
    patience: Duration,
    lifeline: Lifeline,
}

impl LogReader {
    /// Reads the offsets from `from` up to `end`, which is no part of it.
    /// A Kafka that gives nothing for as long as `patience` is an error.
    pub fn new(
        settings: &ClientSettings,
        fetch_buffer_kib: u32,
        at: TopicPartition,
        from: i64,
        end: i64,
        patience: Duration,
    ) -> Result<Self, StreamError> {
        let mut config = settings.config("throughline-log");
        config
            // The client wants a name for a group, even where none is joined.
            .set("group.id", "throughline-log")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("queued.max.messages.kbytes", fetch_buffer_kib.to_string());
        let consumer = BaseConsumer::from_config_and_context(&config, Context::new("log"))
            .map_err(|error| broker_error("cannot make a consumer", &error))?;
        let mut inbox = new_inbox(consumer)?;
        if !inbox.expect(std::iter::once((&*at.topic, at.partition))) {
            return Err(broker_error("cannot read a topic", &at.topic));
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&at.topic, at.partition, Offset::Offset(from))
            .and_then(|()| inbox.consumer().assign(&list))
            .map_err(|error| broker_error(format!("cannot read {}", at.topic), &error))?;
        let mut slots = Slots::default();
        slots.add(at.clone(), Some(from));
        Ok(Self {
            inbox,
            slots,
            at,
            next: from,
            end,
            patience,
            lifeline: Lifeline::new(settings),
        })
    }

    /// The next records, at most so many; none when all are read.
    pub fn read(&mut self, max_records: usize) -> Result<Vec<Record>, StreamError> {
        let mut records = Vec::new();
        let since = Instant::now();
        while records.len() < max_records && self.next < self.end {
            let wait = if records.is_empty() {
                POLL_WAIT
            } else {
                Duration::ZERO
            };
            if let Some(Err(error)) = self.inbox.consumer().poll(Duration::ZERO) {
                self.judge(&error)?;
            }
            let message = self.inbox.next(wait);
            match message.as_ref().map(|message| (message, message.error())) {
                Some((message, None)) => {
                    self.lifeline.heard();
                    if let Some(record) = self.slots.take(message) {
                        self.next = record.offset + 1;
                        if record.offset < self.end {
                            records.push(record);
                        }
                    }
                }
                Some((_, Some(code))) => {
                    drop(message);
                    self.judge(&KafkaError::MessageConsumption(code))?;
                }
                // Silence.
                None if !records.is_empty() => break,
                None if since.elapsed() >= self.patience => {
                    return Err(broker_error(
                        self.place(),
                        &format!("nothing came for {} s", self.patience.as_secs()),
                    ));
                }
                _ => self
                    .lifeline
                    .idle(self.inbox.consumer().client(), &self.at.topic),
            }
        }
        Ok(records)
    }

    /// What an error means: nothing, when it heals by itself.
    fn judge(&self, error: &KafkaError) -> Result<(), StreamError> {
        if passes(error) {
            return Ok(());
        }
        Err(unanswered(self.place(), error, None))
    }

    /// What is being done, for an error.
    fn place(&self) -> String {
        let TopicPartition { topic, partition } = &self.at;
        format!(
            "cannot read {topic}[{partition}] from offset {} to {}",
            self.next, self.end
        )
    }
}

/// Whether an error passes by itself. That the log does not hold a position never does.
fn passes(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| code != RDKafkaErrorCode::AutoOffsetReset && heals(code))
}

impl Drop for LogReader {
    fn drop(&mut self) {
        self.inbox.consumer().context().leave();
    }
}
