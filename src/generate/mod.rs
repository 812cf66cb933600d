//! `throughline generate`: seeded, realistic traffic in the contract's format.
//!
//! A small market is simulated: clients come through sources whose true
//! influence is known, look around on several devices, call leased and printed
//! numbers, read newsletters, buy, return goods and buy again, while ad
//! platforms report what they cost. The same seed and the same options give the
//! same bytes; no clock is asked, except live.
//!
//! - [`market`] and [`shop`] are the data: sources and what influences whom,
//!   goods, pages and numbers.
//! - [`simulation`] is the order of events; what happens in it stands in the
//!   modules named after it ([`visit`], [`decision`], [`calls`], [`mail`],
//!   [`contacts`], [`deal`], [`ledger`]).
//! - [`outbox`] delays and repeats what was sent, [`junk`] breaks some of it.
//! - [`truth`] knows what really moved whom.
//! - [`files`] writes a directory, [`stream`] sends live.

mod args;
mod calls;
mod client;
mod contacts;
mod deal;
mod decision;
mod dice;
mod files;
mod junk;
mod ledger;
mod line;
mod link;
mod mail;
mod market;
mod names;
mod outbox;
mod plan;
mod pool;
mod shop;
mod simulation;
mod stream;
mod summary;
mod time;
mod truth;
mod visit;
mod world;

pub use args::GenerateArgs;
pub use stream::feed;

use crate::config::Settings;

/// Writes or sends traffic.
pub fn execute(settings: &Settings, args: &GenerateArgs) -> anyhow::Result<()> {
    match &args.directory {
        Some(directory) => files::write(args, directory),
        None => stream::send(settings, args),
    }
}

#[cfg(test)]
mod tests;
