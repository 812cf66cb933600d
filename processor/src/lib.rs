//! The processor: the shell around the pure fold of `throughline-core`.
//!
//! It takes records of `events`, applies them to the partitions it was given,
//! and at each checkpoint lets everything out in one order: messages and rows
//! are acknowledged by the broker, then the state is stored in one synced
//! write, then the offset is committed. Killed anywhere, it goes on from what
//! is stored, and repeats what it said before: that changes nothing.

mod announcement;
mod error;
mod facts;
mod lease;
mod metrics;
mod owned;
pub mod purge;
mod restate;
mod rows;
mod rules;
mod scrubber;
pub mod snapshot;
mod store;
pub mod stored;
mod wire;
mod worker;

pub use error::ProcessorError;
pub use owned::{Leaving, Owned};
pub use rules::{Attribution, TenantSettings};
pub use store::{
    Changing, Entry, FjallBacking, FjallStore, Loaded, MemoryStore, Restoring, Store, StoreOptions,
    Stored, View,
};
pub use throughline_core::model::{Model, Shares, Weighing};
pub use worker::{Config, Processor};
