//! What can go wrong: at the start, and with one question.

use std::net::SocketAddr;

/// Why the dashboard does not start.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// The runtime or a thread could not be made.
    #[error("the dashboard cannot start: {0}")]
    Runtime(std::io::Error),
    /// The address is taken, or not this machine's.
    #[error("the dashboard cannot listen on {address}: {reason}; set dashboard.listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        reason: std::io::Error,
    },
    /// ClickHouse cannot be asked as it is configured.
    #[error(transparent)]
    ClickHouse(#[from] throughline_sink::SinkError),
    /// It would be open to everybody who can reach it.
    #[error("{0}")]
    Unsafe(String),
}

/// Why a question has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// ClickHouse does not answer, or not in time.
    #[error("ClickHouse at {url} does not answer: {reason}")]
    Away {
        /// Which ClickHouse.
        url: String,
        /// What the client says.
        reason: String,
    },
    /// ClickHouse refuses the question, or its answer is not as expected.
    #[error("the question `{name}` failed: {reason}")]
    Failed {
        /// The name of the question.
        name: &'static str,
        /// What ClickHouse or the client says.
        reason: String,
    },
    /// Too many questions at once.
    #[error("there are too many questions at once; try again in a moment")]
    Busy,
}
