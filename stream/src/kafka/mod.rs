//! Kafka: [`KafkaSource`], [`KafkaPublisher`], and what is asked of a broker
//! beside records ([`Admin`], [`GroupOffsets`]); [`LogReader`] reads a log from outside.
//!
//! Everything here is synchronous and stays on the thread that made it; the
//! client library runs its own threads for the network. While Kafka is away
//! nothing here fails: sources give no records, publishers wait, and one
//! warning is logged. Only what cannot heal is an error: a position that the
//! log does not hold, a record that can never be written, a worker whose
//! configured name in the group another took, missing rights.

mod admin;
mod context;
mod lifeline;
mod log;
mod offsets;
mod publisher;
mod refusal;
mod settings;
mod slots;
mod source;
mod start;

pub use admin::{Admin, TopicSpec};
pub use log::LogReader;
pub use offsets::GroupOffsets;
pub use publisher::KafkaPublisher;
pub use settings::{
    ClientSettings, CommitNote, Member, PublisherSettings, RESERVED_PROPERTIES, SourceSettings,
};
pub use source::KafkaSource;
pub use start::{Log, Start, StartAt};
