//! Where to begin in a partition that was assigned.

use std::ops::Range;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use super::context::{Context, heals, reason_of, unanswered};
use crate::record::TopicPartition;
use crate::role::StreamError;

/// How long a question to the broker may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Where to begin in a partition that was assigned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// At this offset; it is an error when the log does not hold it.
    At(i64),
    /// The same, but the record before it comes once more: whoever took it
    /// sees whether it is the one he knows.
    After(i64),
    /// At the first record that the log holds.
    Beginning,
    /// Where the group has committed, or at the beginning when it has not.
    Committed,
}

/// Says where to begin in a partition, each time it is assigned; `None`: that
/// cannot be told now, and the next poll asks again.
pub type StartAt =
    Box<dyn FnMut(&TopicPartition, &Log<'_>) -> Result<Option<Start>, StreamError> + Send>;

/// The log of a partition that is being assigned.
pub struct Log<'a> {
    pub(super) consumer: &'a BaseConsumer<Context>,
    pub(super) at: &'a TopicPartition,
}

impl Log<'_> {
    /// The first offset that it holds, and the one that its next record will
    /// get; `None` when the broker does not say, for now.
    pub fn bounds(&self) -> Result<Option<Range<i64>>, StreamError> {
        let (topic, partition) = (&self.at.topic, self.at.partition);
        match self.consumer.fetch_watermarks(topic, partition, PATIENCE) {
            Ok((low, high)) => Ok(Some(low..high)),
            Err(error) if error.rdkafka_error_code().is_none_or(heals) => {
                self.consumer.context().is_away(&reason_of(&error));
                Ok(None)
            }
            Err(error) => {
                let what = format!("cannot tell what {topic}[{partition}] holds");
                Err(unanswered(what, &error, None))
            }
        }
    }
}
