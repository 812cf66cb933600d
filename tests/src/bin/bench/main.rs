//! How fast the product is on this machine: `make bench`.
//!
//! Everything is measured on the program as it is built for release, with a real Kafka and a real ClickHouse of its
//! own beside it, on the load of `throughline_tests::load`. Prints a table and writes it to `bench/results/`. Says how
//! fast it was and asserts nothing about it, but refuses figures of a line whose rows are wrong.
//!
//! `BENCH=line,freshness` chooses what is measured, `EVENTS` how large a load is, `SCALE` how large the largest one,
//! `HISTORY` how many events the dashboard is asked about, `ROUNDS` how often it is repeated, `NAME` what the file is called.

#![allow(
    clippy::unwrap_used,
    reason = "a step that fails is the end of a measurement"
)]

mod attribute;
mod dashboard;
mod figures;
mod freshness;
mod line;
mod machine;
mod options;
mod processors;
mod scale;
mod sink;
mod sizing;
mod state;
mod table;
mod whole;

use std::process::ExitCode;

use options::Options;
use table::Table;

/// Measures something.
type Measure = fn(&Options) -> Vec<table::Row>;

/// What can be measured, in this order.
const BENCHES: [(&str, Measure); 9] = [
    ("line", whole::measure),
    ("freshness", freshness::measure),
    ("attribute", attribute::measure),
    ("sink", sink::measure),
    ("scale", scale::measure),
    ("state", state::measure),
    ("processors", processors::measure),
    ("dashboard", dashboard::measure),
    ("sizing", sizing::measure),
];

fn main() -> ExitCode {
    let options = match Options::from_environment(&BENCHES.map(|(name, _)| name)) {
        Ok(options) => options,
        Err(mistake) => {
            eprintln!("error: {mistake}");
            return ExitCode::from(2);
        }
    };
    let mut table = Table::new(&options);
    let file = options.file();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    for (name, measure) in BENCHES {
        if options.chosen.iter().any(|chosen| chosen == name) {
            eprintln!("measuring: {name}");
            table.add(measure(&options));
            // At once: a later measurement may fail.
            std::fs::write(&file, table.to_string()).unwrap();
        }
    }
    print!("{table}");
    eprintln!("written to {}", file.display());
    ExitCode::SUCCESS
}
