//! One deal: what happened, who has which share, and where each record stands.

use std::collections::BTreeMap;

use super::Context;
use crate::error::ReadError;
use crate::figures::{DEAL, DEAL_CREDITS, DEAL_EVENTS, DEAL_TOUCHES, Fate};
use crate::report::{Report, Unit, Value, index_of};
use crate::texts::Text;
use crate::ui::{Block, Cell, Facts, Head, Notes, Row, Table};

/// The columns of a touch that the time line shows.
const TOUCH_COLUMNS: [&str; 12] = [
    "occurred_at",
    "kind",
    "channel",
    "source",
    "medium",
    "campaign",
    "fate",
    "status",
    "talk_seconds",
    "topic",
    "partition",
    "offset",
];

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let id = ask.view.deal.as_deref().unwrap_or_default();
    let (deal, events, touches, credits) = tokio::try_join!(
        DEAL.of(ask),
        DEAL_EVENTS.of(ask),
        DEAL_TOUCHES.of(ask),
        DEAL_CREDITS.of(ask),
    )?;
    let back = (
        Text::BackToJourneys,
        format!("/journeys{}", ask.view.elsewhere().query()),
        false,
    );
    let back = context.choices(Text::Journeys, [back]);
    let Some(row) = deal.rows.first() else {
        return Ok(vec![
            back,
            Block::Empty(vec![context.tell(Text::DealNotFound, &[id])]),
        ]);
    };
    let format = &context.format;
    let facts = DEAL.columns.iter().zip(row).map(|(column, value)| {
        let mut cell = Cell::new(format, value, column.unit);
        if let Value::Money(parts) = value {
            cell.human = format.exact(*parts);
        }
        (context.say(column.title), column.name, cell)
    });
    let mut blocks = vec![
        back,
        Block::Title(context.tell(Text::DealTitle, &[id])),
        Block::Facts(Facts {
            name: DEAL.name,
            facts: facts.collect(),
        }),
    ];
    blocks.push(Block::Title(context.say(Text::WhyThisNumber).to_owned()));
    blocks.push(shares(context, row, &touches, &credits));
    blocks.push(Block::Table(Box::new(time_line(context, &touches))));
    let title = context.say(Text::DealEventsTitle);
    let table = Table::whole(
        DEAL_EVENTS.name,
        title,
        format,
        DEAL_EVENTS.columns,
        &events,
    );
    blocks.push(Block::Table(Box::new(table)));
    Ok(blocks)
}

fn time_line(context: &Context, touches: &Report) -> Table {
    let columns = DEAL_TOUCHES.columns;
    let picks: Vec<usize> = TOUCH_COLUMNS
        .iter()
        .filter_map(|name| index_of(columns, name))
        .collect();
    let title = context.say(Text::TimeLine);
    let mut table = Table::new(
        DEAL_TOUCHES.name,
        title,
        &context.format,
        columns,
        &picks,
        touches,
    );
    table.each("fate", |_, cell| {
        if let Some(text) = Fate::told(&cell.machine) {
            context.say(text).clone_into(&mut cell.human);
        }
    });
    let fate = table.place("fate").unwrap_or_default();
    for row in &mut table.rows {
        row.is_shaded = row.cells[fate].machine != Fate::Credited.name();
    }
    table
}

/// Credit and revenue by model.
type Shares = BTreeMap<String, (Value, Value)>;

/// The share of every touch in every model.
fn shares(context: &Context, deal: &[Value], touches: &Report, credits: &Report) -> Block {
    let won_at = index_of(DEAL.columns, "won_at").unwrap_or_default();
    if deal[won_at] == Value::Nothing {
        return Block::Notes(Notes {
            title: String::new(),
            lines: vec![context.say(Text::NotShared).to_owned()],
        });
    }
    let (format, models) = (&context.format, &context.ask.tenant.models);
    let mut rows: Vec<(String, Shares)> = Vec::new();
    for row in &credits.rows {
        let (touch, model) = (row[0].machine(), row[1].machine());
        if rows.last().is_none_or(|(last, _)| *last != touch) {
            rows.push((touch, BTreeMap::new()));
        }
        if let Some((_, shares)) = rows.last_mut() {
            shares.insert(model, (row[2].clone(), row[3].clone()));
        }
    }
    if rows.iter().all(|(touch, _)| touch.is_empty()) {
        return Block::Notes(Notes {
            title: context.say(Text::SharesInModels).to_owned(),
            lines: vec![context.say(Text::Unattributed).to_owned()],
        });
    }
    let about: BTreeMap<String, &Vec<Value>> = touches
        .rows
        .iter()
        .map(|row| (row[0].machine(), row))
        .collect();
    let place = |name| index_of(DEAL_TOUCHES.columns, name).unwrap_or_default();
    let (at, channel, source) = (place("occurred_at"), place("channel"), place("source"));
    let mut heads = vec![
        Head::plain("occurred_at", context.say(Text::At).to_owned(), false),
        Head::plain("channel", context.say(Text::Channel).to_owned(), false),
        Head::plain("source", context.say(Text::Source).to_owned(), false),
    ];
    heads.extend(
        models
            .iter()
            .map(|model| Head::plain("revenue", model.clone(), true)),
    );
    let rows = rows.iter().map(|(touch, shares)| {
        let known = |place: usize, unit| {
            about
                .get(touch)
                .map_or_else(Cell::default, |row| Cell::new(format, &row[place], unit))
        };
        let mut cells = vec![
            known(at, Unit::Time),
            known(channel, Unit::Text),
            known(source, Unit::Text),
        ];
        cells.extend(models.iter().map(|model| {
            let Some((credit, revenue)) = shares.get(model) else {
                return Cell::new(format, &Value::Nothing, Unit::Money);
            };
            let mut cell = Cell::new(format, revenue, Unit::Money);
            let share = credit.number().unwrap_or_default();
            cell.exact = format!("{} · {}", format.percent(share), cell.exact);
            cell.bar = Some((share * 100.0).round() as u32);
            cell
        }));
        Row {
            cells,
            ..Row::default()
        }
    });
    Block::Table(Box::new(Table {
        name: DEAL_CREDITS.name,
        title: context.say(Text::SharesInModels).to_owned(),
        heads,
        rows: rows.collect(),
        total: None,
        note: String::new(),
        csv: String::new(),
        is_cut: false,
        is_half: false,
    }))
}
