//! The section `telemetry`.

use std::net::SocketAddr;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::section::Section;

/// What the program tells about itself, and where.
#[derive(Clone, Copy, Debug)]
pub struct Telemetry {
    /// Where metrics and health are served.
    pub listen: Option<SocketAddr>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: LevelFilter,
    /// How often lags are measured.
    pub lag_interval: Duration,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Telemetry {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        Self {
            listen: section.listen("127.0.0.1:9464"),
            log_format: section.choice(
                "log_format",
                &[
                    ("auto", LogFormat::Auto),
                    ("text", LogFormat::Text),
                    ("json", LogFormat::Json),
                ],
            ),
            log_level: section.choice(
                "log_level",
                &[
                    ("error", LevelFilter::ERROR),
                    ("warn", LevelFilter::WARN),
                    ("info", LevelFilter::INFO),
                    ("debug", LevelFilter::DEBUG),
                    ("trace", LevelFilter::TRACE),
                ],
            ),
            lag_interval: section.millis("lag_interval_ms", 100..=3_600_000),
        }
    }
}
