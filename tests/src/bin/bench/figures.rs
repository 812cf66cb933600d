//! What is measured, what it should be, and what the best of its peers does.

/// What a figure should be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Goal {
    /// It says something about the others.
    None,
    /// So much, or less.
    AtMost(f64),
    /// So much, or more.
    AtLeast(f64),
}

/// One line of the table.
#[derive(Debug)]
pub struct Figure {
    /// What it is.
    pub what: &'static str,
    /// What it is measured in.
    pub unit: &'static str,
    /// Digits after the point that mean something.
    pub decimals: usize,
    /// What it should be.
    pub goal: Goal,
    /// What the best peer does on the same kind of load.
    pub peer: &'static str,
    /// How it is measured, where that is not plain.
    pub how: &'static str,
}

impl Figure {
    const fn new(what: &'static str, unit: &'static str, decimals: usize) -> Self {
        Self {
            what,
            unit,
            decimals,
            goal: Goal::None,
            peer: "",
            how: "",
        }
    }

    const fn at_most(self, most: f64) -> Self {
        let goal = Goal::AtMost(most);
        Self { goal, ..self }
    }

    const fn at_least(self, least: f64) -> Self {
        let goal = Goal::AtLeast(least);
        Self { goal, ..self }
    }

    const fn peer(self, peer: &'static str) -> Self {
        Self { peer, ..self }
    }

    const fn how(self, how: &'static str) -> Self {
        Self { how, ..self }
    }
}

const CPU: &str = "CPU s per million events";

/// The whole line.
pub static LINE_CPU: Figure = Figure::new("line: all roles", CPU, 2)
    .at_most(3.0)
    .peer("17.4 Flink, state on the heap, exactly once; 2.8 to 3.3 ClickHouse alone, load and one query")
    .how(
        "one process with all roles, exact, eight models, from its start until all rows of a backlog are visible in \
         ClickHouse, on topics, groups and tables that were there before.",
    );
/// What Kafka needs for it.
pub static LINE_KAFKA: Figure = Figure::new("line: Kafka beside it", CPU, 2);
/// What ClickHouse needs for it.
pub static LINE_CLICKHOUSE: Figure = Figure::new("line: ClickHouse beside it", CPU, 2);
/// How fast it catches up.
pub static LINE_RATE: Figure = Figure::new("line: topics to visible rows", "events/s", 0)
    .at_least(350_000.0)
    .peer("123,000 to 126,000 Flink, state on the heap")
    .how(
        "in the same rounds, by the clock, from the first commit of ingest to the last row, of what was left then; broker \
         and ClickHouse share the cores.",
    );
/// How long it takes until it begins.
pub static LINE_START: Figure = Figure::new("line: start until the first commit", "s", 2);
/// How much memory it takes.
pub static LINE_MEMORY: Figure = Figure::new("line: peak memory of all roles", "MiB", 0)
    .at_most(300.0)
    .peer("1,000 Flink")
    .how("the most resident memory of the process (VmHWM), in the same rounds; there are a tenth as many visitors as events.");

/// How late figures are.
pub static FRESH_HALF: Figure = Figure::new("freshness: produced to visible, p50", "ms", 0)
    .at_most(400.0)
    .how(
        "a producer sends 20,000 events a second to a line that has worked off a backlog of EVENTS; ten events a visitor, past and live; the delay of each won deal \
         is from its send to the answer of ClickHouse in which `channel_hourly` holds so many conversions. So the \
         time between two looks counts.",
    );
/// How long a page takes.
pub static PAGES_HALF: Figure = Figure::new("dashboard: pages, p50", "ms", 0).how(
    "HISTORY events of 90 days, two tenants, generated; every page 25 times, each time another view of 7, 30 or 90 days, \
     one after the other, from the request to the end of the answer, when the history has rested for ten minutes (its parts are merged); nothing else runs.",
);
/// The slowest of twenty.
pub static PAGES_MOST: Figure = Figure::new("dashboard: pages, p95", "ms", 0).at_most(200.0);
/// The latest of a hundred.
pub static FRESH_MOST: Figure =
    Figure::new("freshness: produced to visible, p99", "ms", 0).at_most(1000.0);
/// What freshness can be told to.
pub static FRESH_LOOK: Figure = Figure::new("freshness: between two looks", "ms", 0);
/// What holds a row up on its way.
pub static FRESH_CHECKPOINT: Figure = Figure::new("freshness: a checkpoint takes, mean", "ms", 0);
/// What holds a row up at its end.
pub static FRESH_INSERT: Figure = Figure::new("freshness: an insert takes, mean", "ms", 0);
/// What a live line takes.
pub static FRESH_CPU: Figure = Figure::new("freshness: all roles at 20,000 events/s", "cores", 2);
/// What Kafka takes beside it.
pub static FRESH_KAFKA: Figure = Figure::new("freshness: Kafka beside them", "cores", 2);
/// What ClickHouse takes beside it, to answer looks, too.
pub static FRESH_CLICKHOUSE: Figure = Figure::new(
    "freshness: ClickHouse beside them, looks included",
    "cores",
    2,
);

/// Files alone.
pub static FILES_CPU: Figure = Figure::new("attribute: files to a table", CPU, 2)
    .at_most(2.0)
    .peer("2.8 to 3.3 ClickHouse alone, load and one query")
    .how("`throughline attribute DIR`, the whole process.");
/// How many cores it keeps busy.
pub static FILES_CORES: Figure =
    Figure::new("attribute: CPU time over time by the clock", "cores", 2)
        .how("all cores are the goal; what else runs on the machine takes from it.");

/// What the sink writes.
pub static SINK_RATE: Figure = Figure::new("sink: topic to ClickHouse", "rows/s", 0)
    .peer("1,200,000 raw RowBinary inserts of a smaller row")
    .how("rows that are acknowledged between the first commit of `throughline sink` and its last, over that time.");
/// What can be written.
pub static SINK_RAW: Figure = Figure::new("sink: raw inserts of the same rows", "rows/s", 0).how(
    "the same blocks, made ahead, posted by a bare HTTP client on as many connections as there are cores.",
);
/// The sink against what can be written.
pub static SINK_SHARE: Figure = Figure::new("sink: share of the raw rate", "%", 0)
    .at_least(90.0)
    .how("round by round.");

/// A large line against a small one.
pub static SCALE_RATIO: Figure = Figure::new("scale: CPU per event, large against small", "×", 2)
    .at_most(1.3)
    .how(
        "all roles on SCALE events of a tenth as many visitors, against the mean of two rounds of EVENTS, one before \
         it and one after it.",
    );
/// The large line.
pub static SCALE_CPU: Figure = Figure::new("scale: all roles, large", CPU, 2);
/// How fast it is.
pub static SCALE_RATE: Figure = Figure::new("scale: topics to visible rows, large", "events/s", 0);
/// How much memory it takes.
pub static SCALE_MEMORY: Figure = Figure::new("scale: peak memory of all roles, large", "MiB", 0);

const BYTES: &str = "bytes an event";

/// What producers send.
pub static SIZE_VALUE: Figure = Figure::new("sizing: values of raw records", BYTES, 0);
/// What they take in Kafka.
pub static SIZE_RAW: Figure = Figure::new("sizing: raw topics", BYTES, 0).how(
    "on the disk of one broker, as this producer batches (lz4, 20 ms), of a backlog of EVENTS.",
);
/// What ingest makes of them.
pub static SIZE_EVENTS: Figure = Figure::new("sizing: `events`", BYTES, 0);
/// What processors make of that, with pauses.
pub static SIZE_ROLLUPS: Figure = Figure::new("sizing: `rollups`, of a backlog", BYTES, 0);
/// What they make of it as it happens.
pub static SIZE_LIVE_ROLLUPS: Figure = Figure::new("sizing: `rollups`, live", BYTES, 0)
    .how("a minute of 1,000 events a second after the backlog: figures that change are said again at each time they leave.");
/// What they keep.
pub static SIZE_STATE: Figure = Figure::new("sizing: state of processors", BYTES, 0)
    .how("the files of the store when they have stopped.");
/// What stands in ClickHouse.
pub static SIZE_ROWS: Figure = Figure::new("sizing: rows in ClickHouse", "rows an event", 2)
    .how("all tables, merged, so that the newest version of each row is left; eight models.");
/// What that takes.
pub static SIZE_CLICKHOUSE: Figure = Figure::new("sizing: ClickHouse", BYTES, 0);

/// State that does not fit.
pub static STATE_SHARE: Figure = Figure::new("state: rate with 10 × the cache", "% of in cache", 0)
    .at_least(50.0)
    .how(
        "`throughline processor` alone on the events of a backlog: once with everything in its caches, and once with \
         a tenth of those nodes, chunks and stored bytes; from its first commit on. (The system's file cache is not limited.)",
    );
/// State that fits.
pub static STATE_IN: Figure = Figure::new("state: processor, all in its cache", "events/s", 0);
/// State that does not.
pub static STATE_OUT: Figure = Figure::new("state: processor, a tenth in its cache", "events/s", 0);
/// The same in CPU.
pub static STATE_CPU: Figure = Figure::new("state: CPU per event, a tenth against all", "×", 2);

/// Twice as many.
pub static TWO_RATIO: Figure = Figure::new("processors: two against one", "×", 2)
    .at_least(1.8)
    .how(
        "`throughline processor` with one worker on the events of a backlog: the CPU seconds of one process that has \
         all partitions, over those of the busier of two that share them. That is by how much faster two are where \
         each has a core of its own, as on two machines; broker and network are left out.",
    );
/// One processor.
pub static TWO_ONE: Figure = Figure::new("processors: one", CPU, 2);
/// Two of them.
pub static TWO_BOTH: Figure = Figure::new("processors: two together", CPU, 2);
