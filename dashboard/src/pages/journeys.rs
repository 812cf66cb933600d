//! The ways that deals came.

use super::Context;
use crate::error::ReadError;
use crate::figures::{DAYS, DEALS, PATHS, ROLES, Reported, TOUCHES};
use crate::report::{Report, Value, index_of};
use crate::texts::Text;
use crate::ui::{Block, FindDeal, Table};

/// So many paths and deals are shown; the API gives more.
const MAX_ROWS: usize = 25;

/// The blocks of the page.
pub async fn blocks(context: &Context) -> Result<Vec<Block>, ReadError> {
    let ask = &context.ask;
    let (mut paths, touches, days, roles, mut deals) = tokio::try_join!(
        PATHS.of(ask),
        TOUCHES.of(ask),
        DAYS.of(ask),
        ROLES.of(ask),
        DEALS.of(ask),
    )?;
    paths.cut(MAX_ROWS);
    deals.cut(MAX_ROWS);
    let format = &context.format;
    let mut path_table = Table::whole(
        PATHS.name,
        context.say(Text::TopPaths),
        format,
        PATHS.columns,
        &paths,
    );
    path_table.each("path", |_, cell| {
        if cell.machine.is_empty() {
            context.say(Text::NoPath).clone_into(&mut cell.human);
        }
    });
    path_table.bars("deals");
    let touch_table = ranges(context, &TOUCHES, Text::TouchesToSale, &touches);
    let day_table = ranges(context, &DAYS, Text::DaysToSaleTitle, &days);
    let role_table = Table::whole(
        ROLES.name,
        context.say(Text::Roles),
        format,
        ROLES.columns,
        &roles,
    );
    let picks: Vec<usize> = (0..DEALS.columns.len() - 1).collect();
    let title = context.say(Text::DealsTitle);
    let mut deal_table = Table::new(DEALS.name, title, format, DEALS.columns, &picks, &deals);
    deal_table.each("deal_id", |_, cell| cell.href = context.deal(&cell.machine));
    // The amount of a deal that is not won is no money yet.
    let won_at = index_of(DEALS.columns, "won_at").unwrap_or_default();
    for (row, values) in deal_table.rows.iter_mut().zip(&deals.rows) {
        row.is_shaded = values[won_at] == Value::Nothing;
    }
    Ok(vec![
        Block::FindDeal(find(context)),
        context.table_or_empty(path_table),
        context.table_or_empty(role_table),
        context.table_or_empty(touch_table),
        context.table_or_empty(day_table),
        context.table_or_empty(deal_table),
    ])
}

/// Deals by ranges, of which the last is open.
fn ranges(context: &Context, reported: &Reported, title: Text, report: &Report) -> Table {
    let columns = reported.columns;
    let picks: Vec<usize> = (0..columns.len())
        .filter(|place| columns[*place].name != "to")
        .collect();
    let title = context.say(title);
    let mut table = Table::new(
        reported.name,
        title,
        &context.format,
        columns,
        &picks,
        report,
    );
    let to = index_of(columns, "to").unwrap_or_default();
    table.each("from", |row, cell| {
        cell.human = match report.rows[row][to].machine().as_str() {
            "" => context.tell(Text::AndMore, &[&cell.machine]),
            to if to == cell.machine => cell.machine.clone(),
            to => format!("{}–{to}", cell.machine),
        };
    });
    table.bars("deals");
    table.is_half = true;
    table
}

/// The field to open a deal.
fn find(context: &Context) -> FindDeal {
    let view = context.ask.view.elsewhere();
    let query = view.query();
    let hidden = crate::view::pairs(query.trim_start_matches('?')).unwrap_or_default();
    FindDeal {
        title: context.say(Text::FindDeal),
        button: context.say(Text::Open),
        hidden,
    }
}
