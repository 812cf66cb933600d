//! The dashboard: pages for marketers, and an API with the same figures.
//!
//! It reads the views in ClickHouse and nothing else, and it stores nothing: a
//! page is a function of its address, the views and the moment. What is shown
//! stands in a report ([`figures`]) that the API gives too; what a report asks
//! ClickHouse stands in one list ([`queries`]).

pub mod access;
pub mod config;
pub mod error;
pub mod figures;
pub mod queries;
pub mod reader;
pub mod report;
pub mod tenants;
pub mod texts;
pub mod view;

mod api;
mod app;
mod assets;
mod format;
mod live;
mod openapi;
mod pages;
mod pulse;
mod server;
mod shell;
mod signing;
mod ui;

use std::sync::Arc;

pub use config::Config;
pub use error::DashboardError;
pub use pages::PAGES;
pub use server::Dashboard;

/// How many records a stage of the line has still to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lag {
    /// The consumer group.
    pub group: String,
    /// How many records.
    pub records: u64,
}

/// Tells how far behind the line is; nothing when that is not known.
pub type Lags = Arc<dyn Fn() -> Option<Vec<Lag>> + Send + Sync>;

/// Is told after each look whether ClickHouse can be asked: why not, or nothing.
pub type Watch = Box<dyn Fn(Option<&str>) + Send + Sync>;
