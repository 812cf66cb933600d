//! The commands, a module each.

mod attribute;
mod config;
mod produce;
pub mod run;
mod schema;
mod topics;

use crate::cli::{Cli, Command};
use crate::config::Settings;
use crate::dead_letters;
use crate::demo;
use crate::generate;
use crate::telemetry;
use crate::verify;
use run::RoleName;

/// Does what the command line says.
pub fn execute(cli: &Cli) -> anyhow::Result<()> {
    if let Command::Config(command) = &cli.command {
        return config::execute(*command, cli.config.as_deref());
    }
    let settings = Settings::load(cli.config.as_deref())?;
    if let Command::Demo(args) = &cli.command {
        return demo::execute(&settings, args);
    }
    telemetry::start_logs(&settings.telemetry);
    match &cli.command {
        Command::Run(args) => run::execute(&settings, &RoleName::ALL, args.until_idle),
        Command::Ingest(args) => run::execute(&settings, &[RoleName::Ingest], args.until_idle),
        Command::Processor(args) => {
            run::execute(&settings, &[RoleName::Processor], args.until_idle)
        }
        Command::Sink(args) => run::execute(&settings, &[RoleName::Sink], args.until_idle),
        Command::Attribute(args) => attribute::execute(&settings, args),
        Command::Generate(args) => generate::execute(&settings, args),
        Command::DeadLetters(command) => dead_letters::execute(&settings, command),
        Command::Verify(args) => verify::execute(&settings, args),
        Command::Restate(args) => verify::restate::execute(&settings, args),
        Command::Produce(args) => produce::execute(&settings, args),
        Command::Schema(command) => schema::execute(&settings, *command),
        Command::Topics(command) => topics::execute(&settings, *command),
        Command::Config(_) | Command::Demo(_) => Ok(()),
    }
}
