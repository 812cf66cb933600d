//! Inserts into the real thing: how they fail for good, and how fast they are.

use std::time::Instant;

use throughline_proto::rollups::Row;
use throughline_sink::SinkError;

use crate::line::Line;
use crate::rows::*;

#[test]
fn rows_that_do_not_fit_the_table_are_a_clear_error() {
    let mut line = Line::start("mismatch");
    line.clickhouse
        .execute(
            "change a column behind the sink's back",
            "ALTER TABLE cost_versions MODIFY COLUMN clicks String",
        )
        .unwrap();
    line.send(batch(&[cost(19_700, None, 1, 1)]));
    let error = line.settle().unwrap_err();
    assert!(
        matches!(
            error,
            SinkError::Rejected {
                table: "cost_versions",
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("Int64 to String"), "{error}");
    assert!(line.committed.lock().unwrap().is_empty());
}

#[test]
fn a_missing_table_is_waited_for() {
    let mut line = Line::start("missing");
    line.clickhouse
        .execute("lose a table", "RENAME TABLE cost_versions TO elsewhere")
        .unwrap();
    line.send(batch(&[cost(19_700, None, 1, 1)]));
    for _ in 0..5 {
        assert_eq!(step(&mut line), throughline_stream::Step::Worked);
    }
    assert!(line.committed.lock().unwrap().is_empty());
    line.clickhouse
        .execute("find it again", "RENAME TABLE elsewhere TO cost_versions")
        .unwrap();
    line.settle().unwrap();
    line.check("SELECT cost FROM costs", &["0.0001"]);
    assert_eq!(line.committed.lock().unwrap()[0].next_offset, 1);
}

fn step(line: &mut Line) -> throughline_stream::Step {
    use throughline_stream::Role as _;
    line.sink.step().unwrap()
}

/// Printed, not asserted: time depends on the machine. That the connection
/// does not wait before it sends is asserted beside it, in the crate.
#[test]
fn how_long_inserts_take() {
    let mut line = Line::start("speed");
    let mut small: Vec<_> = (0..30)
        .map(|number| {
            line.send(batch(&[cost(19_700 + number, None, 1, 1)]));
            let started = Instant::now();
            line.settle().unwrap();
            started.elapsed()
        })
        .collect();
    small.sort();
    println!("an insert of 1 row: median {:?}", small[small.len() / 2]);

    let many: u32 = 100_000;
    let ids: Vec<_> = (0..many).map(|n| n.to_string()).collect();
    let touches: Vec<_> = ids.iter().map(|id| touchpoint(id, 1, 0xa)).collect();
    let shares = || vec![share(0, 1, [1; 3]), share(1, 1, [1; 3])];
    let cells: Vec<_> = (0..many as i32)
        .map(|hour| credit_cell(hour, 0, 1, shares()))
        .collect();
    for (name, records) in [
        ("touchpoints", records(&touches)),
        ("credit cells", records(&cells)),
    ] {
        for record in records {
            line.send(record);
        }
        let started = Instant::now();
        line.settle().unwrap();
        let seconds = started.elapsed().as_secs_f64();
        println!("{name}: {:.0} rows/s", f64::from(many) / seconds);
    }
    line.check("SELECT count() FROM touchpoints", &["100000"]);
}

/// In records of 5,000 rows, as a processor would send them.
fn records<'a, T: Row<'a>>(rows: &[T]) -> Vec<Vec<u8>> {
    rows.chunks(5_000).map(batch).collect()
}
