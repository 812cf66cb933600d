//! A sink that reads from memory and writes to a database of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use throughline_sink::{ClickHouse, Config, Connection, Sink, SinkError, schema};
use throughline_stream::memory::{MemoryBroker, MemorySource};
use throughline_stream::{
    Header, Outgoing, Polled, Position, Role as _, Source, Step, Stop, StreamError,
};

use crate::service::Service;

/// The time that every test's records were written at.
pub const WRITTEN_MS: i64 = 1_700_000_000_000;

/// A database with the line's schema, and a sink into it.
pub struct Line {
    pub clickhouse: ClickHouse,
    pub sink: Sink<Recorder>,
    pub broker: MemoryBroker,
    pub committed: Committed,
    pub stop: Stop,
    /// Keeps the service running.
    service: Option<Arc<Service>>,
}

/// The positions that were committed, in order.
pub type Committed = Arc<Mutex<Vec<Position>>>;

/// A source that remembers what was committed.
pub struct Recorder {
    inner: MemorySource,
    committed: Committed,
}

impl Source for Recorder {
    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Polled, StreamError> {
        self.inner.poll(max_records, wait)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), StreamError> {
        self.committed.lock().unwrap().extend_from_slice(positions);
        Ok(())
    }
}

impl Line {
    /// A line into a new database of the shared service, generation 1 active.
    pub fn start(database: &str) -> Self {
        let service = Service::shared();
        // Without this process's number, runs on one named service would meet.
        let database = format!("{database}_{}", std::process::id());
        let mut line = Self::to(service.connection(&database));
        line.service = Some(service);
        schema::apply(&line.clickhouse, 1).unwrap();
        line
    }

    /// A line to any address, without a schema.
    pub fn to(connection: Connection) -> Self {
        let broker = MemoryBroker::new();
        broker.create_topic("rollups", 2);
        broker.create_topic("dead-letters", 1);
        let committed = Committed::default();
        let source = Recorder {
            inner: broker.source(&["rollups", "dead-letters"]),
            committed: Arc::clone(&committed),
        };
        let stop = Stop::new();
        let clickhouse = ClickHouse::new(&connection).unwrap();
        let sink = Sink::new(config(connection), source, stop.clone()).unwrap();
        Self {
            clickhouse,
            sink,
            broker,
            committed,
            stop,
            service: None,
        }
    }

    /// Writes a batch of rows to a partition of `rollups`.
    pub fn send(&self, batch: Vec<u8>) {
        self.broker
            .append(outgoing("rollups", batch), WRITTEN_MS)
            .unwrap();
    }

    /// Writes a record to `dead-letters`.
    pub fn reject(&self, value: &str, headers: &[(&str, &str)], timestamp_ms: i64) {
        let mut record = outgoing("dead-letters", value.into());
        record.headers = headers
            .iter()
            .map(|(name, value)| Header {
                name: (*name).into(),
                value: Some(value.as_bytes().to_vec()),
            })
            .collect();
        self.broker.append(record, timestamp_ms).unwrap();
    }

    /// Steps until nothing waits.
    pub fn settle(&mut self) -> Result<(), SinkError> {
        while self.sink.step()? == Step::Worked {}
        Ok(())
    }

    /// Sends the batches, each inserted before the next is read.
    pub fn write(&mut self, batches: impl IntoIterator<Item = Vec<u8>>) {
        for batch in batches {
            self.send(batch);
            self.settle().unwrap();
        }
    }

    /// A query's rows, tab-separated, in their order as text.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        self.clickhouse
            .rows(
                "a test's query",
                &format!("SELECT formatRowNoNewline('TSV', *) AS line FROM ({sql}) ORDER BY line"),
            )
            .unwrap()
    }

    /// Compares a query's rows.
    #[track_caller]
    pub fn check(&self, sql: &str, expected: &[&str]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|line| line.split(" | ").collect::<Vec<_>>().join("\t"))
            .collect();
        assert_eq!(self.rows(sql), expected, "{sql}");
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.service.is_some() {
            let database = &self.clickhouse.connection().database;
            let _ = self
                .clickhouse
                .execute("clean up", &format!("DROP DATABASE `{database}` SYNC"));
        }
    }
}

/// Small pauses, and every poll's rows at once.
fn config(connection: Connection) -> Config {
    Config {
        connection,
        rollups_topic: "rollups".into(),
        dead_letters_topic: "dead-letters".into(),
        max_rows: 100_000,
        max_bytes: 32 * 1024 * 1024,
        max_delay_ms: 0,
        figures_delay_ms: 0,
        retry_min_ms: 1,
        retry_max_ms: 20,
    }
}

fn outgoing(topic: &str, value: Vec<u8>) -> Outgoing {
    Outgoing {
        topic: topic.into(),
        value: Some(value),
        ..Outgoing::default()
    }
}
