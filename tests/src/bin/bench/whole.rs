//! The whole line: a backlog from topics to visible rows.

use throughline_tests::load::Plan;

use crate::figures;
use crate::line::{Line, Role, Work};
use crate::options::Options;
use crate::table::Row;

/// Works off a backlog of so many events, on services that are new.
pub fn round(events: u64) -> Work {
    let mut line = Line::at_rest("whole");
    let counts = line.fill(Plan::new(events));
    let run = line.command(&["run"]);
    let roles = [Role::Ingest, Role::Processor, Role::Sink];
    let work = line.work_off(vec![("run".to_owned(), run)], &roles);
    line.assert_rows(&counts);
    work
}

/// A figure of a round.
type Value<'a> = &'a dyn Fn(&Work) -> f64;

/// CPU, speed and memory.
pub fn measure(options: &Options) -> Vec<Row> {
    let rounds: Vec<_> = (0..options.rounds).map(|_| round(options.events)).collect();
    let millions = options.events as f64 / 1e6;
    let rows: [(_, Value<'_>); 6] = [
        (&figures::LINE_CPU, &|work| work.cpu[0] / millions),
        (&figures::LINE_KAFKA, &|work| work.kafka / millions),
        (&figures::LINE_CLICKHOUSE, &|work| {
            work.clickhouse / millions
        }),
        (&figures::LINE_RATE, &|work| work.rate(options.events)),
        (&figures::LINE_START, &|work| work.start_seconds),
        (&figures::LINE_MEMORY, &|work| work.peak_mib[0]),
    ];
    rows.map(|(figure, value)| Row {
        figure,
        values: rounds.iter().map(value).collect(),
    })
    .into()
}
