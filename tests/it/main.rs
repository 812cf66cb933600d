//! The line against the batch reference: in memory, with crashes, and on real
//! services. One crate, so that it is linked once.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod alerts;
mod away;
mod bucket;
mod cluster;
mod configure;
mod crash;
mod dashboard;
mod dbt;
mod dead_letters;
mod deploy;
mod dictionary;
mod encode;
mod erased_rows;
mod erasure;
mod faults;
mod generations;
mod identity;
mod installation;
mod kills;
mod limits;
mod memory;
mod privacy;
mod program;
mod recipes;
mod replay;
mod restated;
mod rig;
mod rotation;
mod rows;
mod secure;
mod security;
mod snapshots;
mod telemetry;
mod traffic;
mod traps;
mod verify;
mod whole;
mod written;

// What is shared with `make bench`.
use throughline_tests::live::{http, process, services};
