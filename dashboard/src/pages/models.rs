//! All models side by side, and where it matters which one is believed.

use std::collections::BTreeMap;

use super::Context;
use crate::error::ReadError;
use crate::figures::MODELS;
use crate::report::{Column, Report, Unit, Value, index_of};
use crate::texts::Text;
use crate::ui::{Block, Cell, Head, Notes, Row, Table};
use crate::view::Dimension;

/// How many columns name a row.
const NAMES: usize = 4;
/// A rank has flipped when it moves by so many places.
const PLACES: i64 = 3;
/// So many sentences are enough.
const MAX_NOTES: usize = 12;

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let report = MODELS.of(&context.ask).await?;
    let level = context.ask.view.level.unwrap_or(Dimension::Channel);
    if report.rows.is_empty() {
        return Ok(vec![context.empty(context.say(Text::Models))]);
    }
    let flips = flips(context, level, &report);
    let mut notes = Notes {
        title: context.say(Text::Flips).to_owned(),
        lines: vec![context.say(Text::ModelsAbout).to_owned()],
    };
    if flips.is_empty() {
        notes.lines.push(context.say(Text::NoFlips).to_owned());
    }
    notes.lines.extend(flips);
    Ok(vec![
        Block::Notes(notes),
        Block::Table(Box::new(side_by_side(
            context,
            level,
            &report,
            "revenue",
            Text::AllModels,
        ))),
        Block::Table(Box::new(side_by_side(
            context,
            level,
            &report,
            "roi",
            Text::RoiInModels,
        ))),
    ])
}

fn place_of(name: &str) -> usize {
    index_of(MODELS.columns, name).unwrap_or_default()
}

/// One figure of every row in every model.
fn side_by_side(
    context: &Context,
    level: Dimension,
    report: &Report,
    figure: &'static str,
    title: Text,
) -> Table {
    let (ask, format) = (&context.ask, &context.format);
    let names = level as usize + 1;
    let (place, models) = (place_of(figure), &ask.tenant.models);
    let column: &Column = &MODELS.columns[place];
    let mut heads: Vec<Head> = MODELS.columns[..names]
        .iter()
        .map(|column| Head {
            name: column.name,
            title: context.say(column.title).to_owned(),
            about: "",
            href: String::new(),
            sorted: None,
            is_number: false,
        })
        .collect();
    heads.extend(models.iter().map(|model| Head {
        name: figure,
        title: model.clone(),
        about: "",
        href: context.here(|view| view.model = Some(model.clone())),
        sorted: (*model == ask.model).then_some(true),
        is_number: true,
    }));
    let rows = report.rows.chunks(models.len().max(1)).map(|chunk| {
        let name = |value: &Value| Cell::new(format, value, Unit::Text);
        let mut cells: Vec<Cell> = chunk[0][..names].iter().map(name).collect();
        let figures = chunk
            .iter()
            .map(|row| Cell::new(format, &row[place], column.unit));
        cells.extend(figures);
        Row {
            cells,
            ..Row::default()
        }
    });
    Table {
        name: MODELS.name,
        title: context.say(title).to_owned(),
        heads,
        rows: rows.collect(),
        total: None,
        note: column
            .about
            .map_or("", |about| context.say(about))
            .to_owned(),
        csv: String::new(),
        is_cut: false,
        is_half: false,
    }
}

/// Where the decision depends on the model: a row pays for itself in some and
/// not in others, or its rank moves.
fn flips(context: &Context, level: Dimension, report: &Report) -> Vec<String> {
    let (roi, rank, model) = (place_of("roi"), place_of("rank"), place_of("model"));
    let revenue = place_of("revenue");
    let models = context.ask.tenant.models.len().max(1);
    let (mut lines, mut ranked) = (Vec::new(), Vec::new());
    for chunk in report.rows.chunks(models) {
        let names = chunk[0][..NAMES].iter().take(level as usize + 1);
        let names: Vec<String> = names
            .map(|value| context.format.value(value, Unit::Text))
            .collect();
        let name = names.join(" / ");
        let mut sides: BTreeMap<bool, Vec<String>> = BTreeMap::new();
        for row in chunk {
            if let Some(number) = row[roi].number() {
                sides
                    .entry(number >= 0.0)
                    .or_default()
                    .push(row[model].machine());
            }
        }
        if let (Some(pays), Some(loses)) = (sides.get(&true), sides.get(&false)) {
            let (pays, loses) = (pays.join(", "), loses.join(", "));
            lines.push(context.tell(Text::FlipsRoi, &[&name, &pays, &loses]));
        }
        // Of those that have nothing in a model, none is ahead of another.
        let ranks = || {
            chunk
                .iter()
                .filter(|row| row[revenue].number() != Some(0.0))
                .filter_map(|row| Some((row[rank].number()? as i64, row[model].machine())))
        };
        if let (Some(first), Some(last)) = (ranks().min(), ranks().max())
            && last.0 - first.0 >= PLACES
        {
            let (high, low) = (first.0.to_string(), last.0.to_string());
            ranked.push(context.tell(Text::FlipsRank, &[&name, &high, &first.1, &low, &last.1]));
        }
    }
    lines.extend(ranked);
    lines.truncate(MAX_NOTES);
    lines
}
