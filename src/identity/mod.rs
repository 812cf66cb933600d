//! `throughline identity explain|split`: why identifiers are one client, and
//! taking back what makes them one.

mod args;
mod explain;
mod named;
mod path;
mod split;

pub use args::IdentityCommand;

use crate::config::Settings;

/// Does what the command says.
pub fn execute(settings: &Settings, command: &IdentityCommand) -> anyhow::Result<()> {
    match command {
        IdentityCommand::Explain(args) => explain::execute(settings, args),
        IdentityCommand::Split(args) => split::execute(settings, args),
    }
}
