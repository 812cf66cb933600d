//! The topics of the line, by their role. Their names are configuration.

/// A topic that producers write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RawTopic {
    /// Hits of a web site.
    Web,
    /// Telephone calls.
    Calls,
    /// Events of sent e-mails.
    Emails,
    /// Events of the CRM's deals.
    Deals,
    /// What advertising cost.
    Costs,
    /// Any other contact with a client.
    Touches,
    /// Which visitor was shown which telephone number.
    Numbers,
    /// Which identifiers are one client.
    Identities,
}

impl RawTopic {
    /// Every raw topic, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Web,
        Self::Calls,
        Self::Emails,
        Self::Deals,
        Self::Costs,
        Self::Touches,
        Self::Numbers,
        Self::Identities,
    ];

    /// The default name of the topic, which also is its name in touch ids,
    /// in configuration and in files (`web.jsonl`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Calls => "calls",
            Self::Emails => "emails",
            Self::Deals => "deals",
            Self::Costs => "costs",
            Self::Touches => "touches",
            Self::Numbers => "numbers",
            Self::Identities => "identities",
        }
    }

    /// The raw topic of that default name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// The default name of the topic between ingest and processor.
pub const EVENTS: &str = "events";
/// The default name of the topic between processor and sink.
pub const ROLLUPS: &str = "rollups";
/// The default name of the topic of rejected records.
pub const DEAD_LETTERS: &str = "dead-letters";

/// Headers that a dead letter carries beside those of the record itself.
pub mod dead_letter_headers {
    /// The topic the record was read from.
    pub const TOPIC: &str = "throughline-topic";
    /// The partition there.
    pub const PARTITION: &str = "throughline-partition";
    /// The offset there.
    pub const OFFSET: &str = "throughline-offset";
    /// Why it was rejected, a short fixed word.
    pub const REASON: &str = "throughline-reason";
    /// The path of the offending field, empty when the whole record is meant.
    pub const FIELD: &str = "throughline-field";
    /// The reason in words.
    pub const MESSAGE: &str = "throughline-message";
    /// Says that the value was too large to be kept, and how many bytes it had.
    pub const VALUE_OMITTED: &str = "throughline-value-omitted";
    /// On a record that is sent again: the place it first was rejected at, as
    /// `topic/partition/offset`. It comes with the record, not from ingest.
    pub const REPLAY_OF: &str = "throughline-replay-of";
}
