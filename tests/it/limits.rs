//! docs/limits.md: every setting, constant and metric in it exists, with the
//! default that it has.

use std::path::Path;

use throughline_stream::metric_names::ALL;
use throughline_tests::live::services::root;

/// The words in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The default of a setting, as config/default.yaml has it.
fn default(setting: &str) -> Option<String> {
    let text = std::fs::read_to_string(root().join("config/default.yaml")).unwrap();
    let mut path: Vec<&str> = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let Some((key, value)) = line.trim_start().split_once(':') else {
            continue;
        };
        if key.starts_with('#') || indent / 2 > path.len() {
            continue;
        }
        path.truncate(indent / 2);
        path.push(key);
        if path.join(".") == setting {
            return Some(value.trim().to_owned());
        }
    }
    None
}

/// Whether a constant of this name is somewhere in a directory's sources.
fn is_constant(directory: &Path, name: &str) -> bool {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return is_constant(&path, name);
        }
        path.extension().is_some_and(|extension| extension == "rs")
            && std::fs::read_to_string(&path)
                .unwrap()
                .contains(&format!("const {name}: "))
    })
}

#[test]
fn every_limit_that_is_told_exists() {
    let page = std::fs::read_to_string(root().join("docs/limits.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let mut found = 0;
    for row in rows.skip(1) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, what, bound, told, _, metric, _] = cells[..] else {
            panic!("not five cells: {row}");
        };
        if what.starts_with("**") {
            continue;
        }
        let mut defaults = Vec::new();
        for name in quoted(bound) {
            found += 1;
            if name.contains('_') && name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                let rooms = [
                    "src",
                    "ingest/src",
                    "processor",
                    "sink/src",
                    "dashboard/src",
                ];
                let is_there = rooms
                    .iter()
                    .any(|room| is_constant(&root().join(room), name));
                assert!(is_there, "{name}: there is no such constant");
            } else {
                let value = default(name);
                defaults.push(value.unwrap_or_else(|| panic!("{name}: no such setting")));
            }
        }
        for value in defaults {
            assert!(
                told.contains(&value),
                "{what}: the default is {value}, not {told}"
            );
        }
        for name in quoted(metric) {
            let is_there = ALL.iter().any(|(known, ..)| *known == name);
            assert!(is_there, "{name}: there is no such metric");
        }
    }
    assert!(found > 30, "{found} limits");
}

#[test]
fn settings_and_metrics_that_sizing_names_exist() {
    let page = std::fs::read_to_string(root().join("docs/sizing.md")).unwrap();
    let words = quoted(&page)
        .flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c))));
    let (mut metrics, mut settings) = (0, 0);
    for word in words {
        if word.starts_with("throughline_") {
            metrics += 1;
            let is_there = ALL.iter().any(|(known, ..)| *known == word);
            assert!(is_there, "{word}: there is no such metric");
        } else if ["kafka.", "processor."]
            .iter()
            .any(|section| word.starts_with(section))
        {
            settings += 1;
            assert!(default(word).is_some(), "{word}: no such setting");
        }
    }
    assert!(metrics > 2 && settings > 6, "{metrics} and {settings}");
}
