//! Channels, down to campaigns, in one model or two side by side.

use super::Context;
use super::overview::{chart, maturity};
use crate::error::ReadError;
use crate::figures::{CHANNELS, REVENUE_BY_CHANNEL, SERIES, channel_columns};
use crate::report::{Report, index_of};
use crate::texts::Text;
use crate::ui::{Block, Link, Table};
use crate::view::Dimension;

/// The order of the rows unless the address names another one.
const USUAL: &str = "revenue";
/// A page shows so many rows at most; the API gives all.
const MAX_ROWS: usize = 500;

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let (report, series, revenue, maturity) = tokio::try_join!(
        CHANNELS.of(ask),
        SERIES.of(ask),
        REVENUE_BY_CHANNEL.of(ask),
        maturity(context),
    )?;
    let level = ask.view.level.unwrap_or(Dimension::Channel);
    let levels = Dimension::ALL.map(|dimension| {
        let title = match dimension {
            Dimension::Channel => Text::Channel,
            Dimension::Source => Text::Source,
            Dimension::Medium => Text::Medium,
            Dimension::Campaign => Text::Campaign,
        };
        (
            title,
            context.here(|view| view.level = Some(dimension)),
            dimension == level,
        )
    });
    let mut blocks = vec![context.choices(Text::Breakdown, levels)];
    let has_rows = !report.rows.is_empty();
    blocks.push(context.table_or_empty(table(context, level, report)));
    if has_rows {
        let title = context.say(Text::RevenueOverTime);
        blocks.push(Block::Chart(Box::new(chart(
            context, title, &series, &revenue, &maturity,
        ))));
    }
    Ok(blocks)
}

/// The table as the page shows it and as the CSV gives it.
fn table(context: &Context, level: Dimension, mut report: Report) -> Table {
    let ask = &context.ask;
    let view = &ask.view;
    if let Some(sort) = &view.sort
        && let Some(place) = index_of(CHANNELS.columns, &sort.column)
    {
        report.sort(place, sort.descends);
    }
    report.cut(MAX_ROWS);
    let picks = channel_columns(level, ask.versus.is_some());
    let title = context.say(Text::Channels);
    let mut table = Table::new(
        CHANNELS.name,
        title,
        &context.format,
        CHANNELS.columns,
        &picks,
        &report,
    );
    table.sortable(context.path, view, USUAL);
    table.bars("revenue");
    table.csv = csv_address(context);
    let places = 0..=level as usize;
    for row in &mut table.rows {
        let names: Vec<String> = places
            .clone()
            .map(|place| row.cells[place].machine.clone())
            .collect();
        let inside = view.with(|view| {
            for (dimension, name) in Dimension::ALL.into_iter().zip(&names) {
                view.filter.set(dimension, name);
            }
            view.level = Some(level.narrower().unwrap_or(level));
        });
        row.cells[level as usize].href = format!("{}{}", context.path, inside.query());
        let name = names.last().map_or("", String::as_str);
        let link = |text, is_only| Link {
            text: context.say(text).to_owned(),
            href: context.here(|view| {
                view.filter.add(level, is_only, name);
            }),
            is_here: false,
        };
        row.links = vec![
            ("=", link(Text::OnlyThis, true)),
            ("≠", link(Text::WithoutThis, false)),
        ];
    }
    table
}

fn csv_address(context: &Context) -> String {
    let query = context.ask.view.query();
    let gap = if query.is_empty() { '?' } else { '&' };
    format!("{}{query}{gap}format=csv", context.path)
}
