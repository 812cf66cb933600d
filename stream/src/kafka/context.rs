//! The callbacks of a client: its log lines, its errors, its assignments.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::TopicPartitionList;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Message};

use super::refusal::remedy;
use super::settings::broker_error;
use crate::record::TopicPartition;
use crate::role::StreamError;

/// What the group says about this member, in order.
pub(super) enum Rebalance {
    /// These partitions are to be taken.
    Assign(Vec<TopicPartition>),
    /// All partitions are to be given back.
    Revoke(Vec<TopicPartition>),
}

/// The callbacks of one client. They all run on the thread that polls it.
pub(super) struct Context {
    name: String,
    away: AtomicBool,
    leaving: AtomicBool,
    rebalances: Mutex<VecDeque<Rebalance>>,
    undelivered: Mutex<Option<StreamError>>,
    refusal: Mutex<Option<Refusal>>,
}

/// Why brokers do not let the client in, which does not pass by itself.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// What the client says.
    pub(super) reason: String,
    /// What to do about it.
    pub(super) remedy: &'static str,
}

impl Context {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            away: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            rebalances: Mutex::default(),
            undelivered: Mutex::default(),
            refusal: Mutex::default(),
        }
    }

    /// The name of the worker in logs.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Why the client is not let in, as far as it has heard.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refused().clone()
    }

    fn refused(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that brokers do not let the client in; says so once.
    fn is_refused(&self, reason: &str, remedy: &'static str) {
        let mut refused = self.refused();
        if refused.is_none() {
            tracing::error!(client = self.name, reason, remedy, "kafka refuses");
        }
        *refused = Some(Refusal {
            reason: reason.to_owned(),
            remedy,
        });
    }

    /// Notes that the broker answers.
    pub(super) fn is_here(&self) {
        *self.refused() = None;
        if self.away.load(Ordering::Relaxed) && self.away.swap(false, Ordering::Relaxed) {
            tracing::info!(client = self.name, "kafka is back");
        }
    }

    /// Notes that the broker does not answer; says so once.
    pub(super) fn is_away(&self, reason: &str) {
        // A client that ends closes its connections, which counts as the same.
        if self.leaving.load(Ordering::Relaxed) {
            return;
        }
        if !self.away.swap(true, Ordering::Relaxed) {
            tracing::warn!(client = self.name, reason, "kafka is away; waiting for it");
        }
    }

    /// The client ends: from now on partitions that are taken away are let go
    /// at once.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    pub(super) fn rebalances(&self) -> MutexGuard<'_, VecDeque<Rebalance>> {
        self.rebalances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The first record that could not be delivered since this was last asked.
    pub(super) fn take_undelivered(&self) -> Option<StreamError> {
        self.undelivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Whether an error passes by itself when the broker comes back.
pub(super) fn heals(code: RDKafkaErrorCode) -> bool {
    !matches!(
        code,
        RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::UnsupportedSASLMechanism
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::FencedInstanceId
            | RDKafkaErrorCode::Fatal
            | RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::UnsupportedVersion
    )
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let client = self.name.as_str();
        match level {
            // A broker that is away is reported once, by `error` below; what
            // passes by itself and what is set on purpose is no news.
            _ if matches!(facility, "FAIL" | "ERROR" | "GETPID" | "CONFWARN") => {
                tracing::debug!(client, facility, "{message}");
            }
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => tracing::error!(client, facility, "{message}"),
            RDKafkaLogLevel::Warning => tracing::warn!(client, facility, "{message}"),
            _ => tracing::debug!(client, facility, "{message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let client = self.name.as_str();
        let code = error.rdkafka_error_code();
        if let Some(remedy) = remedy(code, reason) {
            return self.is_refused(reason, remedy);
        }
        match code {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.is_away(reason),
            Some(code) if heals(code) => tracing::debug!(client, %error, reason, "kafka"),
            _ => tracing::error!(client, %error, reason, "kafka"),
        }
    }
}

impl ConsumerContext for Context {
    /// Only takes a note. The partitions are assigned and given back by the
    /// source between its polls, where it can read offsets, and where its
    /// worker can still finish and commit what it has read.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let assigned = code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.leaving.load(Ordering::Relaxed) {
            let _ = consumer.unassign();
            return;
        }
        let partitions = partitions
            .elements()
            .iter()
            .map(|element| TopicPartition {
                topic: element.topic().into(),
                partition: element.partition(),
            })
            .collect();
        self.rebalances().push_back(if assigned {
            Rebalance::Assign(partitions)
        } else {
            Rebalance::Revoke(partitions)
        });
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        match result {
            Ok(()) => self.is_here(),
            // The next commit repeats it, or the partition's next owner does the work again.
            Err(error) => tracing::debug!(client = self.name, %error, "offsets were not committed"),
        }
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, message)) = result else {
            return self.is_here();
        };
        let mut undelivered = self
            .undelivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if undelivered.is_none() {
            *undelivered = Some(StreamError::Unwritable {
                topic: message.topic().to_owned(),
                bytes: message.payload_len(),
                reason: reason_of(error),
            });
        }
    }
}

/// What an error says, without the wrapping of the library; where it cannot
/// pass by itself, what to do about it.
pub(super) fn reason_of(error: &KafkaError) -> String {
    let Some(code) = error.rdkafka_error_code() else {
        return error.to_string();
    };
    match remedy(Some(code), "") {
        Some(remedy) => format!("{code} ({remedy})"),
        None => code.to_string(),
    }
}

/// The error of something that brokers refuse, if they do.
pub(super) fn refused(
    what: &str,
    code: Option<RDKafkaErrorCode>,
    reason: &str,
) -> Option<StreamError> {
    remedy(code, reason).map(|remedy| StreamError::Refused {
        context: what.to_owned(),
        reason: reason.to_owned(),
        remedy,
    })
}

/// The error of a question: a refusal where brokers do not let the client in,
/// which the client may have heard of before it gave up.
pub(super) fn unanswered(
    what: impl Into<String>,
    error: &KafkaError,
    heard: Option<Refusal>,
) -> StreamError {
    let code = error.rdkafka_error_code();
    let told = remedy(code, "").map(|remedy| Refusal {
        reason: code.map_or_else(|| error.to_string(), |code| code.to_string()),
        remedy,
    });
    match told.or(heard) {
        Some(Refusal { reason, remedy }) => StreamError::Refused {
            context: what.into(),
            reason,
            remedy,
        },
        None => broker_error(what, &reason_of(error)),
    }
}
