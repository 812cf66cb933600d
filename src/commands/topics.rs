//! `throughline topics create`.

use throughline_stream::StreamError;

use crate::cli::TopicsCommand;
use crate::config::Settings;
use crate::prepare;

/// How often Kafka is asked: it may be starting, too, or be busy.
const TRIES: u32 = 3;

/// Makes the topics that are missing.
pub fn execute(settings: &Settings, command: TopicsCommand) -> anyhow::Result<()> {
    let TopicsCommand::Create = command;
    match topics(settings)?.as_slice() {
        [] => println!("all topics exist"),
        created => println!("made {}", created.join(", ")),
    }
    Ok(())
}

fn topics(settings: &Settings) -> Result<Vec<String>, StreamError> {
    for _ in 1..TRIES {
        match prepare::topics(&settings.kafka, true) {
            Err(error @ StreamError::Broker { .. }) => {
                let servers = &settings.kafka.client.bootstrap_servers;
                tracing::warn!(%error, servers, "kafka does not answer; asking again");
            }
            result => return result,
        }
    }
    prepare::topics(&settings.kafka, true)
}
