//! Throughline: from Kafka through journeys and credits to ClickHouse.
//!
//! This package is the composition root: the command line, the configuration,
//! telemetry, and the only place where the rooms are wired to each other.

pub mod attribute;
mod cli;
mod commands;
mod config;
mod dashboard;
mod dead_letters;
mod demo;
mod generate;
mod generation;
mod health;
mod identity;
mod instance;
mod monitor;
mod prepare;
mod remedy;
mod roles;
mod shutdown;
mod snapshots;
mod telemetry;
mod topic_files;
mod usage;
mod verify;
mod workers;

use std::process::ExitCode;

use clap::Parser as _;

/// What a broken configuration exits with, as a wrong command line does.
const BROKEN_CONFIGURATION: u8 = 2;

/// Every mistake of a configuration file, as `throughline config check` prints
/// them: its name for the messages, and its text. The environment has no part.
pub fn configuration_mistakes(name: &str, text: &str) -> Vec<String> {
    match config::Settings::from_texts(Some((name, text)), std::iter::empty()) {
        Ok(_) => Vec::new(),
        Err(broken) => broken.0.iter().map(ToString::to_string).collect(),
    }
}

/// What the program says against a command line (its words after `throughline`),
/// if it does not accept it. Nothing is done.
pub fn command_mistake(words: &[&str]) -> Option<String> {
    let words = std::iter::once("throughline").chain(words.iter().copied());
    cli::Cli::try_parse_from(words)
        .err()
        .map(|error| error.to_string())
}

/// A YAML file as JSON, all of whose single values are texts; or what is wrong
/// with it, by place.
pub fn yaml_as_json(name: &str, text: &str) -> Result<serde_json::Value, Vec<String>> {
    fn json(node: config::Node) -> serde_json::Value {
        match node.value {
            config::Value::Null => serde_json::Value::Null,
            config::Value::Scalar(text) => text.into(),
            config::Value::List(nodes) => nodes.into_iter().map(json).collect(),
            config::Value::Map(entries) => {
                let entries = entries.into_iter();
                entries.map(|entry| (entry.key, json(entry.node))).collect()
            }
        }
    }
    let read = config::Node::parse(text, &name.into());
    read.map(json)
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

/// The program: does what its command line says.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::execute(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(broken) = error.downcast_ref::<config::Broken>() {
                eprintln!("{broken}");
                return ExitCode::from(BROKEN_CONFIGURATION);
            }
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
