//! All models for the same channels.

use std::cmp::Reverse;

use crate::error::ReadError;
use crate::report::{Column, Report, Unit, Value};
use crate::texts::Text;
use crate::view::Dimension;

use super::channels::{self, NAMES};
use super::{Ask, Reported, columns};

/// Every channel in every model.
pub const MODELS: Reported = Reported {
    name: "models",
    about: "Every channel, down to `level`, in every model: credit, ratios, and its rank by revenue in the model",
    columns: &COLUMNS,
    read: |ask| Box::pin(read(ask)),
};

const COLUMNS: [Column; 13] = [
    columns::CHANNEL,
    columns::SOURCE,
    columns::MEDIUM,
    columns::CAMPAIGN,
    Column::new("model", Text::Model, Unit::Text),
    columns::SPEND,
    columns::CONVERSIONS,
    columns::REVENUE,
    columns::NET_PROFIT,
    columns::CAC,
    columns::ROAS,
    columns::ROI,
    Column::new("rank", Text::Rank, Unit::Count)
        .about(Text::AboutRank)
        .less(),
];

async fn read(ask: &Ask) -> Result<Report, ReadError> {
    let level = ask.view.level.unwrap_or(Dimension::Channel);
    let models = &ask.tenant.models;
    let params = ask.params(ask.span.hours);
    let rows = channels::amounts(ask, &params, level as i64, models).await?;
    let mut order: Vec<_> = rows.iter().collect();
    let own = models.iter().position(|model| *model == ask.model);
    let own = own.unwrap_or_default();
    order.sort_by_key(|(_, amounts)| Reverse(amounts.get(own).map(|one| one.revenue)));
    let mut report = Report::default();
    for (name, amounts) in &order {
        for (index, (model, one)) in models.iter().zip(*amounts).enumerate() {
            let ahead = |other: &&(&[String; NAMES], &Vec<super::Amounts>)| {
                other.1[index].revenue > one.revenue
            };
            let rank = order.iter().filter(ahead).count() + 1;
            let mut row: Vec<Value> = name.iter().map(Value::text).collect();
            row.extend([
                Value::text(model),
                Value::Money(one.spend),
                Value::Credit(one.conversions),
                Value::Money(one.revenue),
                Value::Money(one.net_profit()),
                one.cac(),
                one.roas(),
                one.roi(),
                Value::Count(rank as i64),
            ]);
            report.rows.push(row);
        }
    }
    Ok(report)
}
