//! The options of `throughline identity`.

use clap::{Args, Subcommand};

use super::named::Named;
use crate::attribute::Format;

/// How identifiers are given.
const IDENTIFIERS: &str = "\
An identifier is given as KIND=VALUE, as events have it: visitor_id=…, user_id=…, phone=…, email=…,
crm_contact_id=… or deal_id=…. The program hashes it with the keys of its configuration (`identity`),
since the identifiers themselves are stored nowhere.

Exit status: 0 when it is done; 1 when it is not (ClickHouse or Kafka does not answer, no event names
the identifier; the message says which and what to do); 2 when the command line or the configuration
is wrong.";

/// What to do about identifiers.
#[derive(Subcommand, Debug)]
pub enum IdentityCommand {
    /// Say which client an identifier belongs to and what links it; of two, what makes them one client
    #[command(after_help = IDENTIFIERS)]
    Explain(ExplainArgs),
    /// Take back that two identifiers are linked, or all links of one; for good
    #[command(after_help = IDENTIFIERS)]
    Split(SplitArgs),
}

/// What to explain.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// One identifier, or two
    #[arg(required = true, num_args = 1..=2, value_name = "KIND=VALUE")]
    pub identifiers: Vec<Named>,
    /// Whose identifiers they are
    #[arg(long, default_value = "default")]
    pub tenant: String,
    /// How to print the links
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// What to split.
#[derive(Args, Debug)]
pub struct SplitArgs {
    /// Two identifiers: that events name both does not make them one client any
    /// more. One identifier: it links nobody any more (a shared telephone)
    #[arg(required = true, num_args = 1..=2, value_name = "KIND=VALUE")]
    pub identifiers: Vec<Named>,
    /// Whose identifiers they are
    #[arg(long, default_value = "default")]
    pub tenant: String,
    /// Do it without asking
    #[arg(long)]
    pub yes: bool,
}
