//! How much room events take: in Kafka, in the processor's state, in ClickHouse.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throughline_proto::topics;
use throughline_tests::load::{Plan, SPAN_MS, TOPICS, visitors_of};

use crate::figures::{self, Figure};
use crate::freshness::produce;
use crate::line::{Line, Role};
use crate::options::Options;
use crate::state;
use crate::table::Row;

/// Events a second of a line that has them as they happen, and for how long.
const LIVE_RATE: u64 = 1000;
const LIVE: Duration = Duration::from_mins(1);

/// Of a backlog and of live events: what a live line says often, a backlog says once.
pub fn measure(options: &Options) -> Vec<Row> {
    let mut line = Line::at_rest("sizing");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_millis() as i64;
    let live_events = LIVE_RATE * LIVE.as_secs();
    let past = Plan {
        visitors: visitors_of(options.events + live_events),
        first_ms: now - SPAN_MS,
        ..Plan::new(options.events)
    };
    let counts = line.fill(past);
    let mut running = line.begin(vec![("run".to_owned(), line.command(&["run"]))]);
    let roles = [Role::Ingest, Role::Processor, Role::Sink];
    line.follow(&roles, &mut running);
    line.assert_rows(&counts);
    let raw: u64 = TOPICS
        .into_iter()
        .map(|topic| topic_bytes(&line, topic.name()))
        .sum();
    let events = topic_bytes(&line, topics::EVENTS);
    let rollups = topic_bytes(&line, topics::ROLLUPS);

    produce(
        line.publisher(),
        Plan {
            events: live_events,
            seed: past.seed + 1,
            first_ms: now,
            span_ms: LIVE.as_millis() as i64,
            first_number: past.events,
            ..past
        },
        LIVE_RATE,
    );
    line.follow(&roles, &mut running);
    let live_rollups = topic_bytes(&line, topics::ROLLUPS) - rollups;
    running.stop();
    let state = state::bytes(&line.directory("store"));
    let (rows, merged) = merged(&line);

    let all = options.events + live_events;
    let per = |bytes: u64, events: u64| bytes as f64 / events as f64;
    let values: [(&'static Figure, f64); 8] = [
        (&figures::SIZE_VALUE, per(counts.bytes, options.events)),
        (&figures::SIZE_RAW, per(raw, options.events)),
        (&figures::SIZE_EVENTS, per(events, options.events)),
        (&figures::SIZE_ROLLUPS, per(rollups, options.events)),
        (&figures::SIZE_LIVE_ROLLUPS, per(live_rollups, live_events)),
        (&figures::SIZE_STATE, per(state, all)),
        (&figures::SIZE_ROWS, per(rows, all)),
        (&figures::SIZE_CLICKHOUSE, per(merged, all)),
    ];
    let rows = values.map(|(figure, value)| Row {
        figure,
        values: vec![value],
    });
    rows.into()
}

/// What the records of a topic take on the broker's disk.
fn topic_bytes(line: &Line, topic: &str) -> u64 {
    let partition = |name: &str| {
        let number = name
            .strip_prefix(topic)
            .and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let directories = std::fs::read_dir(line.kafka_data()).unwrap();
    let directories = directories.map(|entry| entry.unwrap().path());
    let files = directories
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(partition)
        })
        .flat_map(|path| std::fs::read_dir(path).unwrap());
    files
        .map(|file| file.unwrap().path())
        // Indexes have holes in them.
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .map(|path| std::fs::metadata(path).unwrap().len())
        .sum()
}

/// Rows in ClickHouse, and what they take there, when only their newest versions are left.
fn merged(line: &Line) -> (u64, u64) {
    let tables = line.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    );
    for table in tables.lines() {
        line.query(&format!("OPTIMIZE TABLE {table} FINAL"));
    }
    let sums = line.query(
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND active",
    );
    let (rows, bytes) = sums.split_once('\t').unwrap();
    (rows.parse().unwrap(), bytes.parse().unwrap())
}
