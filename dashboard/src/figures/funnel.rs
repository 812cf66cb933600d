//! From visits to won deals, by channel, and through the stages of the CRM.

use std::collections::BTreeMap;

use crate::error::ReadError;
use crate::queries::{DEALS_BY_CHANNEL, STAGES as STAGES_QUESTION};
use crate::report::{Column, PPM, Report, Unit, Value};
use crate::texts::Text;

use super::{Amounts, Ask, Reported, channels, columns};

/// Visits, leads and calls, deals, won deals by channel.
pub const FUNNEL: Reported = Reported {
    name: "funnel",
    about: "Visits, forms and inbound calls, deals created (under the channel of the last touch before) and deals won (by the model's credit) in the period, by channel",
    columns: &COLUMNS,
    read: |ask| Box::pin(funnel(ask)),
};

/// The stages of the CRM.
pub const STAGES: Reported = Reported {
    name: "stages",
    about: "The stages that deals created in the period have been in, by pipeline: how many came there and went on, and how long they stayed",
    columns: &STAGE_COLUMNS,
    read: |ask| Box::pin(stages(ask)),
};

const COLUMNS: [Column; 11] = [
    columns::CHANNEL,
    columns::VISITS,
    columns::LEADS,
    columns::CALLS,
    Column::new("lead_share", Text::LeadShare, Unit::Share)
        .about(Text::AboutLeadShare)
        .more(),
    Column::new("deals", Text::DealsCreated, Unit::Count)
        .about(Text::AboutDealsCreated)
        .more(),
    Column::new("deal_share", Text::DealShare, Unit::Share)
        .about(Text::AboutDealShare)
        .more(),
    Column::new("deals_won", Text::WonOfCreated, Unit::Count)
        .about(Text::AboutWonOfCreated)
        .more(),
    Column::new("won_share", Text::WonShare, Unit::Share)
        .about(Text::AboutWonShare)
        .more(),
    columns::CONVERSIONS,
    Column::new("visit_share", Text::VisitShare, Unit::Share)
        .about(Text::AboutVisitShare)
        .more(),
];

const STAGE_COLUMNS: [Column; 10] = [
    Column::new("pipeline", Text::Pipeline, Unit::Text),
    Column::new("stage", Text::Stage, Unit::Text),
    Column::new("deals", Text::DealsThere, Unit::Count).about(Text::AboutDealsThere),
    Column::new("went_on", Text::WentOn, Unit::Count).about(Text::AboutWentOn),
    Column::new("went_on_share", Text::WentOnShare, Unit::Share).more(),
    Column::new("won", Text::WonDeals, Unit::Count).more(),
    Column::new("won_share", Text::WonShare, Unit::Share)
        .about(Text::AboutStageWonShare)
        .more(),
    Column::new("lost", Text::LostDeals, Unit::Count).less(),
    Column::new("still", Text::StillThere, Unit::Count),
    Column::new("seconds", Text::TimeInStage, Unit::Seconds)
        .about(Text::AboutTimeInStage)
        .less(),
];

async fn funnel(ask: &Ask) -> Result<Report, ReadError> {
    let params = ask.params(ask.span.hours);
    let models = [ask.model.clone()];
    let (amounts, deals) = tokio::try_join!(
        channels::amounts(ask, &params, 0, &models),
        ask.rows::<(String, i64, i64)>(DEALS_BY_CHANNEL, &params),
    )?;
    let mut rows: BTreeMap<String, (Amounts, i64, i64)> = BTreeMap::new();
    for ([channel, ..], amounts) in amounts {
        let first = amounts.first().copied().unwrap_or_default();
        rows.entry(channel).or_default().0 = first;
    }
    for (channel, created, won) in deals {
        let row = rows.entry(channel).or_default();
        (row.1, row.2) = (created, won);
    }
    let mut total = (Amounts::default(), 0, 0);
    for (amounts, created, won) in rows.values() {
        total.0 += *amounts;
        total.1 += created;
        total.2 += won;
    }
    let row = |name: Value, (amounts, created, won): (Amounts, i64, i64)| {
        let contacts = amounts.leads + amounts.calls;
        let won_credit = amounts.conversions as f64 / PPM;
        let visit_share = if amounts.visits == 0 {
            Value::Nothing
        } else {
            Value::Ratio(won_credit / amounts.visits as f64)
        };
        vec![
            name,
            Value::Count(amounts.visits),
            Value::Count(amounts.leads),
            Value::Count(amounts.calls),
            Value::ratio(contacts, amounts.visits),
            Value::Count(created),
            Value::ratio(created, contacts),
            Value::Count(won),
            Value::ratio(won, created),
            Value::Credit(amounts.conversions),
            visit_share,
        ]
    };
    let all = rows
        .into_iter()
        .map(|(name, figures)| row(Value::Text(name), figures));
    let mut report = Report::new(all.collect()).with_total(row(Value::Nothing, total));
    report.sort(1, true);
    Ok(report)
}

row! {
    /// A stage of a pipeline.
    struct StageRow {
        pipeline_name: String,
        stage_name: String,
        came: i64,
        went_on: i64,
        won: i64,
        lost: i64,
        still: i64,
        seconds: i64,
        stays_over: i64,
    }
}

async fn stages(ask: &Ask) -> Result<Report, ReadError> {
    let rows: Vec<StageRow> = ask
        .rows(STAGES_QUESTION, &ask.params(ask.span.hours))
        .await?;
    let row = |row: StageRow| {
        vec![
            Value::Text(row.pipeline_name),
            Value::Text(row.stage_name),
            Value::Count(row.came),
            Value::Count(row.went_on),
            Value::ratio(row.went_on, row.came),
            Value::Count(row.won),
            Value::ratio(row.won, row.came),
            Value::Count(row.lost),
            Value::Count(row.still),
            if row.stays_over == 0 {
                Value::Nothing
            } else {
                Value::Seconds(row.seconds as f64)
            },
        ]
    };
    Ok(Report::new(rows.into_iter().map(row).collect()))
}
