//! Asks ClickHouse: named questions with bound parameters, each of them fenced
//! in to one tenant by ClickHouse itself.
//!
//! A question says `WHERE tenant = {tenant:String}`, and beside it goes a filter
//! on every table that the views read. Either alone keeps other tenants' rows
//! out; a question that forgot the one would meet the other.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use clickhouse::{Client, Compression, RowOwned, RowRead};
use metrics::{counter, histogram};
use serde::Serialize;
use throughline_sink::client::reason_of;
use throughline_sink::schema::SHARD_SUFFIX;
use throughline_sink::{Connection, SinkError};
use throughline_stream::metric_names;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::error::ReadError;

/// A question by its name.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The name, in errors, metrics and ClickHouse's log of queries.
    pub name: &'static str,
    /// The statement.
    pub sql: &'static str,
}

/// A value that is given to a question beside its text.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum Param {
    /// `String`.
    Text(String),
    /// `Array(String)`.
    Texts(Vec<String>),
    /// An integer or a moment in seconds.
    Number(i64),
}

/// The values of a question's parameters, by their names.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Params(Vec<(&'static str, Param)>);

impl Params {
    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Param) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
        self
    }

    /// The same with a text.
    #[must_use]
    pub fn text(self, name: &'static str, value: impl Into<String>) -> Self {
        self.with(name, Param::Text(value.into()))
    }

    /// The same with a number.
    #[must_use]
    pub fn number(self, name: &'static str, value: i64) -> Self {
        self.with(name, Param::Number(value))
    }
}

/// Whose rows a question may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fence {
    /// One tenant's, and no rejected records, which are nobody's.
    Tenant(String),
    /// Everybody's: for what is asked about the line itself.
    None,
}

/// The tables behind the views that have a tenant.
pub const FENCED_TABLES: [&str; 14] = [
    "arrivals",
    "arrivals_gathered",
    "call_versions",
    "cost_versions",
    "credit_cells",
    "credit_versions",
    "deal_versions",
    "erased_identifiers",
    "identity_versions",
    "link_versions",
    "recent_touches",
    "tenant_versions",
    "touchpoint_versions",
    "traffic_cells",
];
/// The tables of rejected records, which have none.
pub const CLOSED_TABLES: [&str; 2] = ["dead_letter_replays", "dead_letter_versions"];

impl Fence {
    /// The value of ClickHouse's setting `additional_table_filters`. The tables
    /// that hold a shard's rows are fenced in, too, by their whole name: on other
    /// servers a question has another current database.
    fn filters(&self, shards_in: Option<&str>) -> Option<String> {
        let Self::Tenant(tenant) = self else {
            return None;
        };
        let condition = format!("tenant = {}", literal(tenant));
        let mut all = String::from("{");
        for (table, condition) in FENCED_TABLES
            .iter()
            .map(|table| (table, condition.as_str()))
            .chain(CLOSED_TABLES.iter().map(|table| (table, "0")))
        {
            let gap = if all.len() > 1 { ", " } else { "" };
            let condition = literal(condition);
            // Writing to a string cannot fail.
            let _ = write!(all, "{gap}'{table}': {condition}");
            if let Some(database) = shards_in {
                let _ = write!(all, ", '{database}.{table}{SHARD_SUFFIX}': {condition}");
            }
        }
        all.push('}');
        Some(all)
    }
}

/// A text as ClickHouse reads it between quotes.
fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\0' => quoted.push_str("\\0"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// The connection to ClickHouse. Copies share it.
#[derive(Clone)]
pub struct Reader {
    client: Client,
    url: String,
    /// The database, where it is on a cluster.
    shards_in: Option<String>,
    patience: Duration,
    places: Arc<Semaphore>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// A connection that asks no more than `max_queries` questions at once and
    /// waits for none longer than `patience`.
    /// Files for TLS that cannot be used are an error.
    pub fn new(
        connection: &Connection,
        max_queries: usize,
        patience: Duration,
    ) -> Result<Self, SinkError> {
        let client = throughline_sink::client::client(connection)?
            .with_database(&connection.database)
            .with_compression(Compression::None)
            .with_product_info("throughline-dashboard", env!("CARGO_PKG_VERSION"))
            // It may read, and set what it sets below; nothing else.
            .with_setting("readonly", "2")
            .with_setting("max_execution_time", patience.as_secs().max(1).to_string());
        Ok(Self {
            client,
            url: connection.url.clone(),
            shards_in: (!connection.cluster.is_empty()).then(|| connection.database.clone()),
            patience,
            places: Arc::new(Semaphore::new(max_queries)),
        })
    }

    /// The rows of an answer.
    pub async fn rows<T>(
        &self,
        question: Question,
        fence: &Fence,
        params: &Params,
    ) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead,
    {
        let begun = Instant::now();
        let asked = self.ask(question, fence, params);
        let answer = match timeout(self.patience, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(ReadError::Away {
                url: self.url.clone(),
                reason: format!("no answer within {} ms", self.patience.as_millis()),
            }),
        };
        let name = question.name;
        histogram!(metric_names::DASHBOARD_QUERY_SECONDS, "query" => name)
            .record(begun.elapsed().as_secs_f64());
        if answer.is_err() {
            counter!(metric_names::DASHBOARD_QUERY_ERRORS_TOTAL, "query" => name).increment(1);
        }
        answer
    }

    async fn ask<T>(
        &self,
        question: Question,
        fence: &Fence,
        params: &Params,
    ) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead,
    {
        let _place = self.places.acquire().await.map_err(|_| ReadError::Busy)?;
        let mut query = self
            .client
            .query_raw(question.sql)
            .with_setting("log_comment", question.name);
        if let Some(filters) = fence.filters(self.shards_in.as_deref()) {
            query = query.with_setting("additional_table_filters", filters);
        }
        for (name, value) in &params.0 {
            // ClickHouse refuses what the text does not ask for in some versions.
            if question.sql.contains(&format!("{{{name}:")) {
                query = query.param(name, value);
            }
        }
        query.fetch_all::<T>().await.map_err(|error| {
            let reason = reason_of(&error);
            match error {
                clickhouse::error::Error::Network(_) | clickhouse::error::Error::TimedOut => {
                    ReadError::Away {
                        url: self.url.clone(),
                        reason,
                    }
                }
                _ => ReadError::Failed {
                    name: question.name,
                    reason,
                },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_name_stays_a_name() {
        for (tenant, quoted) in [
            ("acme", r"'acme'"),
            ("o'neil", r"'o\'neil'"),
            (r"\", r"'\\'"),
            ("' OR 1 OR '", r"'\' OR 1 OR \''"),
            ("a\nb\0", r"'a\nb\0'"),
        ] {
            assert_eq!(literal(tenant), quoted);
        }
        let filters = Fence::Tenant("o'neil".to_owned()).filters(None).unwrap();
        // Once for the condition, once more for the map it stands in.
        assert!(
            filters.contains(r"'credit_cells': 'tenant = \'o\\\'neil\''"),
            "{filters}"
        );
        assert!(filters.contains("'dead_letter_versions': '0'"));
        assert!(!filters.contains("_shard"));
        let filters = Fence::Tenant("acme".to_owned()).filters(Some("line"));
        let filters = filters.unwrap();
        for table in FENCED_TABLES {
            assert!(filters.contains(&format!(r"'line.{table}_shard': 'tenant = \'acme\''")));
        }
        assert_eq!(Fence::None.filters(None), None);
    }
}
