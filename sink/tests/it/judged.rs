//! Rows that were reckoned anew against those of a person who was erased.

use throughline_proto::rollups::Touchpoint;
use throughline_sink::scratch::{Counts, Horizon, Scratch, Span};
use throughline_sink::table::Table;

use crate::erased::start;
use crate::rows::{batch, touchpoint};

/// The client that the rows name.
const CLIENT: u128 = 0;

#[test]
fn a_tombstone_of_an_erased_person_need_not_be_there() {
    let line = start("judged");
    let alive = touchpoint("1", 1, CLIENT);
    let gone = Touchpoint {
        state: None,
        ..touchpoint("1", 2, CLIENT)
    };
    let connection = line.clickhouse.connection();
    let mut scratch = Scratch::new(connection, &[Table::Touchpoints], 1, 1 << 20).unwrap();
    scratch.add(&batch(&[alive, gone]), &line.stop).unwrap();
    scratch.flush(&line.stop).unwrap();
    let horizon = Horizon(vec![Span {
        before: 0,
        after: 9,
    }]);
    let judge = || {
        let judged = scratch.judge(Table::Touchpoints, None, &horizon, 1_000);
        judged.unwrap()
    };
    let missing = Counts {
        missing: 1,
        ..Counts::default()
    };
    assert_eq!(judge(), missing);
    line.erase(&[CLIENT]);
    assert_eq!(judge(), Counts::default());
    // What shows again is wrong, as ever.
    line.touch("web:1", &[(CLIENT, 1, 0)]);
    assert_eq!(judge().differences(), 1);
    line.pass();
    assert_eq!(judge(), Counts::default());
}
