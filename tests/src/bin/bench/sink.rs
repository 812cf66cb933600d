//! The sink against raw inserts of the same rows.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use throughline_proto::topics::ROLLUPS;
use throughline_sink::blocks::{Block, Blocks};
use throughline_sink::rows::append;
use throughline_stream::TopicPartition;
use throughline_tests::live::http;

use crate::figures;
use crate::line::{Line, Role};
use crate::options::Options;
use crate::processors::with_events;
use crate::table::Row;

/// When the sink sends its blocks, by its defaults.
const MAX_ROWS: usize = 100_000;
const MAX_BYTES: usize = 67_108_864;
/// What the sink sets for its inserts, too, as far as it matters for their speed.
const SETTINGS: &str = "async_insert=0&insert_deduplicate=0&max_insert_block_size=10000000\
    &min_insert_block_size_rows=10000000&min_insert_block_size_bytes=1073741824\
    &optimize_on_insert=0&materialize_skip_indexes_on_insert=0";

/// The rows of a backlog.
struct Backlog {
    /// As they are inserted.
    blocks: Vec<Block>,
    /// How many rows stand before each offset, by partition.
    before: BTreeMap<TopicPartition, Vec<u64>>,
}

/// The rates of both, in turns.
pub fn measure(options: &Options) -> Vec<Row> {
    let mut line = with_events("sink", options.events);
    let processor = line.command(&["processor"]);
    line.work_off(
        vec![("processor".to_owned(), processor)],
        &[Role::Processor],
    );
    let backlog = Backlog::read(&mut line);
    let figures = [
        &figures::SINK_RATE,
        &figures::SINK_RAW,
        &figures::SINK_SHARE,
    ];
    let mut rows = figures.map(|figure| Row {
        figure,
        values: Vec::new(),
    });
    for round in 0..options.rounds {
        let sink = with_database(&mut line, &format!("sink_{round}"), |line| {
            sink(line, &backlog)
        });
        let raw = with_database(&mut line, &format!("raw_{round}"), |line| {
            raw(line, &backlog.blocks)
        });
        for (row, value) in rows.iter_mut().zip([sink, raw, sink / raw * 100.0]) {
            row.values.push(value);
        }
    }
    rows.into()
}

/// Does something with a database, and a group, that nobody has used.
fn with_database<T>(line: &mut Line, name: &str, work: impl FnOnce(&mut Line) -> T) -> T {
    line.config["clickhouse"]["database"] = name.into();
    line.config["kafka"]["groups"] = serde_json::json!({"sink": name});
    line.call(&["schema", "apply"]);
    let done = work(line);
    // The merges of one round are no part of the next.
    line.query(&format!("DROP DATABASE {name} SYNC"));
    done
}

impl Backlog {
    fn read(line: &mut Line) -> Self {
        let mut all = Blocks::default();
        let mut blocks = Vec::new();
        let mut before: BTreeMap<_, Vec<u64>> = BTreeMap::new();
        for record in line.log(ROLLUPS) {
            let value = record.value.unwrap();
            let mut own = Blocks::default();
            append(&value, &mut own).unwrap();
            let rows: usize = own.take(|_| true).iter().map(|block| block.rows).sum();
            let at = TopicPartition {
                topic: record.topic,
                partition: record.partition,
            };
            let before = before.entry(at).or_insert_with(|| vec![0]);
            before.push(before.last().unwrap() + rows as u64);
            assert_eq!(
                before.len() as i64,
                record.offset + 2,
                "no offset is left out"
            );
            append(&value, &mut all).unwrap();
            if all.max_rows() >= MAX_ROWS || all.bytes() >= MAX_BYTES {
                blocks.extend(all.take(|_| true));
            }
        }
        blocks.extend(all.take(|_| true));
        Self { blocks, before }
    }

    fn rows(&self) -> u64 {
        self.blocks.iter().map(|block| block.rows as u64).sum()
    }

    /// How many rows stand before these places.
    fn rows_before(&self, places: &BTreeMap<TopicPartition, i64>) -> u64 {
        let before = places.iter().map(|(at, offset)| {
            let rows = self
                .before
                .get(at)
                .and_then(|rows| rows.get(*offset as usize));
            rows.copied().unwrap_or_default()
        });
        before.sum()
    }
}

/// Rows a second of the sink, between its first and its last commit.
fn sink(line: &mut Line, backlog: &Backlog) -> f64 {
    let command = line.command(&["sink"]);
    let mut running = line.begin(vec![("sink".to_owned(), command)]);
    let mut first = None;
    let rate = loop {
        let rows = backlog.rows_before(&line.committed(Role::Sink));
        let now = Instant::now();
        if rows > 0 {
            let (since, rows_then) = *first.get_or_insert((now, rows));
            if rows == backlog.rows() {
                break (rows - rows_then) as f64 / (now - since).as_secs_f64();
            }
        }
        running.glance();
    };
    running.stop();
    rate
}

/// Rows a second of bare inserts.
fn raw(line: &Line, blocks: &[Block]) -> f64 {
    let database = line.config["clickhouse"]["database"].as_str().unwrap();
    let connections = std::thread::available_parallelism().map_or(1, usize::from);
    let bodies = blocks.iter().map(|block| {
        let pieces: Vec<_> = block.pieces(usize::MAX).collect();
        (block.table.name(), pieces.concat())
    });
    let bodies: Vec<_> = bodies.collect();
    let left = Mutex::new(bodies.iter());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                while let Some((table, body)) = { left.lock().unwrap().next() } {
                    let query = format!("INSERT%20INTO%20{table}%20FORMAT%20Native");
                    let path = format!("/?database={database}&{SETTINGS}&query={query}");
                    let answer = http::post(line.clickhouse(), &path, body);
                    let (status, body) = answer.unwrap();
                    assert_eq!(status, 200, "{body}");
                }
            });
        }
    });
    let rows: usize = blocks.iter().map(|block| block.rows).sum();
    rows as f64 / begun.elapsed().as_secs_f64()
}
