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

/// Why the program would refuse a command line, its own name left out; nothing
/// when it would not.
pub fn command_line_mistake(arguments: &[&str]) -> Option<String> {
    let all = std::iter::once("throughline").chain(arguments.iter().copied());
    cli::Cli::try_parse_from(all)
        .err()
        .map(|error| error.to_string())
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
