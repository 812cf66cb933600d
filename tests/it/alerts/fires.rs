//! A real Prometheus beside a line that is really broken: the alerts that wake
//! somebody fire, and are over when the line is mended.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use throughline_stream::Outgoing;
use throughline_tests::reference::Settings;

use super::shorten::shortened;
use super::{RULES, prometheus_program, yaml};
use crate::faults::gate::{Gate, GateKeeper};
use crate::http::{free_address, get};
use crate::installation::{Group, Installation};
use crate::process::{Process, until};
use crate::services::{self, root};

/// What takes ten minutes takes ten seconds here.
const FACTOR: u64 = 60;
/// How long the feed rests between two handfuls of records.
const PAUSE: Duration = Duration::from_millis(300);

/// A Prometheus that scrapes the line each second.
struct Prometheus {
    address: String,
    _process: Process,
}

impl Prometheus {
    fn start(line: &Installation, targets: &[&String]) -> Self {
        let address = free_address();
        let write = |name: &str, content: &Value| {
            // JSON is YAML.
            let path = line.directory.join(name);
            std::fs::write(&path, content.to_string()).unwrap();
            path
        };
        let rules = shortened(yaml(&root().join(RULES)), FACTOR);
        let rules = write("alerts.json", &rules);
        let config = json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [rules],
            "scrape_configs": [{"job_name": "line", "static_configs": [{"targets": targets}]}],
        });
        let config = write("prometheus.json", &config);
        let mut command = Command::new(prometheus_program("prometheus"));
        command.arg(format!("--config.file={}", config.display()));
        let data = line.directory.join("prometheus");
        command.arg(format!("--storage.tsdb.path={}", data.display()));
        command.arg(format!("--web.listen-address={address}"));
        Self {
            address,
            _process: line.start_command("prometheus", command),
        }
    }

    /// The labels of the alerts that fire; none while there is no answer.
    fn firing(&self) -> Option<Vec<Value>> {
        let (_, body) = get(&self.address, "/api/v1/alerts").ok()?;
        let answer: Value = serde_json::from_str(&body).ok()?;
        let alerts = answer["data"]["alerts"].as_array()?.iter();
        let firing = alerts.filter(|alert| alert["state"] == "firing");
        Some(firing.map(|alert| alert["labels"].clone()).collect())
    }

    /// Waits until each of these alerts fires, or until none of them does.
    #[track_caller]
    fn until(&self, what: &str, alerts: &[(&str, &str, &str)], must_fire: bool) {
        until(what, || {
            let Some(firing) = self.firing() else {
                return false;
            };
            let fires = |(name, label, value): &(&str, &str, &str)| {
                let is = |labels: &Value| labels["alertname"] == *name && labels[label] == *value;
                firing.iter().any(is)
            };
            alerts.iter().all(|alert| fires(alert) == must_fire)
        });
    }
}

/// Sends hits of ever new visitors all the time, and records that are none
/// while `poisoned`.
fn feed(line: &Installation, poisoned: &AtomicBool, over: &AtomicBool) {
    let record = |value: String| Outgoing {
        topic: "web".into(),
        value: Some(value.into()),
        ..Outgoing::default()
    };
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let good = (number..number + 30).map(|id| {
            format!(
                r#"{{"event_id":"{id}","occurred_at":1772323200000,"visitor_id":"v{id}","url":"https://a.com/?utm_source=s{id}&utm_medium=cpc"}}"#
            )
        });
        let poison = if poisoned.load(Ordering::Relaxed) {
            100
        } else {
            0
        };
        let broken = std::iter::repeat_n("{".to_owned(), poison);
        line.send(good.chain(broken).map(record));
        number += 30;
        std::thread::sleep(PAUSE);
    }
}

/// Ends the feed, however the test ends.
struct AtEnd<'a>(&'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_broken_line_wakes_somebody_until_it_is_mended() {
    let gate = GateKeeper::before(&services::shared().clickhouse);
    let mut line = Installation::new("alerts", &Settings::default());
    line.config["clickhouse"]["url"] = format!("http://{}", gate.address).into();
    line.config["sink"]["retry_max_ms"] = 1000.into();
    line.config["ingest"] = json!({"max_rejected_share": 0.2, "share_window_records": 100});
    line.call(&["topics", "create"]).succeeds();
    let (mut ingest, at_ingest) = line.start_watched("ingest", &["ingest"]);
    let (mut processor, at_processor) = line.start_watched("processor", &["processor"]);
    let (mut sink, at_sink) = line.start_watched("sink", &["sink"]);
    let prometheus = Prometheus::start(&line, &[&at_ingest, &at_processor, &at_sink]);

    let inserts = [
        ("ThroughlineInsertsFailing", "instance", at_sink.as_str()),
        ("ThroughlineStuck", "group", "alerts-sink"),
    ];
    let rejected = [
        ("ThroughlineDeadLetterShare", "topic", "web"),
        ("ThroughlineMostRecordsRejected", "topic", "web"),
    ];
    let stopped = [
        ("ThroughlineRoleDown", "role", "processor"),
        ("ThroughlineProcessDown", "instance", at_processor.as_str()),
        ("ThroughlineStuck", "group", "alerts-processor"),
    ];
    let all = [&inserts[..], &rejected, &stopped].concat();

    let (poisoned, over) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| feed(&line, &poisoned, &over));
        let _at_end = AtEnd(&over);
        until("rows arrive", || line.done(Group::Sink) > 0);
        prometheus.until("all is well", &all, false);

        gate.set(Gate::Shut);
        prometheus.until("nothing comes to ClickHouse", &inserts, true);
        gate.set(Gate::Open);
        prometheus.until("ClickHouse takes rows again", &inserts, false);

        poisoned.store(true, Ordering::Relaxed);
        prometheus.until("a producer is broken", &rejected, true);
        poisoned.store(false, Ordering::Relaxed);
        prometheus.until("the producer is mended", &rejected, false);

        processor.signal("STOP");
        prometheus.until("the processor stands still", &stopped, true);
        processor.signal("CONT");
        prometheus.until("the processor goes on", &stopped, false);
        prometheus.until("all is well again", &all, false);
    });
    for role in [&mut ingest, &mut processor, &mut sink] {
        role.stop();
    }
}
