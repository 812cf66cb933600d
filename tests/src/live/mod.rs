//! The program as processes on a real Kafka and a real ClickHouse: for the tests of the whole, and for `make bench`.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a step that fails is a test that fails, or the end of a measurement"
)]

pub mod cluster;
pub mod http;
pub mod process;
pub mod services;
pub mod usage;
