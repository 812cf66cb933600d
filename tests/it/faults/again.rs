//! What arrives again, in another partition and long after, changes nothing.

use fastrand::Rng;
use throughline_stream::Outgoing;

use crate::installation::{Installation, RAW_PARTITIONS};
use crate::traffic;

#[test]
fn everything_again_in_another_order_and_partition_changes_no_row() {
    let traffic = traffic::small();
    let line = Installation::new("again", &traffic.plan.settings());
    line.call(&["topics", "create"]).succeeds();
    line.send(traffic.outgoing().map(|(_, record)| record));
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    let mut rng = Rng::with_seed(1);
    let mut again: Vec<_> = traffic
        .outgoing()
        .filter(|(is_valid, _)| *is_valid)
        .map(|(_, record)| Outgoing {
            partition: Some(rng.u32(..RAW_PARTITIONS) as i32),
            ..record
        })
        .collect();
    again.reverse();
    line.send(again);
    line.run_until_idle();
    line.assert_views(&traffic.expected);
    let dead_letters = line.query("SELECT count() FROM dead_letters");
    assert_eq!(dead_letters, traffic.rejected.to_string());
}
