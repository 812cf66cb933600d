//! Two processors against one.

use throughline_tests::load::Plan;

use crate::figures;
use crate::line::{Line, Role};
use crate::options::Options;
use crate::table::Row;

/// A line whose `events` hold the backlog that ingest made of so many raw events.
pub fn with_events(name: &str, events: u64) -> Line {
    let mut line = Line::new(name);
    line.fill(Plan::new(events));
    let ingest = line.command(&["ingest"]);
    line.work_off(vec![("ingest".to_owned(), ingest)], &[Role::Ingest]);
    line
}

/// CPU of one and of two.
pub fn measure(options: &Options) -> Vec<Row> {
    let millions = options.events as f64 / 1e6;
    let figures = [&figures::TWO_RATIO, &figures::TWO_ONE, &figures::TWO_BOTH];
    let mut rows = figures.map(|figure| Row {
        figure,
        values: Vec::new(),
    });
    for _ in 0..options.rounds {
        let [one, two] = [1, 2].map(|processes| {
            let mut line = with_events("processors", options.events);
            line.config["processor"]["workers"] = 1.into();
            let commands = (0..processes).map(|number| {
                let mut command = line.command(&["processor"]);
                let state = line.directory(&format!("store-{number}"));
                command.env("THROUGHLINE_PROCESSOR__DATA_DIR", state);
                (format!("processor-{number}"), command)
            });
            let commands = commands.collect();
            line.work_off(commands, &[Role::Processor]).cpu
        });
        let busier = two.iter().copied().fold(0.0, f64::max);
        rows[0].values.push(one[0] / busier);
        rows[1].values.push(one[0] / millions);
        rows[2].values.push(two.iter().sum::<f64>() / millions);
    }
    rows.into()
}
