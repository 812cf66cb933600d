//! What can go wrong in the sink.

use std::path::PathBuf;

use throughline_stream::StreamError;

/// Why the sink, or a statement about its schema, could not go on.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The source of records failed.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A record of rows that this program cannot have written.
    #[error("record {topic}[{partition}]@{offset} holds no rows that can be read: {reason}")]
    Undecodable {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// ClickHouse will never take these rows, however often they are sent.
    #[error("clickhouse refuses the rows of table {table} for good: {reason}")]
    Rejected {
        /// The table.
        table: &'static str,
        /// What ClickHouse says.
        reason: String,
    },
    /// ClickHouse does not answer.
    #[error("cannot reach clickhouse at {url}: {reason}")]
    Unreachable {
        /// The configured endpoint.
        url: String,
        /// What the network says.
        reason: String,
    },
    /// No secure connection comes about.
    #[error("no secure connection to clickhouse at {url}: {remedy} ({reason})")]
    Untrusted {
        /// The configured endpoint.
        url: String,
        /// What to do about it.
        remedy: &'static str,
        /// What the library says.
        reason: String,
    },
    /// A file for TLS cannot be used.
    #[error("{setting}: {} {reason}", path.display())]
    TlsFile {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The files for TLS do not go together.
    #[error(
        "the files of `clickhouse.ca_file`, `clickhouse.certificate_file` and `clickhouse.key_file` cannot be used together: {reason}"
    )]
    TlsFiles {
        /// What the library says.
        reason: String,
    },
    /// ClickHouse does not let the user in, or not to this.
    #[error("clickhouse at {url} refuses user {user}: {reason}")]
    Refused {
        /// The configured endpoint.
        url: String,
        /// The configured user.
        user: String,
        /// What ClickHouse says.
        reason: String,
    },
    /// The database or one of its tables does not exist.
    #[error(
        "clickhouse at {url} has no complete schema in database {database} (apply it with `throughline schema apply`): {reason}"
    )]
    NoSchema {
        /// The configured endpoint.
        url: String,
        /// The configured database.
        database: String,
        /// What is missing.
        reason: String,
    },
    /// A statement failed.
    #[error("clickhouse at {url} failed ({context}): {reason}")]
    Failed {
        /// The configured endpoint.
        url: String,
        /// What was being done.
        context: String,
        /// What ClickHouse says.
        reason: String,
    },
    /// A migration that the database has seen differs from the one at hand.
    #[error(
        "migration {name} was edited after it had been applied to database {database}: restore it and put the change into a new one"
    )]
    EditedMigration {
        /// The migration.
        name: &'static str,
        /// The configured database.
        database: String,
    },
    /// The machinery under the client could not be started.
    #[error("cannot start the runtime of the clickhouse client: {0}")]
    Runtime(std::io::Error),
}
