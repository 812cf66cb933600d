//! Grafana's dashboards: their structure, and that they ask for what exists.
//! (There is no Grafana here; Prometheus itself reads their expressions.)

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{list, promtool, unknown_metrics};
use crate::services::root;

const DASHBOARDS: &str = "helm/throughline/files/dashboards";
/// Grafana's grid is so wide.
const WIDTH: u64 = 24;
/// What Grafana puts in, and something that stands for it.
const VARIABLES: [(&str, &str); 4] = [
    ("$__rate_interval", "5m"),
    ("$__range", "1h"),
    ("$job", ".+"),
    ("$instance", ".+"),
];

fn dashboards() -> Vec<(String, Value)> {
    let files = std::fs::read_dir(root().join(DASHBOARDS)).unwrap();
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&text).unwrap())
    };
    let mut all: Vec<_> = files.map(|file| read(file.unwrap().path())).collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(all.len() >= 2);
    all
}

/// What a panel or a variable asks for.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = list(dashboard, "panels").iter();
    let targets = panels.flat_map(|panel| list(panel, "targets"));
    targets
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_panel_has_a_place_a_meaning_and_a_unit() {
    let mut uids = BTreeSet::new();
    for (file, dashboard) in dashboards() {
        assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 38, "{file}");
        assert!(
            dashboard["id"].is_null(),
            "{file} has the number of another Grafana"
        );
        assert!(
            uids.insert(dashboard["uid"].as_str().unwrap().to_owned()),
            "{file}"
        );
        let variables = list(&dashboard["templating"], "list");
        let names: Vec<_> = variables
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["datasource", "job", "instance"], "{file}");
        let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for panel in list(&dashboard, "panels") {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{file}: {title}");
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(
                at("w") > 0 && at("h") > 0 && at("x") + at("w") <= WIDTH,
                "{file}: {title}"
            );
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(
                        taken.insert((x, y)),
                        "{file}: {title} lies on another panel"
                    );
                }
            }
            if panel["type"] == "row" {
                continue;
            }
            assert_eq!(
                panel["datasource"]["uid"], "${datasource}",
                "{file}: {title}"
            );
            assert!(
                !panel["description"].as_str().unwrap().is_empty(),
                "{file}: {title}"
            );
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(defaults["unit"].is_string(), "{file}: {title} has no unit");
            assert!(
                !list(&defaults["thresholds"], "steps").is_empty(),
                "{file}: {title}"
            );
            assert!(
                !list(panel, "targets").is_empty(),
                "{file}: {title} asks nothing"
            );
            let refs: BTreeSet<_> = list(panel, "targets")
                .iter()
                .map(|one| one["refId"].as_str())
                .collect();
            assert_eq!(refs.len(), list(panel, "targets").len(), "{file}: {title}");
        }
    }
}

#[test]
fn each_panel_asks_for_metrics_that_exist_in_words_that_prometheus_knows() {
    for (file, dashboard) in dashboards() {
        let expressions = expressions(&dashboard);
        let mut rules = Vec::new();
        for (number, expr) in expressions.iter().enumerate() {
            assert_eq!(unknown_metrics(expr), [""; 0], "{file}: {expr}");
            assert!(expr.contains("throughline_"), "{file}: {expr}");
            let put_in = |expr: String, (name, value): (&str, &str)| expr.replace(name, value);
            let expr = VARIABLES.into_iter().fold(expr.clone(), put_in);
            assert!(!expr.contains('$'), "{file}: {expr}");
            rules.push(json!({"record": format!("panel:{number}"), "expr": expr}));
        }
        let rules = json!({"groups": [{"name": "panels", "rules": rules}]});
        let written = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(written.path(), rules.to_string()).unwrap();
        promtool(&["check", "rules", written.path().to_str().unwrap()]);
    }
}
