//! Kafka goes away in the middle and comes back: the line waits for it, and
//! nothing is lost or done twice.

use crate::http::get;
use crate::installation::{Group, Installation};
use crate::process::until;
use crate::services::OwnKafka;
use crate::traffic;

#[test]
fn a_line_waits_for_kafka_and_goes_on() {
    let traffic = traffic::large();
    let kafka = OwnKafka::start();
    let line = Installation::on(&kafka.address, "away", &traffic.plan.settings());
    traffic.send(&line);
    let (mut run, address) = line.start_watched("run", &["run", "--until-idle"]);
    line.until_done(Group::Processor, 1);
    assert!(
        line.left(Group::Ingest) > 0,
        "the traffic was over too soon"
    );
    kafka.stop();
    until("it says that Kafka is away", || {
        let (status, report) = get(&address, "/readyz").unwrap();
        status == 503 && report.contains("kafka: waiting")
    });
    assert_eq!(get(&address, "/healthz").unwrap().0, 200);
    kafka.start_again();
    run.succeeds();
    line.assert_views(&traffic.expected);
}
