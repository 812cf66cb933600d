//! Sends blocks, all tables at once, on a thread beside the one that asks for
//! it, and tells what became of each.

use std::time::{Duration, Instant};

use clickhouse::Client;
use clickhouse::error::{Error, Result};
use throughline_stream::{Stop, metric_names};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, JoinSet};

use crate::blocks::Block;
use crate::client::ClickHouse;
use crate::error::SinkError;

/// A block is compressed and sent in pieces of this size.
const PIECE_BYTES: usize = 512 * 1024;
/// How often a running insert looks whether to give up.
const STOP_CHECK: Duration = Duration::from_millis(50);

/// Set for every insert, since defaults changed over ClickHouse's versions.
const SETTINGS: [(&str, &str); 10] = [
    // Acknowledged means written: nothing is gathered on the server.
    ("async_insert", "0"),
    // A repeated block is harmless by its rows' versions; nobody else's equal
    // block may ever be dropped.
    ("insert_deduplicate", "0"),
    // A block stays one block, so that it is one part and is seen whole.
    ("max_insert_block_size", "10000000"),
    ("min_insert_block_size_rows", "10000000"),
    ("min_insert_block_size_bytes", "1073741824"),
    // Merges and the views' FINAL leave of several versions of a key only the
    // highest, and merges write the skip indexes: neither need happen while a
    // block is inserted, too, and both cost as much as the rest of the insert.
    ("optimize_on_insert", "0"),
    ("materialize_skip_indexes_on_insert", "0"),
    // The names and types in a block must be the table's.
    ("input_format_native_allow_types_conversion", "0"),
    ("input_format_null_as_default", "0"),
    ("input_format_skip_unknown_fields", "0"),
];

/// What became of one block.
#[derive(Debug)]
pub enum Sent {
    /// The rows are in the table.
    Done(Block),
    /// They are not, or nobody knows.
    Failed(Block, Error),
}

/// Inserts all blocks at once and waits for all answers, or until the stop
/// expires: then the blocks without an answer have failed.
pub fn insert(clickhouse: &ClickHouse, blocks: Vec<Block>, stop: &Stop) -> Vec<Sent> {
    let sent = send_all(client(clickhouse), blocks, limit(clickhouse), stop.clone());
    clickhouse.runtime().block_on(sent)
}

/// Inserts blocks on a thread of its own.
#[derive(Debug)]
pub struct Inserter {
    client: Client,
    limit: Duration,
    stop: Stop,
    runtime: Runtime,
}

/// Inserts that were begun together.
#[derive(Debug)]
pub struct Running(JoinHandle<Vec<Sent>>);

impl Inserter {
    /// An inserter that waits for no answer any more once the stop expires.
    pub fn new(clickhouse: &ClickHouse, stop: Stop) -> std::result::Result<Self, SinkError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("insert")
            .enable_all()
            .build()
            .map_err(SinkError::Runtime)?;
        Ok(Self {
            client: client(clickhouse),
            limit: limit(clickhouse),
            stop,
            runtime,
        })
    }

    /// Begins to insert all blocks.
    pub fn start(&self, blocks: Vec<Block>) -> Running {
        let sent = send_all(self.client.clone(), blocks, self.limit, self.stop.clone());
        Running(self.runtime.spawn(sent))
    }

    /// Waits so long for all answers; `None` when they are not there by then.
    pub fn wait(&self, running: &mut Running, wait: Duration) -> Option<Vec<Sent>> {
        if wait.is_zero() && !running.0.is_finished() {
            return None;
        }
        let answers = async { tokio::time::timeout(wait, &mut running.0).await };
        let answers = self.runtime.block_on(answers).ok()?;
        // Nobody aborts it, so it panicked if anything.
        Some(answers.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
    }
}

fn client(clickhouse: &ClickHouse) -> Client {
    let client = clickhouse.client().clone();
    SETTINGS.iter().fold(client, |client, (name, value)| {
        client.with_setting(*name, *value)
    })
}

fn limit(clickhouse: &ClickHouse) -> Duration {
    Duration::from_millis(clickhouse.connection().request_timeout_ms)
}

async fn send_all(client: Client, blocks: Vec<Block>, limit: Duration, stop: Stop) -> Vec<Sent> {
    let mut running = JoinSet::new();
    for block in blocks {
        running.spawn(send_within(client.clone(), block, limit, stop.clone()));
    }
    let mut sent = running.join_all().await;
    sent.sort_by_key(|sent| match sent {
        Sent::Done(block) | Sent::Failed(block, _) => block.table,
    });
    sent
}

async fn send_within(client: Client, block: Block, limit: Duration, stop: Stop) -> Sent {
    let started = Instant::now();
    let expired = async {
        while !stop.is_expired() {
            tokio::time::sleep(STOP_CHECK).await;
        }
    };
    let result = tokio::select! {
        biased;
        result = tokio::time::timeout(limit, send(&client, &block)) => {
            result.unwrap_or(Err(Error::TimedOut))
        }
        () = expired => Err(Error::TimedOut),
    };
    let table = block.table.name();
    metrics::histogram!(metric_names::SINK_INSERT_SECONDS, "table" => table)
        .record(started.elapsed().as_secs_f64());
    match result {
        Ok(()) => Sent::Done(block),
        Err(error) => Sent::Failed(block, error),
    }
}

async fn send(client: &Client, block: &Block) -> Result<()> {
    let mut insert = client.insert_formatted_with(statement(block));
    for piece in block.pieces(PIECE_BYTES) {
        insert.send(piece).await?;
    }
    insert.end().await
}

fn statement(block: &Block) -> String {
    let columns: Vec<_> = block
        .table
        .columns()
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    format!(
        "INSERT INTO {}({}) FORMAT Native",
        block.table.name(),
        columns.join(", ")
    )
}
