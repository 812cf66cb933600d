//! State ten times as large as the cache.

use std::path::Path;

use throughline_stream::metric_names;
use throughline_tests::live::http;

use crate::figures;
use crate::line::{EVENTS_PARTITIONS, Role, Work};
use crate::options::Options;
use crate::processors::with_events;
use crate::table::Row;

/// How much larger than its cache state is.
const TIMES: u64 = 10;
/// Room for all state that fits on this machine.
const ALL: u64 = 100_000_000;

/// What stands in a cache.
struct Cache {
    nodes: u64,
    chunks: u64,
    mib: u64,
}

/// The rates of a processor within its cache and beyond it.
pub fn measure(options: &Options) -> Vec<Row> {
    let figures = [
        &figures::STATE_SHARE,
        &figures::STATE_IN,
        &figures::STATE_OUT,
        &figures::STATE_CPU,
    ];
    let mut rows = figures.map(|figure| Row {
        figure,
        values: Vec::new(),
    });
    for _ in 0..options.rounds {
        let all = Cache {
            nodes: ALL,
            chunks: ALL,
            mib: 1024,
        };
        let (inside, state) = round(options.events, &all);
        let tenth = Cache {
            nodes: state.nodes / TIMES / EVENTS_PARTITIONS,
            chunks: state.chunks / TIMES / EVENTS_PARTITIONS,
            mib: (state.mib / TIMES).max(1),
        };
        let (outside, _) = round(options.events, &tenth);
        let [inside_rate, outside_rate] = [&inside, &outside].map(|work| work.rate(options.events));
        let values = [
            outside_rate / inside_rate * 100.0,
            inside_rate,
            outside_rate,
            outside.cpu[0] / inside.cpu[0],
        ];
        for (row, value) in rows.iter_mut().zip(values) {
            row.values.push(value);
        }
    }
    rows.into()
}

/// Works off so many events with such caches; tells, too, what stands in them
/// at the end.
fn round(events: u64, cache: &Cache) -> (Work, Cache) {
    let mut line = with_events("state", events);
    let address = http::free_address();
    line.config["telemetry"]["listen"] = address.as_str().into();
    let processor = line.config["processor"].as_object_mut().unwrap();
    processor.insert("cached_nodes".into(), cache.nodes.into());
    processor.insert("cached_chunks".into(), cache.chunks.into());
    processor.insert("cache_mib".into(), cache.mib.into());
    let command = line.command(&["processor"]);
    let mut running = line.begin(vec![("processor".to_owned(), command)]);
    line.follow(&[Role::Processor], &mut running);
    let (_, page) = http::get(&address, "/metrics").unwrap();
    let sum = |name| http::metric(&page, name).iter().sum::<f64>() as u64;
    let state = Cache {
        nodes: sum(metric_names::PROCESSOR_CACHED_NODES),
        chunks: sum(metric_names::PROCESSOR_CACHED_CHUNKS),
        mib: bytes(&line.directory("store")) >> 20,
    };
    (line.end(running), state)
}

/// What all files below a directory hold.
pub fn bytes(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => bytes(&entry.path()),
            Ok(about) => about.len(),
            // Files go while the store works.
            Err(_) => 0,
        })
        .sum()
}
