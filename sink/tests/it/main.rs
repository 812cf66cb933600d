//! The sink against a real ClickHouse, and against a made-up one that fails
//! as it is told.

#![allow(clippy::unwrap_used, reason = "a test says by its panic what failed")]

mod erased;
mod eraser;
mod fake;
mod inserts;
mod journeys;
mod judged;
mod letters;
mod line;
mod outdated;
mod pruning;
mod rows;
mod schema;
mod service;
mod views;
mod weather;
