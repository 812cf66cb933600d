//! The staff: their deals, their calls, and how soon they speak to a client.

use std::collections::BTreeMap;

use crate::error::ReadError;
use crate::queries::{DEALS_BY_MANAGER, FIRST_RESPONSE};
use crate::report::{Column, Report, Unit, Value};
use crate::texts::Text;

use super::{Ask, Reported, calls, columns};

/// Managers with their deals and calls.
pub const MANAGERS: Reported = Reported {
    name: "managers",
    about: "Managers with the deals created in the period, the calls of the period, and the time from a deal's creation to the first call with its client",
    columns: &COLUMNS,
    read: |ask| Box::pin(read(ask)),
};

const COLUMNS: [Column; 14] = [
    Column::new("manager_id", Text::Manager, Unit::Text),
    Column::new("deals", Text::DealsCreated, Unit::Count).more(),
    Column::new("won", Text::WonDeals, Unit::Count).more(),
    Column::new("lost", Text::LostDeals, Unit::Count).less(),
    Column::new("won_share", Text::WonShare, Unit::Share)
        .about(Text::AboutWonShare)
        .more(),
    Column::new("revenue", Text::Revenue, Unit::Money)
        .about(Text::AboutDealRevenue)
        .more(),
    columns::PROFIT,
    Column::new("inbound", Text::Inbound, Unit::Count),
    Column::new("missed", Text::MissedCalls, Unit::Count)
        .about(Text::AboutMissedCalls)
        .less(),
    Column::new("missed_share", Text::MissedShare, Unit::Share).less(),
    Column::new("outbound", Text::Outbound, Unit::Count),
    Column::new("talk_seconds_total", Text::TalkTotal, Unit::Seconds),
    Column::new("talk_seconds", Text::MeanTalk, Unit::Seconds).about(Text::AboutMeanTalk),
    Column::new("response_seconds", Text::FirstResponse, Unit::Seconds)
        .about(Text::AboutFirstResponse)
        .less(),
];

/// What is known of one manager.
#[derive(Clone, Copy, Default)]
struct Manager {
    deals: i64,
    won: i64,
    lost: i64,
    revenue: i64,
    profit: i64,
    inbound: i64,
    missed: i64,
    outbound: i64,
    talked: i64,
    talks: i64,
    response: Option<i64>,
}

async fn read(ask: &Ask) -> Result<Report, ReadError> {
    let params = ask.params(ask.span.hours).text("by", "manager");
    let (deals, calls, responses) = tokio::try_join!(
        ask.rows::<(String, i64, i64, i64, i64, i64)>(DEALS_BY_MANAGER, &params),
        calls::by_name(ask, &params),
        ask.rows::<(String, i64, i64, i64)>(FIRST_RESPONSE, &params),
    )?;
    let mut managers: BTreeMap<String, Manager> = BTreeMap::new();
    for (name, deals, won, lost, revenue, profit) in deals {
        let manager = managers.entry(name).or_default();
        *manager = Manager {
            deals,
            won,
            lost,
            revenue,
            profit,
            ..*manager
        };
    }
    for (name, calls) in calls {
        let manager = managers.entry(name).or_default();
        *manager = Manager {
            inbound: calls.inbound,
            missed: calls.missed,
            outbound: calls.outbound,
            talked: calls.talked,
            talks: calls.talks,
            ..*manager
        };
    }
    for (name, _, median, _) in responses {
        managers.entry(name).or_default().response = Some(median);
    }
    let mut total = Manager::default();
    for manager in managers.values() {
        total.deals += manager.deals;
        total.won += manager.won;
        total.lost += manager.lost;
        total.revenue += manager.revenue;
        total.profit += manager.profit;
        total.inbound += manager.inbound;
        total.missed += manager.missed;
        total.outbound += manager.outbound;
        total.talked += manager.talked;
        total.talks += manager.talks;
    }
    let rows = managers
        .into_iter()
        .map(|(name, manager)| row(Value::Text(name), manager));
    let mut report = Report::new(rows.collect()).with_total(row(Value::Nothing, total));
    report.sort(5, true);
    Ok(report)
}

fn row(name: Value, manager: Manager) -> Vec<Value> {
    let response = manager.response;
    vec![
        name,
        Value::Count(manager.deals),
        Value::Count(manager.won),
        Value::Count(manager.lost),
        Value::ratio(manager.won, manager.deals),
        Value::Money(manager.revenue),
        Value::Money(manager.profit),
        Value::Count(manager.inbound),
        Value::Count(manager.missed),
        Value::ratio(manager.missed, manager.inbound),
        Value::Count(manager.outbound),
        Value::Seconds(manager.talked as f64),
        Value::mean_seconds(manager.talked, manager.talks),
        response.map_or(Value::Nothing, |seconds| Value::Seconds(seconds as f64)),
    ]
}
