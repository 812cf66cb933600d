//! The sink: rows of `rollups` and rejected records into ClickHouse, and the
//! schema that they stand in.
//!
//! Every row is the whole and newest state of its key, with a version; a table
//! keeps the row with the highest one. So rows may be sent twice, late or in
//! any order, and the sink needs neither transactions nor memory of what it
//! wrote. It computes nothing: what a figure is, the processor decides.

pub mod blocks;
pub mod client;
pub mod config;
pub mod erased;
pub mod error;
pub mod identities;
pub mod letters;
pub mod native;
pub mod outdated;
pub mod rows;
pub mod schema;
pub mod scratch;
pub mod sink;
pub mod table;
pub mod tls;
pub mod trouble;

mod insert;
mod retry;

pub use client::ClickHouse;
pub use config::{Config, Connection};
pub use erased::Eraser;
pub use error::SinkError;
pub use outdated::Outdated;
pub use sink::Sink;
pub use tls::{ClientIdentity, TlsFiles};
