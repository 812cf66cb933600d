//! Topics and groups: making and deleting them, and refusing topics with a
//! wrong number of partitions.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::context::{Context, reason_of, unanswered};
use super::offsets::serve;
use super::settings::{ClientSettings, broker_error};
use crate::role::StreamError;

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a question waits before it is looked why there is no answer.
const GLANCE: Duration = Duration::from_secs(1);

/// A topic as it is to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// Its number of partitions.
    pub partitions: u32,
    /// How many brokers keep a copy.
    pub replication_factor: u16,
    /// Properties of the topic, by Kafka's names.
    pub properties: Vec<(&'static str, String)>,
}

/// Makes and inspects topics.
pub struct Admin {
    client: AdminClient<Context>,
    /// Asks for topics: unlike the client above, it tells why it is not let in.
    asker: BaseConsumer<Context>,
    patience: Duration,
}

impl Admin {
    /// An administrator whose questions wait for an answer for up to `patience`.
    pub fn new(settings: &ClientSettings, patience: Duration) -> Result<Self, StreamError> {
        let config = settings.config("throughline-admin");
        let client = AdminClient::from_config_and_context(&config, Context::new("admin"))
            .map_err(|error| unmade(&error))?;
        let asker = BaseConsumer::from_config_and_context(&config, Context::new("admin"))
            .map_err(|error| unmade(&error))?;
        Ok(Self {
            client,
            asker,
            patience,
        })
    }

    /// The topics of the cluster with their numbers of partitions.
    pub fn partitions(&self) -> Result<BTreeMap<String, u32>, StreamError> {
        let deadline = Instant::now() + self.patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = match self.asker.fetch_metadata(None, left.min(GLANCE)) {
                Ok(metadata) => {
                    let topics = metadata.topics().iter();
                    let counted =
                        topics.map(|topic| (topic.name().to_owned(), topic.partitions().len()));
                    return Ok(counted.map(|(name, count)| (name, count as u32)).collect());
                }
                Err(error) => error,
            };
            serve(&self.asker);
            let refusal = self.asker.context().refusal();
            if refusal.is_some() || Instant::now() >= deadline {
                return Err(unanswered("cannot list the topics", &error, refusal));
            }
        }
    }

    /// Makes the topics that do not exist, and names them. Those that exist
    /// are left as they are.
    pub fn create_missing(&self, topics: &[TopicSpec]) -> Result<Vec<String>, StreamError> {
        let existing = self.partitions()?;
        let missing: Vec<_> = topics
            .iter()
            .filter(|topic| !existing.contains_key(&topic.name))
            .collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let new: Vec<NewTopic<'_>> = missing
            .iter()
            .map(|topic| {
                let replication = TopicReplication::Fixed(i32::from(topic.replication_factor));
                let new = NewTopic::new(&topic.name, topic.partitions as i32, replication);
                topic
                    .properties
                    .iter()
                    .fold(new, |new, (name, value)| new.set(name, value))
            })
            .collect();
        let options = AdminOptions::new()
            .request_timeout(Some(self.patience))
            .operation_timeout(Some(self.patience));
        let results = block_on(self.client.create_topics(&new, &options))
            .map_err(|error| unanswered("cannot create topics", &error, None))?;
        let mut created = Vec::new();
        for result in results {
            match result {
                Ok(name) => created.push(name),
                // Another worker was faster.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    let error = KafkaError::Global(code);
                    return Err(unanswered(
                        format!("cannot create topic {name}"),
                        &error,
                        None,
                    ));
                }
            }
        }
        self.wait_until_visible(topics)?;
        Ok(created)
    }

    /// Brokers tell of new topics a moment after they made them.
    fn wait_until_visible(&self, topics: &[TopicSpec]) -> Result<(), StreamError> {
        const NAP: Duration = Duration::from_millis(50);
        let tries = self.patience.as_millis() / NAP.as_millis();
        for _ in 0..tries {
            let visible = self.partitions()?;
            if topics
                .iter()
                .all(|topic| visible.get(&topic.name).is_some_and(|count| *count > 0))
            {
                break;
            }
            std::thread::sleep(NAP);
        }
        Ok(())
    }

    /// Deletes topics, and returns when none of them is left.
    pub fn delete_topics(&self, topics: &[String]) -> Result<(), StreamError> {
        let existing = self.partitions()?;
        let names: Vec<&str> = topics
            .iter()
            .map(String::as_str)
            .filter(|name| existing.contains_key(*name))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        let options = AdminOptions::new().operation_timeout(Some(self.patience));
        let results = block_on(self.client.delete_topics(&names, &options))
            .map_err(|error| broker_error("cannot delete topics", &reason_of(&error)))?;
        for result in results {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
                Err((name, code)) => {
                    return Err(broker_error(format!("cannot delete topic {name}"), &code));
                }
            }
        }
        let deadline = Instant::now() + self.patience;
        loop {
            let left = self.partitions()?;
            let Some(name) = names.iter().find(|name| left.contains_key(**name)) else {
                return Ok(());
            };
            if Instant::now() >= deadline {
                return Err(StreamError::Broker {
                    context: format!("cannot delete topic {name}"),
                    reason: "it is still there".to_owned(),
                });
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Deletes consumer groups with their offsets, waiting for up to
    /// `patience` until those have left that died as their members, and until
    /// a cluster that has just started knows of groups.
    pub fn delete_groups(&self, groups: &[&str], patience: Duration) -> Result<(), StreamError> {
        let deadline = Instant::now() + patience;
        let options = AdminOptions::new().request_timeout(Some(self.patience));
        loop {
            let results = block_on(self.client.delete_groups(groups, &options))
                .map_err(|error| broker_error("cannot delete groups", &reason_of(&error)))?;
            let mut again = false;
            for result in results {
                match result {
                    Ok(_) | Err((_, RDKafkaErrorCode::GroupIdNotFound)) => {}
                    Err((_, code)) if passes(code) && Instant::now() < deadline => again = true,
                    Err((name, code)) => {
                        return Err(broker_error(format!("cannot delete group {name}"), &code));
                    }
                }
            }
            if !again {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Refuses a topic whose number of partitions is not the configured one:
    /// the place of every identifier depends on it.
    pub fn check_partitions(&self, topic: &str, expected: u32) -> Result<(), StreamError> {
        match self.partitions()?.get(topic) {
            Some(&found) if found == expected => Ok(()),
            Some(&found) => Err(StreamError::Partitions {
                topic: topic.to_owned(),
                found,
                expected,
            }),
            None => Err(StreamError::Broker {
                context: format!("cannot use topic {topic}"),
                reason: "it does not exist, or the user of `kafka.client` may not see it (`throughline topics create` makes it; docs/kafka-access.md lists the ACLs of each role)".to_owned(),
            }),
        }
    }
}

/// A client that cannot be made never can be, as it is configured.
fn unmade(error: &KafkaError) -> StreamError {
    StreamError::Refused {
        context: "cannot make a client of kafka".to_owned(),
        reason: error.to_string(),
        remedy: "set the property of `kafka.client` that it names; a file must be there and readable",
    }
}

/// Whether a group that cannot be deleted for this reason soon can be.
const fn passes(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::NonEmptyGroup
            | RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::CoordinatorLoadInProgress
    )
}

/// Waits for a future on this thread. The admin client alone speaks in
/// futures, and completes them from a thread of its own.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut task = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut task) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
