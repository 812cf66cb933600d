//! Processes that are killed while traffic comes in, and started again: no
//! figure changes.

use crate::installation::{Group, Installation};
use crate::traffic;

/// Records a second that are produced while processes die: for so long that
/// the line is in the middle of its work each time, unless the machine stands still.
const RATE: &str = "400";

#[test]
fn processes_that_are_killed_change_no_row() {
    let traffic = traffic::large();
    let line = Installation::new("kills", &traffic.plan.settings());
    let directory = line.directory.join("traffic");
    let mut others = traffic.write(&directory);
    // What comes when all have died, however long that took.
    let late = others.split_off(others.len() / 2);
    assert!(!late.is_empty());
    line.call(&["topics", "create"]).succeeds();
    line.send(others);
    let mut producer = line.start(
        "produce",
        &["produce", directory.to_str().unwrap(), "--rate", RATE],
    );
    let mut ingest = line.start("ingest-1", &["ingest"]);
    let mut other_ingest = line.start("ingest-2", &["ingest"]);
    let mut processor = line.start_processor("processor-1");
    let mut other_processor = line.start_processor("processor-2");
    let mut sink = line.start("sink", &["sink"]);
    let all = traffic.records.len() as i64;

    // One that comes back at once, to its state.
    line.until_done(Group::Ingest, all * 35 / 100);
    line.until_done(Group::Processor, 1);
    processor.kill();
    let mut processor = line.start_processor("processor-1");

    // One whose partitions the other takes without their state, before it
    // comes back with a state that is too old.
    line.until_done(Group::Ingest, all * 45 / 100);
    other_processor.kill();

    line.until_done(Group::Sink, 1);
    sink.kill();
    let mut sink = line.start("sink", &["sink"]);

    line.until_done(Group::Ingest, all * 55 / 100);
    ingest.kill();
    let mut ingest = line.start("ingest-1", &["ingest"]);

    line.until_done(Group::Ingest, all * 70 / 100);
    let mut other_processor = line.start_processor("processor-2");

    line.until_done(Group::Ingest, all * 80 / 100);
    sink.kill();
    processor.kill();
    other_ingest.kill();
    let mut processor = line.start_processor("processor-1");
    let mut other_ingest = line.start("ingest-2", &["ingest"]);

    line.send(late);
    producer.succeeds();
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    for role in [
        &mut ingest,
        &mut other_ingest,
        &mut processor,
        &mut other_processor,
    ] {
        role.stop();
    }
    line.assert_views(&traffic.expected);
    let dead_letters = line.query("SELECT count() FROM dead_letters");
    assert_eq!(dead_letters, traffic.rejected.to_string());
}
