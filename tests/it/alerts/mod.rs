//! Alerts, the pages that say what to do about them, and the dashboards: each
//! names what exists, and the important ones fire when the line is broken.

mod board;
mod fires;
mod rules;
mod runbooks;
mod shorten;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;
use throughline_stream::metric_names::{self, Kind};

use crate::services::root;

/// The rules, in the checkout.
const RULES: &str = "helm/throughline/files/alerts.yaml";

/// An alert of the rules.
struct Alert {
    name: String,
    rule: Value,
}

impl Alert {
    fn text(&self, path: &str) -> &str {
        let text = self.rule.pointer(path).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("{} has no {path}", self.name))
    }
}

fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    throughline::yaml_as_json(&path.display().to_string(), &text).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Every alert, in the order of the file.
fn alerts() -> Vec<Alert> {
    let rules = yaml(&root().join(RULES));
    let rules = list(&rules, "groups")
        .iter()
        .flat_map(|group| list(group, "rules"));
    let alert = |rule: &Value| Alert {
        name: rule["alert"].as_str().unwrap().to_owned(),
        rule: rule.clone(),
    };
    rules.map(alert).collect()
}

/// The metrics of the line that a text names and the line does not have.
fn unknown_metrics(text: &str) -> Vec<String> {
    let known: BTreeSet<String> = metric_names::ALL
        .iter()
        .flat_map(|(name, kind, ..)| {
            let suffixes: &[&str] = match kind {
                Kind::Histogram => &["", "_bucket", "_sum", "_count"],
                Kind::Counter | Kind::Gauge => &[""],
            };
            suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
        })
        .collect();
    let named = Regex::new(r"\bthroughline_[a-z0-9_]+").unwrap();
    let named = named.find_iter(text).map(|name| name.as_str().to_owned());
    named.filter(|name| !known.contains(name)).collect()
}

/// A program of Prometheus: installed, or as `dev/setup.sh tests` fetches it.
fn prometheus_program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let fetched = root().join(".dev/cache/prometheus/usr/bin");
    let places = std::env::split_paths(&path).chain([fetched]);
    let mut programs = places.map(|place| place.join(name));
    let program = programs.find(|program| program.is_file());
    program.unwrap_or_else(|| panic!("{name} is missing: dev/setup.sh tests fetches it"))
}

/// Calls promtool and gives what it says; it must succeed.
#[track_caller]
fn promtool(arguments: &[&str]) -> String {
    let mut call = Command::new(prometheus_program("promtool"));
    let output = call.args(arguments).current_dir(root()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "promtool {arguments:?}:\n{said}");
    said
}

#[test]
fn metrics_that_do_not_exist_are_found() {
    let text = "rate(throughline_sink_rows_total[5m]) / throughline_sink_insert_seconds_count
        + throughline_sink_rows + throughline_stream_lag_records_count";
    let unknown = [
        "throughline_sink_rows",
        "throughline_stream_lag_records_count",
    ];
    assert_eq!(unknown_metrics(text), unknown);
}
