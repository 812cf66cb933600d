//! What the pipeline's figures are compared with.
//!
//! [`reference`] recomputes every view from the raw events by brute force, and shares no code with the
//! pipeline: two independent readings of one contract are a test of both. [`traffic`] makes small, dense,
//! adversarial traffic from a seed, and [`simulate`] sends it through many partitions of the fold under every
//! fault that one seeded scheduler can make. [`load`] is what speed is measured on, and [`live`] how the program
//! and its services are run for that and for tests. Nothing here runs in production.

pub mod configure;
pub mod live;
pub mod load;
pub mod reference;
pub mod rotation;
pub mod simulate;
pub mod traffic;
