//! The rules as promtool sees them, and that none is without a test.

use super::{Alert, RULES, alerts, list, promtool, unknown_metrics, yaml};
use crate::services::root;

/// Where the tests of the rules are, a file for each alert.
const TESTS: &str = "tests/alerts";

/// The files of tests, by what alert they are called after.
fn files() -> Vec<String> {
    let files = std::fs::read_dir(root().join(TESTS)).unwrap();
    let name = |file: std::fs::DirEntry| file.file_name().into_string().unwrap();
    let mut names: Vec<_> = files.map(|file| name(file.unwrap())).collect();
    names.sort();
    names
}

#[test]
fn promtool_finds_nothing_wrong_with_the_rules() {
    let said = promtool(&["check", "rules", RULES]);
    let count = format!("SUCCESS: {} rules found", alerts().len());
    assert!(said.contains(&count), "{said}");
}

#[test]
fn each_alert_fires_when_it_must_and_only_then() {
    let files: Vec<_> = files()
        .iter()
        .map(|file| format!("{TESTS}/{file}"))
        .collect();
    let mut arguments = vec!["test", "rules"];
    arguments.extend(files.iter().map(String::as_str));
    promtool(&arguments);
}

/// How often an alert is expected to fire, and not to, at the end of a test.
fn expectations(alert: &Alert) -> (usize, usize) {
    let tests = yaml(&root().join(format!("{TESTS}/{}.yaml", alert.name)));
    let (mut fires, mut rests) = (0, 0);
    for test in list(&tests, "tests") {
        let last = list(test, "alert_rule_test").last().unwrap();
        assert_eq!(last["alertname"], alert.name.as_str());
        if list(last, "exp_alerts").is_empty() {
            rests += 1;
        } else {
            fires += 1;
        }
    }
    (fires, rests)
}

#[test]
fn each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() {
    let alerts = alerts();
    for alert in &alerts {
        let (fires, rests) = expectations(alert);
        assert!(fires > 0, "{} never fires", alert.name);
        assert!(rests > 0, "{} always fires", alert.name);
    }
    let mut expected: Vec<_> = alerts
        .iter()
        .map(|alert| format!("{}.yaml", alert.name))
        .collect();
    expected.sort();
    assert_eq!(files(), expected);
}

#[test]
fn each_alert_says_what_whoever_is_woken_needs() {
    for alert in alerts() {
        let severity = alert.text("/labels/severity");
        assert!(["page", "ticket"].contains(&severity), "{}", alert.name);
        assert!(!alert.text("/annotations/summary").is_empty());
        // With a value, or with what it is about.
        let description = alert.text("/annotations/description");
        assert!(description.contains("{{ $"), "{}", alert.name);
        let page = format!("docs/runbooks/{}.md", alert.name);
        assert_eq!(alert.text("/annotations/runbook"), page);
        let unknown = unknown_metrics(alert.text("/expr"));
        assert!(unknown.is_empty(), "{}: {unknown:?}", alert.name);
        assert!(alert.text("/expr").contains("throughline_"));
        assert!(alert.name.starts_with("Throughline"));
    }
}
