//! The configuration: `config/default.yaml`, a file of the user's over it, and
//! the environment over both.
//!
//! Reading does not stop at the first mistake: all of them are reported, each
//! with its place. Nothing here has an effect outside; the rooms' settings are
//! made of these by `commands`.

mod channels;
mod clickhouse;
mod dashboard;
mod environment;
mod identity;
mod kafka;
mod mistake;
mod models;
mod rooms;
mod section;
mod snapshots;
mod telemetry;
mod tenants;
mod tree;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use clickhouse::ClickHouse;
pub use dashboard::Dashboard;
pub use identity::{Identity, hexadecimal};
pub use kafka::Kafka;
pub use mistake::Mistake;
pub use rooms::{Ingest, Processor, Sink};
pub use snapshots::SnapshotPlace;
pub use telemetry::{LogFormat, Telemetry};
pub use tenants::{Tenant, Tenants};

use mistake::Mistakes;
use section::{Item, Section};
use tree::Place;
pub use tree::{Node, Value};

/// Every default, commented.
pub const DEFAULTS: &str = include_str!("../../config/default.yaml");

/// The name of [`DEFAULTS`] in messages.
const DEFAULTS_NAME: &str = "config/default.yaml";

/// Whether the program may make up what is missing to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// It may.
    Development,
    /// It must be given everything.
    Production,
}

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How Kafka is reached and used.
    pub kafka: Kafka,
    /// Which ClickHouse, and as whom.
    pub clickhouse: ClickHouse,
    /// The secret of the identifiers.
    pub identity: Identity,
    /// How ingest works.
    pub ingest: Ingest,
    /// How the processor works.
    pub processor: Processor,
    /// How the sink works.
    pub sink: Sink,
    /// Pages and the API.
    pub dashboard: Dashboard,
    /// Metrics, health and logs.
    pub telemetry: Telemetry,
    /// How long the work at hand may take after a request to stop.
    pub shutdown_timeout: Duration,
    /// What figures are made by.
    pub tenants: Tenants,
}

/// All mistakes of a configuration.
#[derive(Debug)]
pub struct Broken(pub Vec<Mistake>);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a mistake:")?,
            count => write!(f, "the configuration has {count} mistakes:")?,
        }
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Broken {}

impl Settings {
    /// Reads the configuration of this process.
    pub fn load(file: Option<&Path>) -> Result<Self, Broken> {
        let text = match file {
            None => None,
            Some(path) => match std::fs::read_to_string(path) {
                Ok(text) => Some((path.display().to_string(), text)),
                Err(error) => {
                    let place = Place::whole(&path.display().to_string().into());
                    let problem = format!("cannot be read: {error}");
                    return Err(Broken(vec![Mistake::new(place, "", problem)]));
                }
            },
        };
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let text = text
            .as_ref()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        Self::from_texts(text, variables)
    }

    /// Reads a configuration from a file's name and text, and variables.
    pub fn from_texts(
        file: Option<(&str, &str)>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Broken> {
        let mut tree = Node::parse(DEFAULTS, &DEFAULTS_NAME.into()).map_err(Broken)?;
        if let Some((name, text)) = file {
            let file = Node::parse(text, &Arc::from(name)).map_err(Broken)?;
            if matches!(file.value, Value::Scalar(_) | Value::List(_)) {
                let problem = format!("must be a section of keys, not {}", file.kind());
                return Err(Broken(vec![Mistake::new(file.place, "", problem)]));
            }
            tree.merge(file);
        }
        tree.merge(environment::tree(variables));
        let mistakes = Mistakes::default();
        let settings = Self::read(&tree, &mistakes);
        let mistakes = mistakes.into_sorted();
        match settings {
            Some(settings) if mistakes.is_empty() => Ok(settings),
            _ => Err(Broken(mistakes)),
        }
    }

    fn read(tree: &Node, mistakes: &Mistakes) -> Option<Self> {
        let item = Item {
            path: String::new(),
            node: tree,
        };
        let root = Section::new(&item, mistakes);
        let mode = root.choice(
            "mode",
            &[
                ("development", Mode::Development),
                ("production", Mode::Production),
            ],
        );
        // Everything is read before anything is given up, for its mistakes.
        let kafka = root.section("kafka").map(|section| Kafka::read(&section));
        let clickhouse = root
            .section("clickhouse")
            .map(|section| ClickHouse::read(&section));
        let identity = root
            .section("identity")
            .map(|section| Identity::read(&section, mode));
        let ingest = root.section("ingest").map(|section| Ingest::read(&section));
        let processor = root
            .section("processor")
            .map(|section| Processor::read(&section));
        let sink = root.section("sink").map(|section| Sink::read(&section));
        let dashboard = root
            .section("dashboard")
            .map(|section| Dashboard::read(&section));
        let telemetry = root
            .section("telemetry")
            .map(|section| Telemetry::read(&section));
        let shutdown_timeout = root.millis("shutdown_timeout_ms", 0..=3_600_000);
        let tenants = root
            .section("tenants")
            .and_then(|section| Tenants::read(&section, mistakes));
        Some(Self {
            kafka: kafka?,
            clickhouse: clickhouse?,
            identity: identity?,
            ingest: ingest?,
            processor: processor?,
            sink: sink?,
            dashboard: dashboard?,
            telemetry: telemetry?,
            shutdown_timeout,
            tenants: tenants?,
        })
    }
}
