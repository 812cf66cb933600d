//! What the pipeline's figures are compared with.
//!
//! [`reference`] recomputes every view from the raw events by brute force, and shares no code with the
//! pipeline: two independent readings of one contract are a test of both. [`traffic`] makes small, dense,
//! adversarial traffic from a seed. Nothing here runs in production.

pub mod reference;
pub mod traffic;
