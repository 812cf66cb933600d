//! `throughline attribute` on files.

use std::process::Command;
use std::time::{Duration, Instant};

use throughline_tests::live::process::program;
use throughline_tests::live::usage;
use throughline_tests::load::Plan;

use crate::figures;
use crate::options::Options;
use crate::table::Row;

/// How often it is looked whether it has ended.
const GLANCE: Duration = Duration::from_millis(5);

/// CPU, and over how many cores it is spread.
pub fn measure(options: &Options) -> Vec<Row> {
    let directory = tempfile::tempdir().unwrap();
    let files = directory.path().join("load");
    let counts = Plan::new(options.events).write(&files).unwrap();
    let millions = counts.events.iter().sum::<u64>() as f64 / 1e6;
    let mut rows = [&figures::FILES_CPU, &figures::FILES_CORES].map(|figure| Row {
        figure,
        values: Vec::new(),
    });
    for _ in 0..options.rounds {
        let begun = Instant::now();
        let mut attribute = Command::new(program())
            .arg("attribute")
            .arg(&files)
            .current_dir(directory.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while !usage::has_ended(attribute.id()) {
            std::thread::sleep(GLANCE);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let cpu = usage::cpu_seconds(attribute.id()).unwrap();
        assert!(attribute.wait().unwrap().success(), "it has failed");
        rows[0].values.push(cpu / millions);
        rows[1].values.push(cpu / seconds);
    }
    rows.into()
}
