//! The commands, a module each.

mod attribute;
mod config;
mod dashboard;
mod health;
mod produce;
pub mod run;
mod schema;
mod topics;

use crate::cli::{Cli, Command};
use crate::config::Settings;
use crate::dead_letters;
use crate::demo;
use crate::generate;
use crate::identity;
use crate::shutdown::Signals;
use crate::telemetry;
use crate::verify;
use run::RoleName;

/// Does what the command line says.
pub fn execute(cli: &Cli) -> anyhow::Result<()> {
    if let Command::Config(command) = &cli.command {
        return config::execute(*command, cli.config.as_deref());
    }
    if let Command::Dashboard(args) = &cli.command
        && let Some(command) = args.command
    {
        return dashboard::make(command);
    }
    // Whoever runs a service may ask it to end at any moment, while the
    // configuration is read, too.
    let roles = match &cli.command {
        Command::Run(args) => Some((&RoleName::ALL[..], args)),
        Command::Ingest(args) => Some((&[RoleName::Ingest][..], args)),
        Command::Processor(args) => Some((&[RoleName::Processor][..], args)),
        Command::Sink(args) => Some((&[RoleName::Sink][..], args)),
        _ => None,
    };
    if let Some((names, args)) = roles {
        let signals = Signals::hold()?;
        let settings = Settings::load(cli.config.as_deref())?;
        telemetry::start_logs(&settings.telemetry);
        return run::execute(&settings, names, args.until_idle, signals);
    }
    if let Command::Dashboard(_) = &cli.command {
        let signals = Signals::hold()?;
        let settings = Settings::load(cli.config.as_deref())?;
        telemetry::start_logs(&settings.telemetry);
        return dashboard::execute(&settings, signals);
    }
    let settings = Settings::load(cli.config.as_deref())?;
    if let Command::Demo(args) = &cli.command {
        return demo::execute(&settings, args);
    }
    telemetry::start_logs(&settings.telemetry);
    match &cli.command {
        Command::Health(args) => health::execute(&settings, *args),
        Command::Attribute(args) => attribute::execute(&settings, args),
        Command::Generate(args) => generate::execute(&settings, args),
        Command::DeadLetters(command) => dead_letters::execute(&settings, command),
        Command::Identity(command) => identity::execute(&settings, command),
        Command::Verify(args) => verify::execute(&settings, args),
        Command::Restate(args) => verify::restate::execute(&settings, args),
        Command::Produce(args) => produce::execute(&settings, args),
        Command::Schema(command) => schema::execute(&settings, *command),
        Command::Topics(command) => topics::execute(&settings, *command),
        Command::Run(_)
        | Command::Ingest(_)
        | Command::Processor(_)
        | Command::Sink(_)
        | Command::Dashboard(_)
        | Command::Config(_)
        | Command::Demo(_) => Ok(()),
    }
}
