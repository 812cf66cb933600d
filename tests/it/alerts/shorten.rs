//! The rules in quick motion: every `for` and every range (`[10m]`, `[15m:1m]`)
//! divided by one number, and nothing else changed. What a rule compares with
//! (seconds, shares, records) stays as it is, so rules that compare with times
//! are not to be tried so.

use regex::{Captures, Regex};
use serde_json::Value;

/// The rule file with all its times but those it compares with divided.
pub fn shortened(mut rules: Value, factor: u64) -> Value {
    let groups = rules["groups"].as_array_mut().unwrap().iter_mut();
    for rule in groups.flat_map(|group| group["rules"].as_array_mut().unwrap()) {
        if let Some(time) = rule["for"].as_str() {
            rule["for"] = divided(time, factor).into();
        }
        let expr = rule["expr"].as_str().unwrap();
        rule["expr"] = shortened_ranges(expr, factor).into();
    }
    rules
}

fn shortened_ranges(expr: &str, factor: u64) -> String {
    let range = Regex::new(r"\[(\w+)(?::(\w+))?\]").unwrap();
    let shorter = |found: &Captures<'_>| {
        let length = divided(&found[1], factor);
        match found.get(2) {
            Some(step) => format!("[{length}:{}]", divided(step.as_str(), factor)),
            None => format!("[{length}]"),
        }
    };
    range.replace_all(expr, shorter).into_owned()
}

/// A time as Prometheus writes it (`1h30m`), divided, in milliseconds.
fn divided(time: &str, factor: u64) -> String {
    let part = Regex::new(r"(\d+)(ms|[smhd])").unwrap();
    assert_eq!(part.replace_all(time, ""), "", "{time} is no time");
    let millis = |part: Captures<'_>| {
        let unit = match &part[2] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => 86_400_000,
        };
        part[1].parse::<u64>().unwrap() * unit
    };
    let sum: u64 = part.captures_iter(time).map(millis).sum();
    format!("{}ms", sum / factor)
}

#[test]
fn times_are_divided_and_nothing_else() {
    let rules = serde_json::json!({"groups": [{"name": "g", "rules": [
        {"alert": "A", "for": "1h30m", "expr": "rate(a{b=\"10m\"}[5m]) > 300"},
        {"alert": "B", "expr": "deriv(sum(a)[15m:1m]) > 0 and predict_linear(a[2h], 3600) < 0"},
    ]}]});
    let expected = serde_json::json!({"groups": [{"name": "g", "rules": [
        {"alert": "A", "for": "90000ms", "expr": "rate(a{b=\"10m\"}[5000ms]) > 300"},
        {"alert": "B", "expr": "deriv(sum(a)[15000ms:1000ms]) > 0 and predict_linear(a[120000ms], 3600) < 0"},
    ]}]});
    assert_eq!(shortened(rules, 60), expected);
}
