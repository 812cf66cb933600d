//! `throughline config check|defaults`.

use std::path::Path;

use crate::cli::ConfigCommand;
use crate::config::{DEFAULTS, Settings};

/// Checks a configuration, or prints the defaults.
pub fn execute(command: ConfigCommand, file: Option<&Path>) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check => {
            Settings::load(file)?;
            println!("the configuration is sound");
        }
        ConfigCommand::Defaults => print!("{DEFAULTS}"),
    }
    Ok(())
}
