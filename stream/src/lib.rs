//! The hallway between the rooms: records come from a [`Source`] and go to a
//! [`Publish`]; both exist over Kafka and over memory. A room is a [`Role`],
//! a step function that a [`runner`] drives, so that the same code runs on a
//! cluster and, without any service, in `attribute` and in tests.

pub mod backlog;
pub mod blocked;
pub mod failpoint;
pub mod idle;
pub mod kafka;
pub mod memory;
pub mod metric_names;
pub mod record;
pub mod role;
pub mod runner;
pub mod stop;

pub use blocked::Blocked;
pub use record::{Header, Outgoing, Position, Record, TopicPartition};
pub use role::{Polled, Publish, Role, Source, Step, StreamError};
pub use stop::Stop;
