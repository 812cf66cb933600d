//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::attribute::{Format, ViewName};
use crate::dead_letters::{DeadLettersCommand, STATUSES};
use crate::demo::DemoArgs;
use crate::generate::GenerateArgs;
use crate::identity::IdentityCommand;
use crate::verify::{RestateArgs, VerifyArgs};

/// Streaming attribution: which ads, calls and e-mails earned which deals.
#[derive(Parser, Debug)]
#[command(version, about, propagate_version = true)]
pub struct Cli {
    /// A configuration file; it names only what differs from the defaults.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run all roles in this process
    Run(RunArgs),
    /// Run the role that reads, checks and normalises raw events
    Ingest(RunArgs),
    /// Run the role that builds journeys and credits
    Processor(RunArgs),
    /// Run the role that writes rows to ClickHouse
    Sink(RunArgs),
    /// Serve the pages for marketers, and the API with their figures
    Dashboard(DashboardArgs),
    /// Ask the process on telemetry.listen how it is; exit with 1 when it is not ready
    Health(HealthArgs),
    /// Send the files <topic>.jsonl of a directory to Kafka, a record a line, as it is
    Produce(ProduceArgs),
    /// Make up traffic with a known truth, in files or live in Kafka
    Generate(GenerateArgs),
    /// Print a view of events in files, without Kafka and ClickHouse
    Attribute(AttributeArgs),
    /// Stream made-up traffic through the whole line and watch the channels
    Demo(DemoArgs),
    /// Rejected records: what they are, why, and sending them again
    #[command(subcommand, name = "dead-letters", after_help = STATUSES)]
    DeadLetters(DeadLettersCommand),
    /// Identifiers: which client they are and why, and taking back a wrong link
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Compare the rows in ClickHouse with those that the log gives, and mend them
    Verify(VerifyArgs),
    /// Print what other rules (models, windows, channels, rates) would change
    Restate(RestateArgs),
    /// The tables and views in ClickHouse
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// The topics in Kafka
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// What to do about the dashboard.
#[derive(Args, Debug)]
pub struct DashboardArgs {
    /// Without a command, the dashboard is served
    #[command(subcommand)]
    pub command: Option<DashboardCommand>,
}

/// What the configuration knows people and programs by.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum DashboardCommand {
    /// Hash the password on standard input, for `dashboard.users`
    Password,
    /// Draw a token at random, and its hash for `dashboard.tokens`
    Token,
}

/// What to ask a running process.
#[derive(Args, Clone, Copy, Debug)]
pub struct HealthArgs {
    /// Ask only whether it lives, not whether what it needs is there
    #[arg(long)]
    pub live: bool,
}

/// How long roles run.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// End when every topic up to and including this role's is consumed and
    /// what came of it has arrived
    #[arg(long)]
    pub until_idle: bool,
}

/// What to send.
#[derive(Args, Debug)]
pub struct ProduceArgs {
    /// The directory with web.jsonl, calls.jsonl, emails.jsonl, deals.jsonl,
    /// costs.jsonl, touches.jsonl, numbers.jsonl, identities.jsonl, as far as they exist
    pub directory: PathBuf,
    /// Records a second; as fast as possible without it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
}

/// What to attribute, and what to print.
#[derive(Args, Debug)]
pub struct AttributeArgs {
    /// Directories with files <topic>.jsonl, or such files
    #[arg(required = true, value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// The view to print
    #[arg(long, value_enum, default_value = "channel_roi")]
    pub table: ViewName,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// What to do about the schema.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum SchemaCommand {
    /// Print the statements
    Print,
    /// Bring the database up to date
    Apply,
    /// Print every view and column with its meaning
    Dictionary {
        /// How to print it
        #[arg(long, value_enum, default_value = "markdown")]
        format: DictionaryFormat,
    },
}

/// Who reads the dictionary.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum DictionaryFormat {
    /// People: Markdown
    Markdown,
    /// dbt: its sources, as YAML
    Dbt,
}

/// What to do about the topics.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum TopicsCommand {
    /// Make those that are missing
    Create,
}

/// What to do about the configuration.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum ConfigCommand {
    /// Say what is wrong with it
    Check,
    /// Print every setting with its default and what it means
    Defaults,
}
