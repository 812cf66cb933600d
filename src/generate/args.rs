//! The options of `throughline generate`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

/// What to generate, and where to.
#[derive(Args, Clone, Debug)]
pub struct GenerateArgs {
    /// Write the files <topic>.jsonl, in the order of arrival, and truth.json
    /// to this directory
    #[arg(required_unless_present = "kafka", conflicts_with = "kafka")]
    pub directory: Option<PathBuf>,
    /// Send to Kafka instead: first the past days, at once, then live until
    /// Ctrl-C
    #[arg(long)]
    pub kafka: bool,
    /// How many events there are, broken and repeated ones included; with
    /// --kafka: how many before it goes live
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub events: u64,
    /// Everything follows from it; 42 in files, another one each time with --kafka
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// How many days the events are spread over
    #[arg(long, value_name = "D", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub days: u32,
    /// The first day (UTC); with --kafka the last day is today
    #[arg(
        long,
        value_name = "DATE",
        default_value = "2026-01-01",
        conflicts_with = "kafka"
    )]
    pub from: NaiveDate,
    /// About how many clients there are, instead of as many as make the events
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u64).range(1..))]
    pub clients: Option<u64>,
    /// How many broken records there are for each event
    #[arg(long, value_name = "SHARE", default_value_t = 0.002, value_parser = share)]
    pub junk: f64,
    /// How many tenants share the events: `default`, and `acme` with a quarter
    #[arg(long, value_name = "T", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=2))]
    pub tenants: u32,
    /// Live events a second
    #[arg(long, value_name = "N", default_value_t = 50, conflicts_with = "directory",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,
    /// End when so many events were sent, those of the past and of the minute
    /// and a half before now included
    #[arg(long, value_name = "N", conflicts_with = "directory")]
    pub until_count: Option<u64>,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("not between 0 and 1".to_owned())
    }
}
