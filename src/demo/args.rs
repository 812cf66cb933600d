//! The options of `throughline demo`.

use clap::{Args, ValueEnum};

/// What the demo shows, and how long.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The attribution model, one of those configured; linear when it is, else the first
    #[arg(long)]
    pub model: Option<String>,
    /// The moment that credit is booked under
    #[arg(long, value_enum, default_value = "conversion")]
    pub basis: Basis,
    /// End after so many seconds; without it: on a terminal at Ctrl-C, else after 60
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: Option<u64>,
    /// Live events a second
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,
    /// Events of the past 30 days that come first, as fast as they can
    #[arg(long, value_name = "N", default_value_t = 60_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub history: u64,
}

/// The moment that credit is booked under.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Basis {
    /// When the deal was won
    Conversion,
    /// When the touch happened
    Touch,
}

impl Basis {
    /// Its name in the views.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversion => "conversion",
            Self::Touch => "touch",
        }
    }
}
