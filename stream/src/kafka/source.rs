//! Reading records as a member of a consumer group.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use metrics::{Counter, counter};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use throughline_brokers::Inbox;

use super::context::{Context, Rebalance, heals, reason_of, unanswered};
use super::lifeline::Lifeline;
use super::settings::{Member, SourceSettings, broker_error};
use super::slots::{Slots, list};
use super::start::{Log, PATIENCE, Start, StartAt};
use crate::blocked::{Blocked, role_of};
use crate::failpoint::{self, Step};
use crate::metric_names;
use crate::record::{Position, Record, TopicPartition};
use crate::role::{Polled, Source, StreamError};

/// How long after the last commit it is looked whether it has arrived.
const VERIFY_AFTER: Duration = Duration::from_millis(500);

/// A poll gives no more once it has so many bytes, so that a worker that takes
/// long over its records still hears of changes of the assignment soon.
const POLL_BYTES: usize = 1 << 20;

/// What came for the client beside records is served with each poll, so much of
/// it at most: answers to commits, and now and then an error or an assignment.
const SERVED_EVENTS: u32 = 4;

/// A member of a consumer group.
pub struct KafkaSource {
    settings: SourceSettings,
    inbox: Inbox<Context>,
    start: StartAt,
    slots: Slots,
    /// The partitions of the assignment before: an error may be late.
    before: Slots,
    /// Partitions were taken away and are to be given back by the next poll.
    give_back: bool,
    /// When to look whether the last commit has arrived. The library does not
    /// say when one fails; while records come, the next one makes up for it.
    verify_at: Option<Instant>,
    failed: Option<StreamError>,
    lifeline: Lifeline,
    blocked: Blocked,
    /// Times that partitions were assigned.
    rebalances: Counter,
    /// What the lifeline asks for.
    topic: String,
}

impl KafkaSource {
    /// Joins the group; partitions come with the polls.
    pub fn new(settings: &SourceSettings, start: StartAt) -> Result<Self, StreamError> {
        // An alarm needs something to compare with.
        counter!(metric_names::STREAM_FENCED_MEMBERS_TOTAL).increment(0);
        let role = role_of(&settings.name);
        let rebalances = counter!(metric_names::STREAM_REBALANCES_TOTAL, "role" => role.to_owned());
        rebalances.increment(0);
        Ok(Self {
            inbox: join(settings)?,
            settings: settings.clone(),
            start,
            slots: Slots::default(),
            before: Slots::default(),
            give_back: false,
            verify_at: None,
            failed: None,
            lifeline: Lifeline::new(&settings.client),
            blocked: Blocked::new(role, "records"),
            rebalances,
            topic: settings.topics.first().cloned().unwrap_or_default(),
        })
    }

    /// Whether the group took this member for another of the same name, which
    /// its client calls fatal, though the name is its own.
    fn is_fenced(&self) -> bool {
        let fatal = || self.consumer().client().fatal_error();
        let is_fenced = |(code, _)| code == RDKafkaErrorCode::FencedInstanceId;
        self.owns_its_name() && fatal().is_some_and(is_fenced)
    }

    fn owns_its_name(&self) -> bool {
        matches!(self.settings.member, Member::Owned(_))
    }

    /// Lets go of all partitions and joins the group again, with a new client
    /// and without the name: should somebody have it after all (in a copy of
    /// the directory that it stands in), the two do not take it from each other
    /// for ever. What the worker still commits of the partitions is ignored.
    fn join_again(&mut self) -> Result<Polled, StreamError> {
        let lost = std::mem::take(&mut self.slots).into_partitions();
        tracing::warn!(
            client = self.settings.name,
            partitions = %list(&lost),
            "the group took this member for another of its name; joining it again without a name until the next start"
        );
        counter!(metric_names::STREAM_FENCED_MEMBERS_TOTAL).increment(1);
        self.settings.member = Member::Unnamed;
        self.leave();
        self.inbox = join(&self.settings)?;
        self.before = Slots::default();
        self.give_back = false;
        self.verify_at = None;
        self.failed = None;
        self.lifeline = Lifeline::new(&self.settings.client);
        Ok(if lost.is_empty() {
            Polled::Records(Vec::new())
        } else {
            Polled::Revoked(lost)
        })
    }

    fn consumer(&self) -> &BaseConsumer<Context> {
        self.inbox.consumer()
    }

    /// From now on the client lets go of whatever it has or is given.
    fn leave(&self) {
        self.consumer().context().leave();
        let _ = self.consumer().unassign();
    }

    /// Performs the next change of the assignment, if there is one.
    fn rebalance(&mut self) -> Result<Option<Polled>, StreamError> {
        if self.give_back {
            self.give_back = false;
            self.before = std::mem::take(&mut self.slots);
            self.inbox.forget();
            // An error means that the group has taken them already.
            let _ = self.consumer().unassign();
        }
        let event = self.consumer().context().rebalances().pop_front();
        match event {
            None => Ok(None),
            Some(Rebalance::Revoke(partitions)) => {
                tracing::info!(client = self.settings.name, partitions = %list(&partitions), "revoked");
                self.give_back = true;
                failpoint::reached(Step::Revoked);
                Ok(Some(Polled::Revoked(partitions)))
            }
            Some(Rebalance::Assign(partitions)) => {
                if self.assign(&partitions)? {
                    tracing::info!(client = self.settings.name, partitions = %list(&partitions), "assigned");
                    self.rebalances.increment(1);
                    failpoint::reached(Step::Assigned);
                    Ok(Some(Polled::Assigned(partitions)))
                } else {
                    let again = Rebalance::Assign(partitions);
                    self.consumer().context().rebalances().push_front(again);
                    Ok(Some(Polled::Records(Vec::new())))
                }
            }
        }
    }

    /// Takes the partitions from where each is to begin. `false`: nobody says
    /// where, for now.
    fn assign(&mut self, partitions: &[TopicPartition]) -> Result<bool, StreamError> {
        let mut starts = Vec::with_capacity(partitions.len());
        for at in partitions {
            let log = Log {
                consumer: self.inbox.consumer(),
                at,
            };
            match (self.start)(at, &log)? {
                Some(start) => starts.push(start),
                None => return Ok(false),
            }
        }
        let mut unknown = TopicPartitionList::new();
        for (at, start) in partitions.iter().zip(&starts) {
            if *start == Start::Committed {
                unknown.add_partition(&at.topic, at.partition);
            }
        }
        let mut committed = TopicPartitionList::new();
        if unknown.count() > 0 {
            committed = match self.consumer().committed_offsets(unknown, PATIENCE) {
                Ok(offsets) => offsets,
                Err(error) if error.rdkafka_error_code().is_none_or(heals) => {
                    self.consumer().context().is_away(&reason_of(&error));
                    return Ok(false);
                }
                Err(error) => {
                    return Err(unanswered("cannot read committed offsets", &error, None));
                }
            };
        }
        let mut list = TopicPartitionList::new();
        let mut moved = Vec::new();
        let mut slots = Slots::default();
        for (at, start) in partitions.iter().zip(starts) {
            let next = match start {
                Start::At(offset) => {
                    moved.push((at, offset));
                    Some(offset)
                }
                Start::After(offset) => {
                    moved.push((at, offset));
                    Some(offset - 1)
                }
                Start::Beginning => {
                    moved.push((at, 0));
                    None
                }
                Start::Committed => {
                    committed
                        .find_partition(&at.topic, at.partition)
                        .and_then(|element| match element.offset() {
                            Offset::Offset(offset) => Some(offset),
                            _ => None,
                        })
                }
            };
            let offset = next.map_or(Offset::Beginning, Offset::Offset);
            list.add_partition_offset(&at.topic, at.partition, offset)
                .map_err(|error| broker_error("cannot assign partitions", &error))?;
            slots.add(at.clone(), next);
        }
        let expected = partitions.iter().map(|at| (&*at.topic, at.partition));
        if !self.inbox.expect(expected) {
            let topics = self.settings.topics.join(", ");
            return Err(broker_error("cannot assign partitions", &topics));
        }
        self.consumer()
            .assign(&list)
            .map_err(|error| broker_error("cannot assign partitions", &error))?;
        self.slots = slots;
        self.consumer().context().is_here();
        // The group's offsets follow where the worker really begins: without
        // this, lost state would pass for work that is done.
        let moved: Vec<_> = moved
            .into_iter()
            .map(|(at, next_offset)| Position {
                at: at.clone(),
                next_offset,
            })
            .collect();
        for position in &moved {
            self.slots.done(position);
        }
        self.verify_at = None;
        match self.send_commit(&moved, CommitMode::Sync) {
            Ok(()) => self.settings.joined.store(true, Ordering::Relaxed),
            Err(error) => self.is_uncommitted(&error)?,
        }
        Ok(true)
    }

    fn send_commit(&self, positions: &[Position], mode: CommitMode) -> Result<(), KafkaError> {
        // Partitions whose loss the client has noticed belong to others, and it
        // has forgotten its name in the group: with that, a commit of a static
        // member would look like another's with the same name, which is fatal.
        if positions.is_empty() || self.consumer().assignment_lost() {
            return Ok(());
        }
        let mut offsets = TopicPartitionList::new();
        for Position { at, next_offset } in positions {
            let mut element = offsets.add_partition(&at.topic, at.partition);
            element.set_offset(Offset::Offset(*next_offset))?;
            element.set_metadata(self.settings.commit_note.of(at));
        }
        self.consumer().commit(&offsets, mode)
    }

    /// Takes a note of a commit that failed, unless that cannot heal.
    fn is_uncommitted(&mut self, error: &KafkaError) -> Result<(), StreamError> {
        let code = error.rdkafka_error_code();
        // A poll joins again; the client may hear of it a heartbeat later.
        let is_fenced = self.is_fenced()
            || code == Some(RDKafkaErrorCode::FencedInstanceId) && self.owns_its_name();
        if code.is_some_and(|code| !heals(code)) && !is_fenced {
            return Err(unanswered("cannot commit offsets", error, None));
        }
        tracing::debug!(client = self.settings.name, %error, "offsets were not committed");
        self.verify_at = Some(Instant::now() + VERIFY_AFTER);
        Ok(())
    }

    /// Looks, when it is time, whether the last commits have arrived, and
    /// repeats those that have not.
    fn verify_commit(&mut self) -> Result<(), StreamError> {
        if self.verify_at.is_none_or(|at| at > Instant::now()) {
            return Ok(());
        }
        self.verify_at = None;
        let mut missing = self.slots.all_done();
        let mut asked = TopicPartitionList::new();
        for Position { at, .. } in &missing {
            asked.add_partition(&at.topic, at.partition);
        }
        let committed = match self.consumer().committed_offsets(asked, PATIENCE) {
            Ok(committed) => committed,
            Err(error) => return self.is_uncommitted(&error),
        };
        missing.retain(|Position { at, next_offset }| {
            let found = committed.find_partition(&at.topic, at.partition);
            found.is_none_or(|found| found.offset() != Offset::Offset(*next_offset))
        });
        if missing.is_empty() {
            self.settings.joined.store(true, Ordering::Relaxed);
            return Ok(());
        }
        self.commit(&missing)
    }

    /// What an error of a poll means: nothing, when it heals by itself.
    fn judge(&self, error: &KafkaError) -> Result<(), StreamError> {
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            let reason = self.consumer().client().fatal_error();
            let reason = reason.map_or_else(|| reason_of(error), |(_, reason)| reason);
            return Err(broker_error("the consumer cannot go on", &reason));
        }
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AutoOffsetReset) => Err(self.out_of_range(error)),
            Some(RDKafkaErrorCode::PollExceeded) => {
                tracing::warn!(
                    client = self.settings.name,
                    "worked longer than max.poll.interval.ms between two polls; joining the group again"
                );
                Ok(())
            }
            Some(code) if !heals(code) => Err(unanswered(self.what(), error, None)),
            _ => {
                tracing::debug!(client = self.settings.name, %error, "poll");
                Ok(())
            }
        }
    }

    /// What the client is there for, for an error.
    fn what(&self) -> String {
        format!(
            "{} cannot go on reading {} in the group {}",
            self.settings.name,
            self.settings.topics.join(", "),
            self.settings.group
        )
    }

    /// The library does not say which partition it means, so all are looked at.
    fn out_of_range(&self, error: &KafkaError) -> StreamError {
        let expected = self.slots.expected().chain(self.before.expected());
        for (at, offset) in expected {
            let marks = self
                .consumer()
                .fetch_watermarks(&at.topic, at.partition, PATIENCE);
            if let Ok((low, high)) = marks
                && !(low..=high).contains(&offset)
            {
                return StreamError::OutOfRange {
                    topic: at.topic.to_string(),
                    partition: at.partition,
                    offset,
                    low,
                    high,
                };
            }
        }
        broker_error("a position is not in the log", &reason_of(error))
    }

    /// Serves what came for the client beside records.
    fn serve(&mut self) -> Result<(), StreamError> {
        for _ in 0..SERVED_EVENTS {
            match self.consumer().poll(Duration::ZERO) {
                None => {}
                Some(Err(error)) => self.judge(&error)?,
                // It would have been lost.
                Some(Ok(_)) => {
                    let reason = "a record came from a partition that was not assigned";
                    return Err(broker_error("the consumer cannot go on", &reason));
                }
            }
        }
        Ok(())
    }

    /// Reads what has come, waiting for the first record.
    fn take(&mut self, max_records: usize, wait: Duration) -> Result<Vec<Record>, StreamError> {
        let mut records = Vec::new();
        let mut patience = wait;
        let mut bytes = 0;
        while records.len() < max_records && bytes < POLL_BYTES {
            let message = if patience.is_zero() {
                self.inbox.next(patience)
            } else {
                self.blocked.wait(|| self.inbox.next(patience))
            };
            let Some(message) = message else {
                break;
            };
            patience = Duration::ZERO;
            let Some(code) = message.error() else {
                bytes += message.value().map_or(0, <[u8]>::len);
                bytes += message.key().map_or(0, <[u8]>::len);
                records.extend(self.slots.take(&message));
                continue;
            };
            drop(message);
            match self.judge(&KafkaError::MessageConsumption(code)) {
                Ok(()) => {}
                Err(error) if records.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(records)
    }

    fn read(&mut self, max_records: usize, wait: Duration) -> Result<Polled, StreamError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let topic = &self.topic;
        self.lifeline.idle(self.inbox.consumer().client(), topic);
        let deadline = Instant::now() + wait;
        loop {
            self.serve()?;
            if let Some(change) = self.rebalance()? {
                if matches!(change, Polled::Records(_)) {
                    // Something is away in the middle of an assignment.
                    std::thread::sleep(wait);
                }
                return Ok(change);
            }
            let patience = deadline.saturating_duration_since(Instant::now());
            let records = self.take(max_records, patience)?;
            if !records.is_empty() {
                self.consumer().context().is_here();
                self.lifeline.heard();
                failpoint::reached(Step::Read);
                return Ok(Polled::Records(records));
            }
            if patience.is_zero() {
                self.verify_commit()?;
                return Ok(Polled::Records(records));
            }
        }
    }
}

impl Source for KafkaSource {
    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Polled, StreamError> {
        if self.is_fenced() {
            return self.join_again();
        }
        match self.read(max_records, wait) {
            Err(_) if self.is_fenced() => self.join_again(),
            polled => polled,
        }
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), StreamError> {
        let own = positions
            .iter()
            .filter(|position| self.slots.done(position));
        let own: Vec<_> = own.cloned().collect();
        if own.is_empty() {
            return Ok(());
        }
        failpoint::reached(Step::Commit);
        self.verify_at = Some(Instant::now() + VERIFY_AFTER);
        self.send_commit(&own, CommitMode::Async)
            .or_else(|error| self.is_uncommitted(&error))?;
        failpoint::reached(Step::Committed);
        Ok(())
    }

    fn hold(&mut self, at: &TopicPartition, held: bool) -> Result<(), StreamError> {
        if !self.slots.has(at) {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        list.add_partition(&at.topic, at.partition);
        let changed = if held {
            self.consumer().pause(&list)
        } else {
            self.consumer().resume(&list)
        };
        changed.map_err(|error| broker_error("cannot hold a partition", &reason_of(&error)))
    }
}

impl Drop for KafkaSource {
    /// Leaves the group after the commits that are under way. Its partitions go
    /// to others at once; those of a member with a name, after its session.
    fn drop(&mut self) {
        self.leave();
    }
}

/// A client that joins the group.
fn join(settings: &SourceSettings) -> Result<Inbox<Context>, StreamError> {
    let context = Context::new(&settings.name);
    let consumer = BaseConsumer::from_config_and_context(&settings.config(), context)
        .map_err(|error| broker_error("cannot make a consumer", &error))?;
    let topics: Vec<&str> = settings.topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics).map_err(|error| {
        broker_error(format!("cannot subscribe to {}", topics.join(", ")), &error)
    })?;
    new_inbox(consumer)
}

/// Where the messages of a consumer come.
pub(super) fn new_inbox(consumer: BaseConsumer<Context>) -> Result<Inbox<Context>, StreamError> {
    Inbox::new(consumer)
        .ok_or_else(|| broker_error("cannot make a consumer", &"it has no queue for messages"))
}
