//! From visits to won deals.

use super::Context;
use crate::error::ReadError;
use crate::figures::{FUNNEL, STAGES};
use crate::report::index_of;
use crate::texts::Text;
use crate::ui::{Block, Table};
use crate::view::Dimension;

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let (mut funnel, stages) = tokio::try_join!(FUNNEL.of(ask), STAGES.of(ask))?;
    if let Some(sort) = &ask.view.sort
        && let Some(place) = index_of(FUNNEL.columns, &sort.column)
    {
        funnel.sort(place, sort.descends);
    }
    let format = &context.format;
    let title = context.say(Text::FunnelTitle);
    let mut table = Table::whole(FUNNEL.name, title, format, FUNNEL.columns, &funnel);
    table.sortable(context.path, &ask.view, "visits");
    table.bars("visits");
    table.each("channel", |_, cell| {
        let name = cell.machine.clone();
        cell.href = context.here(|view| view.filter.set(Dimension::Channel, &name));
    });
    let title = context.say(Text::StagesTitle);
    let mut stage_table = Table::whole(STAGES.name, title, format, STAGES.columns, &stages);
    stage_table.bars("deals");
    Ok(vec![
        context.table_or_empty(table),
        context.table_or_empty(stage_table),
    ])
}
