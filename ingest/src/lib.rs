//! Raw records in, messages to the nodes of `events` out.
//!
//! The pipeline reads forwards, a module a stage: [`decode`] (JSON or
//! protobuf) → [`read`] (validate, normalise, find the source) → [`emit`]
//! (identifiers, messages) → [`batch`] (records of `events`). What cannot be
//! used becomes a [`dead_letter`] with its reason, its field and its origin.
//!
//! This room keeps no state that matters: its caches may be lost at any
//! moment, and a record that is read twice gives the same messages twice.

pub mod batch;
pub mod config;
pub mod content;
pub mod convert;
pub mod dead_letter;
pub mod decode;
pub mod emit;
pub mod event;
pub mod fields;
pub mod ident;
pub mod identify;
pub mod moment;
pub mod money;
pub mod normalise;
pub mod phone;
pub mod read;
pub mod recent;
pub mod reject;
pub mod share;
pub mod source;
pub mod tally;
pub mod tenant;
pub mod typed;
pub mod url;
pub mod worker;

pub use config::{Config, Limits, RateSpan, StaticNumber, TenantConfig};
pub use ident::{IdentKey, IdentKeys, KeyChange};
pub use reject::{Reason, Rejection};
pub use share::{RejectedShares, ShareLimits};
pub use worker::{Ingest, IngestError};

#[cfg(test)]
mod tests;
