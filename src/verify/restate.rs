//! `throughline restate --dry-run`: what other rules would change.
//!
//! The log is folded anew by the rules at hand, and the credit that comes of
//! it is compared with what the views show. Nothing is changed.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use throughline_sink::scratch::Moved;
use throughline_sink::table::Table;
use throughline_stream::Stop;

use super::wait::{self, Patience};
use super::{Line, RestateArgs, SHUTDOWN, fold, remedy, scratch};
use crate::attribute::{Format, Value, View};
use crate::config::Settings;
use crate::shutdown;

/// Decimal digits of conversions and of money.
const PPM: u32 = 6;
const MONEY: u32 = 4;

/// Prints what the rules of the settings would change.
pub fn execute(settings: &Settings, args: &RestateArgs) -> anyhow::Result<()> {
    ensure!(args.dry_run, "only --dry-run is a command; see --help");
    let stop = Stop::new();
    shutdown::on_signals(&stop, SHUTDOWN)?;
    let mut line = Line::new(settings, &stop);
    let mut scratch = scratch(settings, &[Table::CreditCells])?;
    let ends = line.ends()?;
    fold::fold(settings, fold::From::Log, &ends, &mut scratch, &stop)?;
    wait::until_arrived(&mut line, &ends, Patience::new(args.patience_seconds))?;
    let moved = scratch.restated(args.tenant.as_deref()).map_err(remedy)?;
    let later: i64 = line.ends()?.values().map(|marks| marks.high).sum();
    let later = later - ends.values().map(|marks| marks.high).sum::<i64>();
    if later > 0 {
        eprintln!(
            "{later} records of events came meanwhile: what they brought may stand under now, but not under then"
        );
    }
    let format = if args.json {
        Format::Jsonl
    } else {
        Format::Table
    };
    let mut text = Vec::new();
    view(&moved).write(format, &mut text)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&text)
        .and_then(|()| out.flush())
        .context("cannot write the figures")
}

fn view(moved: &[Moved]) -> View {
    let rows = moved.iter().map(|moved| {
        let (conversions, revenue) = (
            [moved.conversions_now, moved.conversions_then],
            [moved.revenue_now, moved.revenue_then],
        );
        let names = [&moved.tenant, &moved.model, &moved.channel];
        let names = names.map(|name| Value::Text(name.clone()));
        let figures = [(conversions, PPM), (revenue, MONEY)];
        let figures = figures.into_iter().flat_map(|([now, then], digits)| {
            [now, then, then - now].map(|figure| Value::Decimal(figure, digits))
        });
        names.into_iter().chain(figures).collect()
    });
    View {
        columns: &[
            "tenant",
            "model",
            "channel",
            "conversions_now",
            "conversions_then",
            "conversions_difference",
            "revenue_now",
            "revenue_then",
            "revenue_difference",
        ],
        rows: rows.collect(),
    }
}
