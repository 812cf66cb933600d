//! ClickHouse is away, slow, refuses rows or loses its answers: the rows wait
//! in Kafka, nothing else stops, and the sink goes on by itself.

use std::time::Duration;

use throughline_stream::Outgoing;

use crate::faults::gate::{Gate, GateKeeper};
use crate::faults::storm::{read_only, too_many_parts};
use crate::installation::{Group, Installation};
use crate::process::{Process, until};
use crate::{services, traffic};

/// How long the sink may work before its group takes it for dead.
const POLL_INTERVAL_MS: u64 = 2000;

#[test]
fn a_sink_waits_for_clickhouse_whatever_ails_it() {
    let traffic = traffic::small();
    let gate = GateKeeper::before(&services::shared().clickhouse);
    let mut line = Installation::new("refused", &traffic.plan.settings());
    line.config["clickhouse"]["url"] = format!("http://{}", gate.address).into();
    // It takes longer to give up an answer than the group waits for a poll.
    line.config["clickhouse"]["request_timeout_ms"] = (2 * POLL_INTERVAL_MS).into();
    line.config["kafka"]["session_timeout_ms"] = POLL_INTERVAL_MS.into();
    line.config["kafka"]["max_poll_interval_ms"] = POLL_INTERVAL_MS.into();
    line.config["sink"]["retry_max_ms"] = 1000.into();
    line.call(&["topics", "create"]).succeeds();

    let mut parts = parts(traffic.outgoing().map(|(_, record)| record).collect()).into_iter();
    let mut send = || line.send(parts.next().unwrap());

    // Away before the line starts.
    gate.set(Gate::Shut);
    let mut ingest = line.start("ingest", &["ingest"]);
    let mut processor = line.start_processor("processor");
    let mut sink = line.start("sink", &["sink"]);
    send();
    until("all stands in rollups", || {
        let all = [Group::Ingest, Group::Processor];
        line.done(Group::Processor) > 0 && all.into_iter().all(|group| line.left(group) == 0)
    });
    assert!(line.left(Group::Sink) > 0);
    println!("refused: backlog {} records", line.left(Group::Sink));
    gate.set(Gate::Open);
    until("the rows are in", || line.done(Group::Sink) > 0);

    too_many_parts(&line, true);
    send();
    says(&sink, "overloaded");
    too_many_parts(&line, false);

    read_only(&line, true);
    send();
    says(&sink, "read_only");
    read_only(&line, false);

    gate.set(Gate::LosesReplies);
    send();
    says(&sink, "unreachable");
    gate.set(Gate::Open);

    // It waits for an answer for so long that its group gives it up.
    gate.set(Gate::Mute);
    let before = gate.swallowed();
    send();
    until("rows are sent", || gate.swallowed() > before);
    std::thread::sleep(Duration::from_millis(2 * POLL_INTERVAL_MS));
    gate.set(Gate::Open);
    says(&sink, "worked longer than max.poll.interval.ms");

    println!("refused: sink: peak memory {:?} MiB", sink.peak_mib());
    line.start("last", &["sink", "--until-idle"]).succeeds();
    for role in [&mut ingest, &mut processor, &mut sink] {
        role.stop();
    }
    line.assert_views(&traffic.expected);
}

fn says(sink: &Process, text: &str) {
    until(&format!("the sink says {text}"), || {
        sink.output().contains(text)
    });
}

/// The records in five parts.
fn parts(mut records: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let size = records.len().div_ceil(5);
    let mut parts = Vec::new();
    while !records.is_empty() {
        let rest = records.split_off(size.min(records.len()));
        parts.push(std::mem::replace(&mut records, rest));
    }
    parts
}
