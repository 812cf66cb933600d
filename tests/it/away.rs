//! Kafka is not there at the start, goes away in the middle and during
//! checkpoints, and comes back: the line waits for it, and nothing is lost or
//! done twice.

use crate::http::get;
use crate::installation::{Group, Installation};
use crate::process::until;
use crate::services::OwnKafka;
use crate::traffic;

#[test]
fn a_line_waits_for_kafka_and_goes_on() {
    let traffic = traffic::large();
    let kafka = OwnKafka::start("away");
    let mut line = Installation::on(&kafka.address, "away", &traffic.plan.settings());
    // So small that it is nearly always at one.
    line.config["processor"]["checkpoint_records"] = 50.into();
    line.config["processor"]["checkpoint_interval_ms"] = 50.into();
    traffic.send(&line);
    kafka.stop();
    let (mut run, address) = line.start_watched("run", &["run", "--until-idle"]);
    let is_said = |words: &str| {
        until(&format!("it says {words}"), || {
            get(&address, "/readyz")
                .is_ok_and(|(status, report)| status == 503 && report.contains(words))
        });
        assert_eq!(get(&address, "/healthz").unwrap().0, 200);
    };
    is_said("kafka: waiting");
    kafka.start_again();

    line.until_done(Group::Processor, 1);
    assert!(
        line.left(Group::Ingest) + line.left(Group::Processor) > 0,
        "the traffic was over too soon"
    );
    // This time not in order, but as it falls.
    kafka.signal("KILL");
    kafka.stop();
    is_said("kafka: waiting");
    kafka.start_again();
    println!("away: peak memory {:?} MiB", run.peak_mib());
    run.succeeds();
    line.assert_views(&traffic.expected);
}
