//! The connection to ClickHouse: an HTTP client that sends at once, and the
//! small runtime that drives it on the calling thread.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use clickhouse::query::Query;
use clickhouse::{Client, Compression, RowOwned, RowRead};
use http::Uri;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use throughline_stream::Stop;
use tokio::runtime::{Builder, Runtime};

use crate::config::Connection;
use crate::error::SinkError;
use crate::tls;
use crate::trouble::{Trouble, Verdict, judge};

/// ClickHouse closes idle connections after 3 seconds at the earliest.
const POOL_IDLE: Duration = Duration::from_secs(2);
const KEEPALIVE: Duration = Duration::from_mins(1);
/// How often a request that may be given up looks whether to.
const STOP_CHECK: Duration = Duration::from_millis(50);

/// A value that is given to a statement beside its text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Param {
    /// `String`.
    Text(String),
    /// `Array(String)`.
    Texts(Vec<String>),
    /// An integer type.
    Number(i64),
    /// An array of integers.
    Numbers(Vec<i64>),
}

/// One worker's connection to ClickHouse. Its methods block.
pub struct ClickHouse {
    connection: Connection,
    client: Client,
    /// The same without a current database, which may not exist yet.
    outside: Client,
    runtime: Runtime,
    /// No answer is waited for once it is requested.
    stop: Option<Stop>,
}

/// Within a machine it costs more to compress than to send.
fn compression(url: &str) -> Compression {
    let host = url.parse::<Uri>().ok();
    let host = host.as_ref().and_then(Uri::host).unwrap_or_default();
    match host {
        "localhost" | "127.0.0.1" | "[::1]" => Compression::None,
        _ => Compression::Lz4,
    }
}

/// A client of this ClickHouse and user, without a current database.
pub fn client(connection: &Connection) -> Result<Client, SinkError> {
    let mut builder = HttpClient::builder(TokioExecutor::new());
    builder.pool_idle_timeout(POOL_IDLE);
    let plain = connector(Duration::from_millis(connection.connect_timeout_ms));
    // To know whom the system trusts takes time, which plain connections need not.
    let client = if connection.url.starts_with("https:") {
        Client::with_http_client(builder.build(tls::connector(plain, &connection.tls)?))
    } else {
        Client::with_http_client(builder.build(plain))
    };
    let client = client.with_url(&connection.url).with_user(&connection.user);
    Ok(match connection.password.as_str() {
        "" => client,
        password => client.with_password(password),
    })
}

impl fmt::Debug for ClickHouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClickHouse")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl ClickHouse {
    /// Makes the client; the first request connects.
    pub fn new(connection: &Connection) -> Result<Self, SinkError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(SinkError::Runtime)?;
        let mut outside = client(connection)?
            .with_compression(compression(&connection.url))
            .with_product_info("throughline", env!("CARGO_PKG_VERSION"));
        for (name, value) in connection.settings() {
            outside = outside.with_setting(name, value);
        }
        Ok(Self {
            connection: connection.clone(),
            client: outside.clone().with_database(&connection.database),
            outside,
            runtime,
            stop: None,
        })
    }

    /// The same for work that may be left undone: once a stop is requested, no
    /// answer is waited for any more.
    #[must_use]
    pub(crate) fn until(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Which ClickHouse this is.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether ClickHouse answers, lets the user in and has the line's tables.
    /// The error says which of these it is.
    pub fn check(&self) -> Result<(), SinkError> {
        self.scalar::<u8>(
            "look up the active generation",
            "SELECT toUInt8(count() > 0) FROM generations",
        )
        .map(drop)
    }

    /// Runs a statement that returns nothing. `context` says in an error what
    /// was being done.
    pub fn execute(&self, context: &str, sql: &str) -> Result<(), SinkError> {
        self.run(context, self.client.query_raw(sql).execute())
    }

    /// Runs a query that gives one value.
    pub fn scalar<T>(&self, context: &str, sql: &str) -> Result<T, SinkError>
    where
        T: RowOwned + RowRead,
    {
        self.run(context, self.client.query_raw(sql).fetch_one::<T>())
    }

    /// Runs a query that gives rows.
    pub fn rows<T>(&self, context: &str, sql: &str) -> Result<Vec<T>, SinkError>
    where
        T: RowOwned + RowRead,
    {
        self.run(context, self.client.query_raw(sql).fetch_all::<T>())
    }

    /// Runs a statement with values that ClickHouse puts into it itself, at
    /// `{name:Type}`: what a user says never becomes SQL.
    pub(crate) fn execute_with(
        &self,
        context: &str,
        sql: &str,
        params: &[(&str, Param)],
    ) -> Result<(), SinkError> {
        self.run(context, self.with(sql, params).execute())
    }

    /// Runs a query that gives rows, with values like those of [`Self::execute_with`].
    pub(crate) fn rows_with<T>(
        &self,
        context: &str,
        sql: &str,
        params: &[(&str, Param)],
    ) -> Result<Vec<T>, SinkError>
    where
        T: RowOwned + RowRead,
    {
        self.run(context, self.with(sql, params).fetch_all::<T>())
    }

    fn with(&self, sql: &str, params: &[(&str, Param)]) -> Query {
        let query = self.client.query_raw(sql);
        params
            .iter()
            .fold(query, |query, (name, value)| query.param(name, value))
    }

    /// Runs a statement without a current database.
    pub(crate) fn execute_outside(&self, context: &str, sql: &str) -> Result<(), SinkError> {
        self.run(context, self.outside.query_raw(sql).execute())
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn run<T>(
        &self,
        context: &str,
        request: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T, SinkError> {
        let limit = Duration::from_millis(self.connection.request_timeout_ms);
        self.runtime
            .block_on(async {
                tokio::select! {
                    biased;
                    answer = tokio::time::timeout(limit, request) => answer.ok(),
                    () = requested(self.stop.as_ref()) => None,
                }
                .unwrap_or(Err(clickhouse::error::Error::TimedOut))
            })
            .map_err(|error| self.explain(context, &error))
    }

    /// The error in words that tell what to look at.
    pub(crate) fn explain(&self, context: &str, error: &clickhouse::error::Error) -> SinkError {
        let url = self.connection.url.clone();
        let reason = chain(error);
        if let Some(remedy) = tls_remedy(error, &reason) {
            return SinkError::Untrusted {
                url,
                remedy,
                reason,
            };
        }
        match judge(error) {
            Verdict::Retry(Trouble::Unreachable) => {
                let hint = tls::hint(&url, &self.connection.tls, &reason);
                let reason = match hint {
                    Some(hint) => format!("{reason}; {hint}"),
                    None => reason,
                };
                SinkError::Unreachable { url, reason }
            }
            Verdict::Retry(Trouble::Refused) => SinkError::Refused {
                url,
                user: self.connection.user.clone(),
                reason,
            },
            Verdict::Retry(Trouble::NoSchema) => SinkError::NoSchema {
                url,
                database: self.connection.database.clone(),
                reason,
            },
            _ => SinkError::Failed {
                url,
                context: context.to_owned(),
                reason,
            },
        }
    }
}

/// What to do about an error, when TLS is why.
fn tls_remedy(error: &clickhouse::error::Error, reason: &str) -> Option<&'static str> {
    matches!(error, clickhouse::error::Error::Network(_))
        .then(|| tls::remedy(reason))
        .flatten()
}

/// What the client says of an error, with what to do about it where TLS is why.
pub fn reason_of(error: &clickhouse::error::Error) -> String {
    let reason = chain(error);
    match tls_remedy(error, &reason) {
        Some(remedy) => format!("{remedy} ({reason})"),
        None => reason,
    }
}

/// An error with all its causes in one line: the client's own text alone says
/// little more than "network error".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}

/// Comes once a stop is requested; never where there is none.
async fn requested(stop: Option<&Stop>) {
    let Some(stop) = stop else {
        return std::future::pending().await;
    };
    while !stop.is_requested() {
        tokio::time::sleep(STOP_CHECK).await;
    }
}

/// Connects with `TCP_NODELAY`: without it, small inserts wait some 40 ms for
/// an acknowledgement that the other side delays.
fn connector(timeout: Duration) -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEPALIVE));
    connector.set_connect_timeout(Some(timeout));
    connector
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::TlsFiles;
    use tower_service::Service as _;

    #[test]
    fn a_connection_sends_small_writes_at_once() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let nodelay = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let stream = connector(Duration::from_secs(5))
                .call(url.parse().unwrap())
                .await
                .unwrap();
            stream.inner().nodelay().unwrap()
        });
        assert!(nodelay);
    }

    #[test]
    fn nothing_is_compressed_within_a_machine() {
        for (url, compresses) in [
            ("http://127.0.0.1:8123", false),
            ("http://[::1]:8123/", false),
            ("https://localhost", false),
            ("http://clickhouse:8123", true),
            ("http://10.0.0.7:8123", true),
            ("nonsense", true),
        ] {
            let is_none = matches!(compression(url), Compression::None);
            assert_eq!(!is_none, compresses, "{url}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let connection = Connection {
            url: "http://127.0.0.1:1".into(),
            database: "d".into(),
            user: "u".into(),
            password: "hidden-word".into(),
            tls: TlsFiles::default(),
            cluster: String::new(),
            connect_timeout_ms: 100,
            request_timeout_ms: 100,
        };
        assert!(!format!("{connection:?}").contains("hidden-word"));
    }
}
