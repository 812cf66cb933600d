//! `throughline topics create`.

use crate::cli::TopicsCommand;
use crate::config::Settings;
use crate::prepare;

/// Makes the topics that are missing.
pub fn execute(settings: &Settings, command: TopicsCommand) -> anyhow::Result<()> {
    let TopicsCommand::Create = command;
    match prepare::topics_of_a_busy_kafka(&settings.kafka)?.as_slice() {
        [] => println!("all topics exist"),
        created => println!("made {}", created.join(", ")),
    }
    Ok(())
}
