//! Telephone calls.

use super::Context;
use crate::error::ReadError;
use crate::figures::{CALLS, CALLS_BY_HOUR};
use crate::report::{Report, index_of};
use crate::texts::Text;
use crate::ui::{Block, Heat, HeatCell, Table};
use crate::view::{CallsBy, Dimension};

/// The darkest shade.
const SHADES: i64 = 9;
/// A page shows so many rows at most.
const MAX_ROWS: usize = 200;

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let (mut report, hours) = tokio::try_join!(CALLS.of(ask), CALLS_BY_HOUR.of(ask))?;
    if report.rows.is_empty() {
        return Ok(vec![context.empty(context.say(Text::Calls))]);
    }
    let view = &ask.view;
    let by = [
        (Text::ByChannel, CallsBy::Channel),
        (Text::ByNumber, CallsBy::Number),
        (Text::ByManager, CallsBy::Manager),
    ];
    let links = by.map(|(text, by)| (text, context.here(|view| view.by = by), view.by == by));
    if let Some(sort) = &view.sort
        && let Some(place) = index_of(CALLS.columns, &sort.column)
    {
        report.sort(place, sort.descends);
    }
    report.cut(MAX_ROWS);
    // The number of calls with a wait is for those who compute on.
    let picks: Vec<usize> = (0..CALLS.columns.len() - 1).collect();
    let title = context.say(Text::CallsTitle);
    let mut table = Table::new(
        CALLS.name,
        title,
        &context.format,
        CALLS.columns,
        &picks,
        &report,
    );
    table.sortable(context.path, view, "inbound");
    table.bars("inbound");
    match view.by {
        CallsBy::Channel => table.each("name", |_, cell| {
            let name = cell.machine.clone();
            cell.href = context.here(|view| view.filter.set(Dimension::Channel, &name));
        }),
        CallsBy::Manager | CallsBy::Number => table.each("name", |_, cell| {
            if cell.machine.is_empty() {
                context.say(Text::Nobody).clone_into(&mut cell.human);
            }
        }),
    }
    Ok(vec![
        Block::Heat(Box::new(heat(context, &hours))),
        context.choices(Text::By, links),
        Block::Table(Box::new(table)),
    ])
}

fn heat(context: &Context, hours: &Report) -> Heat {
    let place = |name| index_of(CALLS_BY_HOUR.columns, name).unwrap_or_default();
    let (inbound, missed) = (place("inbound"), place("missed"));
    let mut counts = [[(0_i64, 0_i64); 24]; 7];
    for row in &hours.rows {
        let number = |place: usize| row[place].number().unwrap_or_default() as i64;
        let (day, hour) = (number(0) - 1, number(1));
        let day = counts.get_mut(day as usize);
        if let Some(cell) = day.and_then(|day| day.get_mut(hour as usize)) {
            *cell = (number(inbound), number(missed));
        }
    }
    let most = counts
        .iter()
        .flatten()
        .map(|(count, _)| *count)
        .max()
        .unwrap_or_default()
        .max(1);
    let names = context.say(Text::Weekdays).split(' ');
    let days = names.zip(&counts).map(|(name, hours)| {
        let cells = hours
            .iter()
            .enumerate()
            .map(|(hour, (count, missed))| HeatCell {
                shade: ((count * SHADES + most - 1) / most) as u8,
                count: *count,
                title: format!(
                    "{name} {hour:02}:00 · {}: {count} · {}: {missed}",
                    context.say(Text::Inbound),
                    context.say(Text::MissedCalls)
                ),
            });
        (name.to_owned(), cells.collect())
    });
    Heat {
        name: CALLS_BY_HOUR.name,
        title: context.say(Text::PeakHours),
        note: context.say(Text::PeakHoursAbout),
        days: days.collect(),
    }
}
