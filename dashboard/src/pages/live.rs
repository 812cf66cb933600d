//! The last minutes, as they pass.

use std::collections::BTreeMap;

use super::Context;
use crate::error::ReadError;
use crate::figures::{DEAD_LETTERS, LATEST_DEALS, LATEST_SECONDS, LATEST_STEP, LATEST_TOUCHES};
use crate::report::Unit;
use crate::report::{Report, Value};
use crate::texts::Text;
use crate::ui::{Block, Cell, Chart, Head, Notes, Row, Series, Table};

/// So many reasons are shown; the API gives more.
const MAX_LETTERS: usize = 20;
/// Seconds of a minute.
const MINUTE: i64 = 60;

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let (touches, deals, mut letters) = tokio::try_join!(
        LATEST_TOUCHES.of(ask),
        LATEST_DEALS.of(ask),
        DEAD_LETTERS.of(ask)
    )?;
    let format = &context.format;
    let title = context.say(Text::LatestWon);
    let mut deal_table = Table::whole(
        LATEST_DEALS.name,
        title,
        format,
        LATEST_DEALS.columns,
        &deals,
    );
    deal_table.each("deal_id", |_, cell| cell.href = context.deal(&cell.machine));
    deal_table.each("path", |_, cell| {
        if cell.machine.is_empty() {
            context.say(Text::NoPath).clone_into(&mut cell.human);
        }
    });
    let mut blocks = vec![Block::Chart(Box::new(chart(context, &touches)))];
    blocks.push(if deals.rows.is_empty() {
        Block::Notes(Notes {
            title: deal_table.title,
            lines: vec![context.say(Text::NoLatestDeals).to_owned()],
        })
    } else {
        Block::Table(Box::new(deal_table))
    });
    if !ask.is_admin {
        return Ok(blocks);
    }
    blocks.push(lags(context));
    if letters.rows.is_empty() {
        blocks.push(Block::Notes(Notes {
            title: context.say(Text::Rejected).to_owned(),
            lines: vec![context.say(Text::NothingRejected).to_owned()],
        }));
    } else {
        letters.cut(MAX_LETTERS);
        let title = context.say(Text::Rejected);
        let mut table = Table::whole(
            DEAD_LETTERS.name,
            title,
            format,
            DEAD_LETTERS.columns,
            &letters,
        );
        context
            .say(Text::RejectedRemedy)
            .clone_into(&mut table.note);
        blocks.push(Block::Table(Box::new(table)));
    }
    Ok(blocks)
}

fn chart(context: &Context, touches: &Report) -> Chart {
    let now = context.ask.now.timestamp();
    let last = now - now.rem_euclid(LATEST_STEP);
    let at: Vec<i64> = (0..LATEST_SECONDS / LATEST_STEP)
        .map(|step| last - LATEST_SECONDS + (step + 1) * LATEST_STEP)
        .collect();
    let mut lines: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut minute = 0;
    for row in &touches.rows {
        let number = |place: usize| row[place].number().unwrap_or_default() as i64;
        let (moment, count) = (number(0) / 1000, number(2));
        let line = lines
            .entry(row[1].machine())
            .or_insert_with(|| vec![0.0; at.len()]);
        if let Ok(place) = at.binary_search(&moment) {
            line[place] += count as f64;
        }
        if moment > now - MINUTE {
            minute += count;
        }
    }
    let lines = Series {
        at,
        lines: lines.into_iter().collect(),
        matured_until: None,
        is_hourly: true,
        is_stacked: true,
        unit: String::new(),
        zone: context.ask.tenant.time_zone.name().to_owned(),
        language: context.language(),
    };
    let format = &context.format;
    let title = context.say(Text::LastMinutes);
    Chart {
        id: "touches",
        title: title.to_owned(),
        note: context.tell(Text::EventsNow, &[&format.number(minute as f64, 0)]),
        data: lines.json(),
        table: lines.table(LATEST_TOUCHES.name, title, format, Unit::Count),
        as_table: context.say(Text::ChartAsTable),
    }
}

fn lags(context: &Context) -> Block {
    let title = context.say(Text::LagTitle).to_owned();
    let notes = |text| {
        Block::Notes(Notes {
            title: title.clone(),
            lines: vec![context.say(text).to_owned()],
        })
    };
    let Some(lags) = &context.lags else {
        return notes(Text::LagUnknown);
    };
    if lags.iter().all(|lag| lag.records == 0) {
        return notes(Text::LagNone);
    }
    let rows = lags.iter().map(|lag| {
        let records = Value::Count(lag.records as i64);
        Row {
            cells: vec![
                Cell::new(&context.format, &Value::text(&lag.group), Unit::Text),
                Cell::new(&context.format, &records, Unit::Count),
            ],
            ..Row::default()
        }
    });
    let mut table = Table {
        name: "lag",
        title,
        heads: vec![
            Head::plain("group", context.say(Text::LagGroup), false),
            Head::plain("records", context.say(Text::Records), true),
        ],
        rows: rows.collect(),
        total: None,
        note: String::new(),
        csv: String::new(),
        is_cut: false,
        is_half: false,
    };
    table.bars("records");
    Block::Table(Box::new(table))
}
