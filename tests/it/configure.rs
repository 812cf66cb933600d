//! The line's configuration in these tests.

pub use throughline_tests::configure::{ingest, processor, rules, rules_of_generation};
