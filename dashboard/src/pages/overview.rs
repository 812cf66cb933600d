//! The overview: is the business well, and what has changed.

use std::collections::BTreeMap;

use super::Context;
use crate::error::ReadError;
use crate::figures::{
    CHANNELS, MATURITY, RECONCILIATION, REVENUE_BY_CHANNEL, SERIES, SUMMARY, channel_columns,
    channels_of,
};
use crate::report::{Better, Column, Report, Unit, Value, index_of};
use crate::texts::Text;
use crate::ui::{Badge, Block, Cell, Change, Chart, Link, Series, Table, Tile, Tone, spark};
use crate::view::{Basis, Dimension};

/// The main figures, in order.
const TILES: [&str; 8] = [
    "revenue",
    "spend",
    "net_profit",
    "roi",
    "roas",
    "conversions",
    "cac",
    "cpl",
];
/// So many channels have a line of their own; the rest are one.
const LINES: usize = 6;
/// So many channels stand in the short table.
const TOP: usize = 8;
/// The columns of the short table.
const TOP_COLUMNS: [&str; 6] = [
    "channel",
    "spend",
    "conversions",
    "revenue",
    "net_profit",
    "roi",
];

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let (summary, series, revenue, maturity, books, over_time) = tokio::try_join!(
        SUMMARY.of(ask),
        SERIES.of(ask),
        REVENUE_BY_CHANNEL.of(ask),
        maturity(context),
        RECONCILIATION.of(ask),
        ask.over_time(),
    )?;
    let channels = channels_of(&over_time.by_channel(), 1);
    let tiles = TILES
        .iter()
        .map(|name| tile(context, &summary, &series, name));
    let mut blocks = vec![
        Block::Badge(badge(context, &books)),
        Block::Tiles(tiles.collect()),
    ];
    if channels.rows.is_empty() {
        blocks.push(context.empty(context.say(Text::RevenueOverTime)));
        return Ok(blocks);
    }
    let title = context.say(Text::RevenueOverTime);
    blocks.push(Block::Chart(Box::new(chart(
        context, title, &series, &revenue, &maturity,
    ))));
    blocks.push(Block::Table(Box::new(top(context, channels))));
    let links = [(
        Text::AllChannels,
        format!("/channels{}", ask.view.elsewhere().query()),
        false,
    )];
    blocks.push(context.choices(Text::Channels, links));
    Ok(blocks)
}

/// After how long most deals are won; nothing where it does not matter.
pub async fn maturity(context: &Context) -> Result<Report, ReadError> {
    match context.ask.view.basis {
        Basis::Touch => MATURITY.of(&context.ask).await,
        Basis::Conversion => Ok(Report::default()),
    }
}

/// Rows of one deal are inserted within so long of each other, milliseconds.
const SETTLING: i64 = 5_000;

/// Whether rows of the period may be on their way: it is not over, and something
/// has just come. The figures by the hour and the deals are inserted apart.
fn is_settling(context: &Context) -> bool {
    let (now, hours) = (context.ask.now, context.ask.span.hours);
    let has_come = |at: i64| now.timestamp_millis() - at < SETTLING;
    now.timestamp() < hours.until && context.arrived_at.is_some_and(has_come)
}

/// Whether every model shares out what the CRM has, to the cent.
fn badge(context: &Context, books: &Report) -> Badge {
    let place = |name| index_of(RECONCILIATION.columns, name).unwrap_or_default();
    let parts = |row: &Vec<Value>, name| match row[place(name)] {
        Value::Money(parts) => parts,
        _ => 0,
    };
    let worst = books
        .rows
        .iter()
        .max_by_key(|row| parts(row, "difference").abs());
    let (Some(row), format) = (worst, &context.format) else {
        return Badge {
            text: context.say(Text::NoDataYet).to_owned(),
            about: String::new(),
            difference: Cell::default(),
            tone: Tone::Neutral,
        };
    };
    let difference = parts(row, "difference");
    let (shared, crm) = (
        format.exact(parts(row, "revenue")),
        format.exact(parts(row, "crm_revenue")),
    );
    let cell = Cell::new(format, &Value::Money(difference), Unit::Money);
    if difference == 0 {
        return Badge {
            text: context.say(Text::Reconciled).to_owned(),
            about: context.tell(Text::ReconciledAbout, &[&shared, &crm]),
            difference: cell,
            tone: Tone::Good,
        };
    }
    let model = row[place("model")].machine();
    let (text, tone) = if is_settling(context) {
        (Text::OnTheirWay, Tone::Neutral)
    } else {
        (Text::NotReconciled, Tone::Bad)
    };
    Badge {
        text: context.tell(text, &[&format.exact(difference)]),
        about: context.tell(Text::NotReconciledAbout, &[&model, &shared, &crm]),
        difference: cell,
        tone,
    }
}

fn tile(context: &Context, summary: &Report, series: &Report, name: &'static str) -> Tile {
    let place = index_of(SUMMARY.columns, name).unwrap_or_default();
    let column = &SUMMARY.columns[place];
    let (now, before) = (&summary.rows[0][place], &summary.rows[1][place]);
    let format = &context.format;
    let mut cell = Cell::new(format, now, column.unit);
    cell.human = format.alone(now, column.unit);
    let in_series = index_of(SERIES.columns, name);
    let numbers: Vec<Option<f64>> = in_series.map_or_else(Vec::new, |place| {
        series.rows.iter().map(|row| row[place].number()).collect()
    });
    Tile {
        name,
        title: context.say(column.title),
        about: column.about.map(|about| context.say(about)),
        cell,
        change: change(context, column, now, before),
        spark: spark(&numbers),
    }
}

fn change(context: &Context, column: &Column, now: &Value, before: &Value) -> Change {
    let format = &context.format;
    let mut cell = Cell::new(format, before, column.unit);
    cell.human = format.alone(before, column.unit);
    let (Some(one), Some(two)) = (now.number(), before.number()) else {
        let has_none = before.number().is_none();
        let text = if has_none {
            Text::NoComparison
        } else {
            Text::EmptyHere
        };
        return Change {
            human: context.say(text).to_owned(),
            before: cell,
            tone: Tone::Neutral,
        };
    };
    // A ratio changes by points, an amount by a share of what it was.
    let (difference, human) = if column.unit == Unit::Share {
        let points = one - two;
        (points, format.points(points))
    } else if two == 0.0 {
        let text = if one == 0.0 {
            format.change(0.0)
        } else {
            context.say(Text::NewHere).to_owned()
        };
        (one, text)
    } else {
        let share = (one - two) / two.abs();
        (share, format.change(share))
    };
    let tone = match column.better {
        Better::Neither => Tone::Neutral,
        _ if difference == 0.0 => Tone::Neutral,
        Better::More if difference > 0.0 => Tone::Good,
        Better::Less if difference < 0.0 => Tone::Good,
        _ => Tone::Bad,
    };
    Change {
        human,
        before: cell,
        tone,
    }
}

/// Revenue by channel over time. `series` knows the moments, those without
/// anything too.
pub fn chart(
    context: &Context,
    title: &str,
    series: &Report,
    revenue: &Report,
    maturity: &Report,
) -> Chart {
    let ask = &context.ask;
    let moment = |row: &Vec<Value>| row[0].number().unwrap_or_default() as i64;
    let at: Vec<i64> = series.rows.iter().map(moment).collect();
    let places: BTreeMap<i64, usize> = at
        .iter()
        .enumerate()
        .map(|(place, at)| (*at, place))
        .collect();
    let mut lines: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in &revenue.rows {
        let (Value::Text(channel), Some(place)) = (&row[1], places.get(&moment(row))) else {
            continue;
        };
        let line = lines.entry(channel).or_insert_with(|| vec![0.0; at.len()]);
        line[*place] += row[2].number().unwrap_or_default();
    }
    let sum = |line: &[f64]| line.iter().sum::<f64>();
    let mut order: Vec<(&str, Vec<f64>)> = lines.into_iter().collect();
    order.sort_by(|one, two| sum(&two.1).total_cmp(&sum(&one.1)));
    let mut rest = vec![0.0; at.len()];
    for (_, line) in order.iter().skip(LINES) {
        for (sum, one) in rest.iter_mut().zip(line) {
            *sum += one;
        }
    }
    let has_rest = order.len() > LINES;
    order.truncate(LINES);
    let mut named: Vec<(String, Vec<f64>)> = order
        .into_iter()
        .map(|(name, line)| (name.to_owned(), line))
        .collect();
    if has_rest {
        named.push((context.say(Text::OtherChannels).to_owned(), rest));
    }
    // By the day of the touch, what is young has not been won yet.
    let matures = (ask.view.basis == Basis::Touch)
        .then(|| maturity.rows.first().and_then(|row| row[0].number()))
        .flatten();
    let note = matures.map_or_else(
        || {
            let step = if ask.span.is_hourly() {
                Text::ByHourUnit
            } else {
                Text::ByDayUnit
            };
            context.say(step).to_owned()
        },
        |seconds| context.tell(Text::NotMatured, &[&context.format.span(seconds)]),
    );
    let lines = Series {
        at: at.iter().map(|at| at / 1000).collect(),
        lines: named,
        matured_until: matures.map(|seconds| ask.now.timestamp() - seconds as i64),
        is_hourly: ask.span.is_hourly(),
        is_stacked: true,
        unit: context.format.currency.clone(),
        zone: ask.tenant.time_zone.name().to_owned(),
        language: context.language(),
    };
    Chart {
        id: "revenue",
        title: title.to_owned(),
        note,
        data: lines.json(),
        table: lines.table(REVENUE_BY_CHANNEL.name, title, &context.format, Unit::Money),
        as_table: context.say(Text::ChartAsTable),
    }
}

fn top(context: &Context, mut channels: Report) -> Table {
    let picks: Vec<usize> = channel_columns(Dimension::Channel, false)
        .into_iter()
        .filter(|place| TOP_COLUMNS.contains(&CHANNELS.columns[*place].name))
        .collect();
    channels.rows.truncate(TOP);
    let title = context.say(Text::TopChannels);
    let mut table = Table::new(
        CHANNELS.name,
        title,
        &context.format,
        CHANNELS.columns,
        &picks,
        &channels,
    );
    table.bars("revenue");
    let view = context.ask.view.elsewhere();
    for row in &mut table.rows {
        let name = row.cells[0].machine.clone();
        let inside = view.with(|view| view.filter.set(Dimension::Channel, &name));
        row.cells[0].href = format!("/{}", inside.query());
        let link = Link {
            text: context.say(Text::LookInside).to_owned(),
            href: format!(
                "/channels{}",
                inside
                    .with(|view| view.level = Some(Dimension::Source))
                    .query()
            ),
            is_here: false,
        };
        row.links.push(("↳", link));
    }
    table
}
