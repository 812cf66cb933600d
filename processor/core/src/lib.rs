//! The fold: a partition is a deterministic function of its log.
//!
//! [`Partition::apply`] takes one record of the log and changes the state;
//! [`Partition::take_leaving`] hands over what has to leave it: messages to
//! other partitions and the cells that changed, beside the rows of the record;
//! [`Partition::take_changes`] the keys whose state is to be stored. The same
//! log gives the same state, messages and rows, on any machine, any number of
//! times. There is no clock, no randomness and no input or output here; what
//! is not in memory comes through the [`Backing`] trait.
//!
//! How it fits together, inside out: [`split`] divides a total exactly;
//! [`model`] turns a journey into weights; [`credit`] applies all models to one
//! won deal; [`journey`] is the set of facts about a client and [`derive`] what
//! follows from it; [`partition`] keeps journeys at the roots of a union-find
//! over the log and turns differences into rollup cells and rows.

#![warn(clippy::iter_over_hash_type)]

pub mod cell;
pub mod cost;
pub mod credit;
pub mod deal;
pub mod derive;
pub mod fact;
pub mod identity;
pub mod ids;
pub mod journey;
pub mod message;
pub mod model;
#[cfg(feature = "mutants")]
pub mod mutant;
pub mod names;
pub mod number;
pub mod partition;
pub mod row;
pub mod rules;
mod settle;
mod sorted;
pub mod split;
pub mod visit;

pub use fact::{EventKey, Fact, FactBody, Money};
pub use ids::{DimId, Ident, OriginId, Source, StrId, TenantId};
pub use message::{Body, Message, Record};
pub use partition::{Backing, Changes, Limits, Node, Partition, Restated, Topology};
pub use row::{Row, RowKey};
pub use rules::{Rules, TenantRules};
