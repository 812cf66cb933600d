//! What the sink can be told. Plain data: the defaults stand in the
//! configuration file, which the composition root reads.

use std::fmt;

use crate::tls::TlsFiles;

/// Which ClickHouse, and as whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// The HTTP endpoint, such as `http://127.0.0.1:8123`.
    pub url: String,
    /// The database of the line's tables and views.
    pub database: String,
    /// The user.
    pub user: String,
    /// The user's password, empty when there is none.
    pub password: String,
    /// Whom the client trusts and what it shows of itself, where the endpoint is https.
    pub tls: TlsFiles,
    /// The cluster that the tables stand on, by its name in ClickHouse's
    /// `remote_servers`; empty: a single server.
    pub cluster: String,
    /// How long to wait until a connection stands, milliseconds.
    pub connect_timeout_ms: u64,
    /// How long to wait for the answer to one statement or insert, milliseconds.
    pub request_timeout_ms: u64,
}

impl fmt::Debug for Connection {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("url", &self.url)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("tls", &self.tls)
            .field("cluster", &self.cluster)
            .field("connect_timeout_ms", &self.connect_timeout_ms)
            .field("request_timeout_ms", &self.request_timeout_ms)
            .finish_non_exhaustive()
    }
}

/// The sink's settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Which ClickHouse, and as whom.
    pub connection: Connection,
    /// The name of the topic of rows.
    pub rollups_topic: String,
    /// The name of the topic of rejected records.
    pub dead_letters_topic: String,
    /// Insert when a table has so many rows waiting.
    pub max_rows: usize,
    /// Insert when all tables together have so many bytes waiting.
    pub max_bytes: usize,
    /// Insert when the first row has waited so long, milliseconds.
    pub max_delay_ms: u64,
    /// Insert figures by the hour, which dashboards show live, and deals with them, when the
    /// first row has waited so long, milliseconds.
    pub figures_delay_ms: u64,
    /// After a first failure, try again after so many milliseconds; each
    /// further failure doubles the pause.
    pub retry_min_ms: u64,
    /// The longest pause between two tries, milliseconds.
    pub retry_max_ms: u64,
}
