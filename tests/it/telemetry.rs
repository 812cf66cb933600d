//! What a running line tells about itself.

use throughline_stream::Outgoing;
use throughline_stream::metric_names::{self, ALL};
use throughline_tests::reference::Settings;

use crate::dead_letters::GOOD;
use crate::http::{get, metric as values};
use crate::installation::{Group, Installation};
use crate::process::until;
use crate::traffic;

/// Metrics of what does not happen in these tests.
const ELSEWHERE: [&str; 8] = [
    metric_names::DASHBOARD_REQUESTS_TOTAL,
    metric_names::DASHBOARD_REQUEST_SECONDS,
    metric_names::DASHBOARD_QUERY_SECONDS,
    metric_names::DASHBOARD_QUERY_ERRORS_TOTAL,
    metric_names::DASHBOARD_LISTENERS,
    metric_names::DASHBOARD_LOGINS_TOTAL,
    metric_names::SINK_RETRIES_TOTAL,
    metric_names::PROCESSOR_RESTORE_SECONDS,
];

#[test]
fn a_line_at_rest_tells_everything_and_its_sums_agree() {
    let traffic = traffic::small();
    let mut line = Installation::new("telemetry", &traffic.plan.settings());
    line.config["processor"]["snapshots"] = serde_json::json!({"interval_ms": 500});
    // So many inserts that the sink has to wait for some.
    line.config["sink"] = serde_json::json!({"max_rows": 1});
    traffic.send(&line);
    let (mut run, address) = line.start_watched("run", &["run"]);
    // The roles of one process end together; until then each stage feeds the next.
    until("all is done", || {
        let groups = [Group::Ingest, Group::Processor, Group::Sink];
        let is_done = |group| line.done(group) > 0 && line.left(group) == 0;
        groups.into_iter().all(is_done)
    });
    let mut page = String::new();
    // The lag is measured from time to time, and snapshots are written.
    until("the lag is seen to be over", || {
        page = get(&address, "/metrics").unwrap().1;
        let lags = values(&page, metric_names::STREAM_LAG_RECORDS);
        let is_over = !lags.is_empty() && lags.iter().all(|lag| *lag == 0.0);
        is_over
            && page.contains(metric_names::PROCESSOR_SNAPSHOT_SECONDS)
            && page.contains(metric_names::SINK_OUTDATED_ROWS)
    });
    for (name, ..) in ALL {
        let is_there = page.lines().any(|line| line.starts_with(name));
        assert!(is_there || ELSEWHERE.contains(name), "there is no {name}");
    }
    for (role, on) in [
        ("ingest", "records"),
        ("ingest", "acknowledgements"),
        ("processor", "records"),
        ("processor", "acknowledgements"),
        ("processor", "store"),
        ("sink", "records"),
        ("sink", "clickhouse"),
    ] {
        let name = metric_names::STREAM_BLOCKED_MICROSECONDS_TOTAL;
        let of_it = format!("{name}{{role=\"{role}\",on=\"{on}\"}}");
        let waited = values(&page, &of_it);
        assert!(waited.iter().sum::<f64>() > 0.0, "{role} on {on}");
    }
    for name in [
        metric_names::PROCESSOR_CREDIT_IMBALANCE_PPM,
        metric_names::PROCESSOR_REVENUE_IMBALANCE_MINOR_UNITS,
    ] {
        assert!(
            values(&page, name).iter().all(|value| *value == 0.0),
            "{name}"
        );
    }
    let rejected: f64 = values(&page, metric_names::INGEST_REJECTED).iter().sum();
    assert!((rejected - traffic.rejected as f64).abs() < 0.5);
    let one = |name: &str| values(&page, name)[0];
    assert_eq!(values(&page, metric_names::PROCESS_ROLE), [1.0; 3]);
    assert!(
        one(metric_names::PROCESS_RESIDENT_BYTES) < one(metric_names::PROCESS_MEMORY_LIMIT_BYTES)
    );
    assert!(
        one(metric_names::PROCESS_DISK_FREE_BYTES) < one(metric_names::PROCESS_DISK_SIZE_BYTES)
    );
    assert!(
        one(metric_names::PROCESSOR_CHECKPOINT_TIMESTAMP_SECONDS)
            > one(metric_names::PROCESS_START_TIMESTAMP_SECONDS)
    );
    for role in ["ingest", "processor", "sink"] {
        let name = metric_names::STREAM_REBALANCES_TOTAL;
        assert!(one(&format!("{name}{{role=\"{role}\"}}")) >= 1.0, "{role}");
    }
    for path in ["/healthz", "/readyz"] {
        let (status, body) = get(&address, path).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        for part in ["kafka", "ingest 0", "processor 0", "processor 1", "sink 0"] {
            assert!(body.contains(&format!("{part}: ready\n")), "{path}: {body}");
        }
    }
    run.stop();
}

#[test]
fn a_sink_without_clickhouse_lives_and_is_not_ready() {
    let mut line = Installation::new("unready", &Settings::default());
    // Nobody listens on the port for discarding.
    line.config["clickhouse"]["url"] = "http://127.0.0.1:9".into();
    let (mut sink, address) = line.start_watched("sink", &["sink"]);
    let mut report = String::new();
    until("it says that it waits", || match get(&address, "/readyz") {
        Ok((status, body)) if body.contains("kafka: ready") => {
            assert_eq!(status, 503, "{body}");
            report = body;
            true
        }
        _ => false,
    });
    assert!(report.contains("sink 0: waiting"), "{report}");
    assert_eq!(get(&address, "/healthz").unwrap().0, 200);
    sink.stop();
}

#[test]
fn older_generations_that_cannot_be_removed_are_counted_and_end_nothing() {
    let mut line = Installation::new("not_removed", &Settings::default());
    line.config["clickhouse"]["apply_schema"] = false.into();
    let (mut sink, address) = line.start_watched("sink", &["sink"]);
    until("it is counted", || {
        let page = get(&address, "/metrics").map_or(String::new(), |(_, page)| page);
        values(&page, metric_names::SINK_OUTDATED_FAILURES_TOTAL) == [1.0]
    });
    until("it is told why, and what to do", || {
        sink.output()
            .contains("apply the schema with `throughline schema apply`")
    });
    until("the sink is ready all the same", || {
        get(&address, "/readyz").is_ok_and(|(status, _)| status == 200)
    });
    sink.stop();
}

#[test]
fn too_many_rejected_records_are_an_alarm_until_good_ones_come() {
    let mut line = Installation::new("alarm", &Settings::default());
    line.config["ingest"] = serde_json::json!({
        "max_rejected_share": 0.2,
        "share_window_records": 50,
    });
    line.call(&["topics", "create"]).succeeds();
    let records = |value: &str, count: usize| {
        let record = Outgoing {
            topic: "web".into(),
            value: Some(value.into()),
            ..Outgoing::default()
        };
        std::iter::repeat_n(record, count)
    };
    let (mut run, address) = line.start_watched("run", &["run"]);
    let until_alarm_is = |alarm: f64| {
        until(&format!("the alarm is {alarm}"), || {
            let page = get(&address, "/metrics").map_or(String::new(), |(_, page)| page);
            values(&page, metric_names::INGEST_REJECTED_SHARE_EXCEEDED) == [alarm]
        });
    };
    line.send(records("{}", 10));
    until_alarm_is(0.0);
    line.send(records("{}", 1));
    until_alarm_is(1.0);
    // Ingest has gone on, and goes on.
    line.send(records(GOOD, 50));
    until_alarm_is(0.0);
    assert_eq!(get(&address, "/healthz").unwrap().0, 200);
    run.stop();
}
