//! `throughline schema print|apply|dictionary`.

use throughline_sink::schema::dictionary;
use throughline_sink::{ClickHouse, schema};

use crate::cli::{DictionaryFormat, SchemaCommand};
use crate::config::Settings;

/// Prints the schema or what it means, or brings the database up to date.
pub fn execute(settings: &Settings, command: SchemaCommand) -> anyhow::Result<()> {
    let connection = &settings.clickhouse.connection;
    match command {
        SchemaCommand::Print => print!("{}", schema::print(connection)),
        SchemaCommand::Dictionary { format } => match format {
            DictionaryFormat::Markdown => print!("{}", dictionary::markdown()),
            DictionaryFormat::Dbt => print!("{}", dictionary::dbt_sources()),
        },
        SchemaCommand::Apply => {
            let clickhouse = ClickHouse::new(connection)?;
            let applied = schema::apply(&clickhouse, settings.processor.generation)?;
            match applied.as_slice() {
                [] => println!("{}: up to date", connection.database),
                applied => println!("{}: applied {}", connection.database, applied.join(", ")),
            }
        }
    }
    Ok(())
}
