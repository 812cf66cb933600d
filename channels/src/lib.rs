//! Which sources are known, and which channel a source, medium and campaign
//! belong to. Both are data: the lists in `data/*.txt`, the presets in
//! `data/*.json`, a tenant's own rules in its configuration. This crate only
//! reads and applies them; it resolves no referrer and keeps no state.

pub mod lists;
pub mod preset;
pub mod rules;

pub use lists::{Known, List, SourceLists};
pub use preset::Preset;
pub use rules::{ChannelError, Channels, ConditionSpec, FieldsSpec, RuleSpec, UNASSIGNED};

#[cfg(test)]
mod tests;
