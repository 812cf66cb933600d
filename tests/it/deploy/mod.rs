//! The image and `compose.yaml`: whatever they name exists, and every command and
//! setting in them is one that the program accepts. Nothing here needs containers.

mod compose;
mod image;
mod yaml;

use std::path::PathBuf;

use throughline_tests::live::services::root;

/// A file of the checkout.
#[track_caller]
fn read(path: &str) -> String {
    let full = at(path);
    std::fs::read_to_string(&full).unwrap_or_else(|error| panic!("{}: {error}", full.display()))
}

/// Where a file of the checkout is.
fn at(path: &str) -> PathBuf {
    root().join(path)
}

/// Sees that a command line after the program's name is one that it accepts.
#[track_caller]
fn assert_accepted(arguments: &[&str]) {
    if let Some(mistake) = throughline::command_mistake(arguments) {
        panic!("throughline {}: {mistake}", arguments.join(" "));
    }
}

/// The version of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn a_wrong_command_line_is_known_by_its_mistake() {
    assert_accepted(&["health", "--live"]);
    let mistake = throughline::command_mistake(&["ingest", "--nope"]);
    assert!(mistake.unwrap().contains("--nope"));
}
