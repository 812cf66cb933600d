//! The staff.

use super::Context;
use crate::error::ReadError;
use crate::figures::MANAGERS;
use crate::report::index_of;
use crate::texts::Text;
use crate::ui::{Block, Table};

/// What the page has no room for: the API gives it.
const LEFT_OUT: [&str; 2] = ["profit", "talk_seconds"];

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let mut report = MANAGERS.of(ask).await?;
    if let Some(sort) = &ask.view.sort
        && let Some(place) = index_of(MANAGERS.columns, &sort.column)
    {
        report.sort(place, sort.descends);
    }
    let title = context.say(Text::ManagersTitle);
    let columns = MANAGERS.columns;
    let picks: Vec<usize> = (0..columns.len())
        .filter(|place| !LEFT_OUT.contains(&columns[*place].name))
        .collect();
    let mut table = Table::new(
        MANAGERS.name,
        title,
        &context.format,
        columns,
        &picks,
        &report,
    );
    table.sortable(context.path, &ask.view, "revenue");
    table.bars("revenue");
    table.each("manager_id", |_, cell| {
        if cell.machine.is_empty() {
            context.say(Text::Nobody).clone_into(&mut cell.human);
        }
    });
    Ok(vec![context.table_or_empty(table)])
}
