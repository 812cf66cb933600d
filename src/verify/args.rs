//! The options of `throughline verify` and `throughline restate`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use throughline_sink::table::Table;

use super::fold::From;

/// What `verify` ends with.
const STATUSES: &str = "\
Exit status: 0 when nothing differs (with --repair: when nothing differs afterwards); 1 when something
does, or when it cannot be told (Kafka or ClickHouse does not answer, the line does not come as far as
the log within the patience); 2 when the command line or the configuration is wrong.";

/// What `restate` ends with.
const RESTATING: &str = "\
A restatement itself is no command: put the new rules into the configuration, raise `processor.generation`
by one and restart the roles with it. The views show the figures before until those of the new generation
are complete.";

/// What to compare.
#[derive(Args, Debug)]
#[command(after_help = STATUSES)]
pub struct VerifyArgs {
    /// Reckon all rows, from the beginning of the log. Without it the newest snapshots stand for
    /// what came before them, and only rows that changed since are compared
    #[arg(long)]
    pub from_log: bool,
    /// Only rows of this tenant
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// Only this table; may be given several times. Sums are not looked at then
    #[arg(long, value_name = "TABLE", value_delimiter = ',', value_parser = tables())]
    pub table: Vec<String>,
    /// Mend what differs: insert again what is missing or different, delete what the log
    /// does not give; then compare once more
    #[arg(long)]
    pub repair: bool,
    /// Print a JSON object for each comparison
    #[arg(long)]
    pub json: bool,
    /// How long the line may take to come as far as the log that was read
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub patience_seconds: u64,
    /// About how many rows ClickHouse compares at once, at a few hundred bytes of its memory each
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub slice_rows: u64,
}

/// What to reckon by other rules.
#[derive(Args, Debug)]
#[command(after_help = RESTATING)]
pub struct RestateArgs {
    /// Only print what the rules of the configuration given with --config would change
    #[arg(long, required = true)]
    pub dry_run: bool,
    /// Only this tenant
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// Print a JSON object for each tenant, model and channel
    #[arg(long)]
    pub json: bool,
    /// How long the line may take to come as far as the log that was read
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub patience_seconds: u64,
}

/// The tables with rows that the log gives. Links and erasures are of no generation and no
/// figures follow from them.
fn compared() -> impl Iterator<Item = Table> {
    Table::ALL
        .into_iter()
        .filter(|table| !matches!(table, Table::DeadLetters | Table::Links | Table::Erasures))
}

fn tables() -> PossibleValuesParser {
    PossibleValuesParser::new(compared().map(Table::name))
}

impl VerifyArgs {
    /// Where to begin.
    pub const fn from(&self) -> From {
        if self.from_log {
            From::Log
        } else {
            From::Snapshots
        }
    }

    /// The tables that are meant.
    pub fn tables(&self) -> Vec<Table> {
        let named = |table: &Table| self.table.iter().any(|name| name == table.name());
        compared()
            .filter(|table| self.table.is_empty() || named(table))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    fn parse(line: &str) -> Result<Command, clap::error::ErrorKind> {
        let words = ["throughline"].into_iter().chain(line.split(' '));
        Cli::try_parse_from(words)
            .map(|cli| cli.command)
            .map_err(|error| error.kind())
    }

    #[test]
    fn all_tables_are_meant_unless_some_are_named() {
        let tables = |line: &str| match parse(line) {
            Ok(Command::Verify(args)) => args.tables(),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(tables("verify --from-log").len(), 9);
        assert_eq!(
            tables("verify --table deal_versions,credit_cells"),
            [Table::Deals, Table::CreditCells]
        );
        assert!(parse("verify --table deals").is_err());
        assert!(parse("verify --table dead_letter_versions").is_err());
    }

    #[test]
    fn a_restatement_is_only_reckoned() {
        use clap::error::ErrorKind::MissingRequiredArgument;
        assert_eq!(parse("restate").map(drop), Err(MissingRequiredArgument));
        assert!(parse("restate --dry-run --json").is_ok());
    }
}
