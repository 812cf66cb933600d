//! What to do when ClickHouse does not do what a command asks of it.

use anyhow::anyhow;
use throughline_sink::SinkError;

/// The error with what to do about it: `away` says what that means for the
/// command, `rights` what its user must be allowed to do.
pub fn with_remedy(error: SinkError, away: &str, rights: &str) -> anyhow::Error {
    match error {
        SinkError::Unreachable { .. } => anyhow!(
            "{error}\n{away} Start ClickHouse, or set `clickhouse.url` (THROUGHLINE_CLICKHOUSE) to where it answers."
        ),
        SinkError::Refused { .. } => {
            anyhow!("{error}\nSet `clickhouse.user` and `clickhouse.password`.{rights}")
        }
        error => error.into(),
    }
}
