//! What to do about each alert: there is a page, it says all that is needed,
//! and its commands exist.

use std::collections::BTreeSet;

use regex::Regex;

use super::{alerts, unknown_metrics};
use crate::services::root;

const PAGES: &str = "docs/runbooks";
/// What stands on every page, in this order.
const HEADINGS: [&str; 4] = ["## Symptom", "## Cause", "## What to do", "## Way back"];

/// Every page by name, without the index.
fn pages() -> Vec<(String, String)> {
    let files = std::fs::read_dir(root().join(PAGES)).unwrap();
    let mut pages: Vec<_> = files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .filter(|(name, _)| name != "README")
        .collect();
    pages.sort();
    pages
}

/// The calls of the program that a text shows, in blocks or within a line, each
/// as the words after its name.
fn commands(text: &str) -> Vec<Vec<String>> {
    let code = Regex::new(r"(?s)```sh\n(.*?)```|`([^`\n]+)`").unwrap();
    let code = code.captures_iter(text);
    let code = code.filter_map(|found| found.get(1).or(found.get(2)));
    let lines = code.flat_map(|code| code.as_str().lines());
    let mut commands = Vec::new();
    for line in lines {
        let line = line.split(" #").next().unwrap_or(line);
        for call in line.split(['|', ';']).flat_map(|part| part.split("&&")) {
            let words: Vec<_> = call.split_whitespace().map(unquoted).collect();
            // Called here, or in a pod; elsewhere it is the name of something.
            let is_called = |at: usize| at == 0 || words[at - 1] == "--";
            let at = (0..words.len()).find(|at| words[*at] == "throughline" && is_called(*at));
            if let Some(at) = at {
                commands.push(words[at + 1..].to_vec());
            }
        }
    }
    commands
}

fn unquoted(word: &str) -> String {
    word.trim_matches(['\'', '"']).to_owned()
}

#[test]
fn each_alert_has_a_page_and_each_page_an_alert() {
    let alerts: BTreeSet<_> = alerts().into_iter().map(|alert| alert.name).collect();
    let names: BTreeSet<_> = pages().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, alerts);
    let index = std::fs::read_to_string(root().join(PAGES).join("README.md")).unwrap();
    for name in names {
        assert!(
            index.contains(&format!("({name}.md)")),
            "{name} is not in the index"
        );
    }
}

#[test]
fn each_page_says_all_that_is_needed() {
    for (name, text) in pages() {
        assert!(text.starts_with(&format!("# {name}\n")), "{name}");
        let headings: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(headings, HEADINGS, "{name}");
        for (at, part) in text.split("\n## ").skip(1).enumerate() {
            assert!(
                part.trim().lines().count() > 1,
                "{name}: {} is empty",
                HEADINGS[at]
            );
        }
        assert!(text.contains("```sh\n"), "{name} shows no command");
        assert_eq!(unknown_metrics(&text), [""; 0], "{name}");
    }
}

#[test]
fn the_program_accepts_each_command_that_pages_show() {
    let mut count = 0;
    for (name, text) in pages() {
        for words in commands(&text) {
            count += 1;
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let mistake = throughline::command_mistake(&words);
            assert_eq!(mistake, None, "{name}: throughline {}", words.join(" "));
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let text = "Call `throughline verify`, never `make demo`.\n```sh\nhelm history throughline; kubectl -n throughline exec a -- throughline verify --table 'deals' | head # x\n```\n";
    let found: Vec<_> = commands(text).iter().map(|words| words.join(" ")).collect();
    assert_eq!(found, ["verify", "verify --table deals"]);
    assert!(throughline::command_mistake(&["verify", "--tables"]).is_some());
}
