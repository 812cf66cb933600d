//! `throughline dead-letters list|show|replay`: the rejected records, for the
//! one who has to find out what is wrong with them and to bring them in again.
//!
//! A letter is *open* until it is sent again. Sent again, its record carries
//! the header `throughline-replay-of` with the place where it was rejected
//! first; when it is rejected once more, that is a new open letter, which
//! names that place. So the list does not grow with the number of tries.

mod args;
mod json;
mod list;
pub mod moment;
mod replay;
mod show;
pub mod text;

use anyhow::anyhow;
use throughline_sink::{ClickHouse, SinkError};

pub use args::{DeadLettersCommand, STATUSES};

use crate::config::Settings;
use crate::remedy::with_remedy;

/// Does what the command says.
pub fn execute(settings: &Settings, command: &DeadLettersCommand) -> anyhow::Result<()> {
    match command {
        DeadLettersCommand::List(args) => list::execute(settings, args),
        DeadLettersCommand::Show(args) => show::execute(settings, args),
        DeadLettersCommand::Replay(args) => replay::execute(settings, args),
    }
}

/// Whether something could be printed. Whoever reads may have seen enough.
fn printed(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow!(error).context("cannot write to standard output"))
        }
        _ => Ok(()),
    }
}

fn connect(settings: &Settings) -> anyhow::Result<ClickHouse> {
    ClickHouse::new(&settings.clickhouse.connection).map_err(remedy)
}

fn remedy(error: SinkError) -> anyhow::Error {
    let away = "Dead letters are read from ClickHouse; they also stand in Kafka, in the topic of dead letters.";
    with_remedy(error, away, "")
}
