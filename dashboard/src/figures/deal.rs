//! One deal: why its money stands where it stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ReadError;
use crate::queries::{
    CALLS_OF_CLIENT, CLIENTS_OF_TOUCHES, CREDITS_OF_DEAL, DEAL as DEAL_QUESTION, EVENTS_OF_DEAL,
    TOUCHES_OF_CLIENT,
};
use crate::reader::{Param, Params};
use crate::report::{Column, Report, Unit, Value};
use crate::texts::Text;

use super::{Ask, Reported, columns};

/// A list has so many rows at most.
const LIMIT: usize = 1000;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// The channel of touches without a source.
const DIRECT: &str = "Direct";

/// The deal itself.
pub const DEAL: Reported = Reported {
    name: "deal",
    about: "One deal (`deal`) as it is now",
    columns: &DEAL_COLUMNS,
    read: |ask| Box::pin(deal(ask)),
};

/// What the CRM said of it.
pub const DEAL_EVENTS: Reported = Reported {
    name: "deal_events",
    about: "The events of one deal (`deal`) in the CRM, in order, down to the raw record",
    columns: &EVENT_COLUMNS,
    read: |ask| Box::pin(events(ask)),
};

/// What its client did.
pub const DEAL_TOUCHES: Reported = Reported {
    name: "deal_touches",
    about: "All touches of the client of one deal (`deal`), in order: whether they have a share of it and, if not, why; down to the raw record",
    columns: &TOUCH_COLUMNS,
    read: |ask| Box::pin(touches(ask)),
};

/// Who has which share of it.
pub const DEAL_CREDITS: Reported = Reported {
    name: "deal_credits",
    about: "The share of every touch in one deal (`deal`), by every model",
    columns: &CREDIT_COLUMNS,
    read: |ask| Box::pin(credits(ask)),
};

const DEAL_COLUMNS: [Column; 13] = [
    Column::new("deal_id", Text::Deal, Unit::Text),
    Column::new("status", Text::Status, Unit::Text),
    Column::new("stage", Text::Stage, Unit::Text),
    Column::new("pipeline", Text::Pipeline, Unit::Text),
    Column::new("manager_id", Text::Manager, Unit::Text),
    Column::new("created_at", Text::CreatedAt, Unit::Time),
    Column::new("won_at", Text::WonAt, Unit::Time),
    Column::new("revenue", Text::Revenue, Unit::Money).about(Text::AboutDealRevenue),
    Column::new("profit", Text::Profit, Unit::Money).about(Text::AboutProfit),
    Column::new("client_id", Text::Client, Unit::Text).about(Text::AboutClient),
    Column::new("gross", Text::Gross, Unit::Money),
    Column::new("refunds", Text::Refunds, Unit::Money),
    Column::new("cost", Text::GoodsCost, Unit::Money),
];

const EVENT_COLUMNS: [Column; 7] = [
    Column::new("event", Text::Event, Unit::Text),
    Column::new("occurred_at", Text::At, Unit::Time),
    Column::new("stage", Text::Stage, Unit::Text),
    Column::new("manager_id", Text::Manager, Unit::Text),
    Column::new("topic", Text::Topic, Unit::Text),
    Column::new("partition", Text::Partition, Unit::Count),
    Column::new("offset", Text::Offset, Unit::Count),
];

const TOUCH_COLUMNS: [Column; 18] = [
    Column::new("touch_id", Text::Touch, Unit::Text),
    Column::new("kind", Text::Kind, Unit::Text),
    Column::new("occurred_at", Text::At, Unit::Time),
    columns::CHANNEL,
    columns::SOURCE,
    columns::MEDIUM,
    columns::CAMPAIGN,
    Column::new("content", Text::Content, Unit::Text),
    Column::new("term", Text::Term, Unit::Text),
    Column::new("fate", Text::Fate, Unit::Text).about(Text::AboutFate),
    Column::new("direction", Text::Direction, Unit::Text),
    Column::new("status", Text::Status, Unit::Text),
    Column::new("wait_seconds", Text::Waited, Unit::Seconds),
    Column::new("talk_seconds", Text::Talked, Unit::Seconds),
    Column::new("manager_id", Text::Manager, Unit::Text),
    Column::new("topic", Text::Topic, Unit::Text),
    Column::new("partition", Text::Partition, Unit::Count),
    Column::new("offset", Text::Offset, Unit::Count),
];

const CREDIT_COLUMNS: [Column; 5] = [
    Column::new("touch_id", Text::Touch, Unit::Text),
    Column::new("model", Text::Model, Unit::Text),
    Column::new("credit", Text::Credit, Unit::Credit),
    Column::new("revenue", Text::Revenue, Unit::Money),
    Column::new("profit", Text::Profit, Unit::Money),
];

/// What became of a touch in a deal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It has a share in some model.
    Credited,
    /// The deal is not won, so nothing is shared out.
    Open,
    /// It happened after the sale.
    AfterSale,
    /// It happened longer before the sale than the lookback window.
    TooOld,
    /// It is Direct, and there are others.
    Direct,
    /// It happened before the client's previous sale, which it counted for.
    BeforeReset,
    /// No model gives it a share.
    NoShare,
    /// An outbound call is no touch.
    Outbound,
}

impl Fate {
    /// Every fate, by its name in the API, and as people are told.
    pub const ALL: [(Self, &'static str, Text); 8] = [
        (Self::Credited, "credited", Text::FateCredited),
        (Self::Open, "open", Text::FateOpen),
        (Self::AfterSale, "after_sale", Text::FateAfterSale),
        (Self::TooOld, "too_old", Text::FateTooOld),
        (Self::Direct, "direct", Text::FateDirect),
        (Self::BeforeReset, "before_reset", Text::FateBeforeReset),
        (Self::NoShare, "no_share", Text::FateNoShare),
        (Self::Outbound, "outbound", Text::FateOutbound),
    ];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(fate, _, _)| *fate == self);
        found.map_or("", |(_, name, _)| name)
    }

    /// As people are told, by its name in the API.
    pub fn told(name: &str) -> Option<Text> {
        let found = Self::ALL.into_iter().find(|(_, known, _)| *known == name);
        found.map(|(_, _, text)| text)
    }

    /// What became of a touch without a share.
    fn without_share(ask: &Ask, at: i64, channel: &str, won_at: Option<i64>) -> Self {
        let Some(won_at) = won_at else {
            return Self::Open;
        };
        if at > won_at {
            return Self::AfterSale;
        }
        if at < won_at - i64::from(ask.tenant.lookback_days) * DAY {
            return Self::TooOld;
        }
        if channel == DIRECT {
            return Self::Direct;
        }
        if ask.tenant.reset_on_conversion {
            return Self::BeforeReset;
        }
        Self::NoShare
    }
}

row! {
    /// The deal.
    struct DealRow {
        deal_id: String,
        status: String,
        stage: String,
        pipeline: String,
        manager_id: String,
        created_ms: i64,
        won_ms: Option<i64>,
        revenue: i64,
        profit: i64,
        client_id: String,
        gross: i64,
        refunds: i64,
        cost: i64,
    }
}

/// A share of it: touch, model, credit, revenue, profit.
pub(crate) type CreditRow = (String, String, i64, i64, i64);

row! {
    /// A touch of its client.
    struct TouchRow {
        touch_id: String,
        kind: String,
        at_ms: i64,
        channel: String,
        source: String,
        medium: String,
        campaign: String,
        content: String,
        term: String,
        topic: String,
        origin_partition: i32,
        origin_offset: i64,
    }
}

row! {
    /// A call of its client.
    struct CallRow {
        touch_id: String,
        direction: String,
        status: String,
        wait_seconds: Option<i64>,
        talk_seconds: Option<i64>,
        manager_id: String,
        at_ms: i64,
        topic: String,
        origin_partition: i32,
        origin_offset: i64,
    }
}

/// The parameters of the questions about the deal; `None` when none is named.
fn params(ask: &Ask) -> Option<Params> {
    let deal = ask.view.deal.as_ref()?;
    Some(ask.params(ask.span.hours).text("deal", deal))
}

/// The deal, if there is such a one.
async fn found(ask: &Ask) -> Result<Option<&DealRow>, ReadError> {
    let read = || async {
        let Some(params) = params(ask) else {
            return Ok(None);
        };
        let rows: Vec<DealRow> = ask.rows(DEAL_QUESTION, &params).await?;
        Ok(rows.into_iter().next())
    };
    Ok(ask.known.deal.get_or_try_init(read).await?.as_ref())
}

/// Who has which share of it.
async fn shared(ask: &Ask) -> Result<&[CreditRow], ReadError> {
    let read = || async {
        match params(ask) {
            None => Ok(Vec::new()),
            Some(params) => ask.rows(CREDITS_OF_DEAL, &params).await,
        }
    };
    Ok(ask.known.credits.get_or_try_init(read).await?)
}

async fn deal(ask: &Ask) -> Result<Report, ReadError> {
    let row = |row: DealRow| {
        vec![
            Value::Text(row.deal_id),
            Value::Text(row.status),
            Value::Text(row.stage),
            Value::Text(row.pipeline),
            Value::Text(row.manager_id),
            Value::Time(row.created_ms),
            Value::time(row.won_ms),
            Value::Money(row.revenue),
            Value::Money(row.profit),
            Value::Text(row.client_id),
            Value::Money(row.gross),
            Value::Money(row.refunds),
            Value::Money(row.cost),
        ]
    };
    Ok(Report::new(
        found(ask).await?.cloned().map(row).into_iter().collect(),
    ))
}

async fn events(ask: &Ask) -> Result<Report, ReadError> {
    let Some(params) = params(ask) else {
        return Ok(Report::default());
    };
    let rows: Vec<(String, i64, String, String, String, i32, i64)> =
        ask.rows(EVENTS_OF_DEAL, &params).await?;
    let row = |(event, at, stage, manager, topic, partition, offset)| {
        vec![
            Value::Text(event),
            Value::Time(at),
            Value::Text(stage),
            Value::Text(manager),
            Value::Text(topic),
            Value::Count(i64::from(partition)),
            Value::Count(offset),
        ]
    };
    let mut report = Report::new(rows.into_iter().map(row).collect());
    report.cut(LIMIT);
    Ok(report)
}

async fn credits(ask: &Ask) -> Result<Report, ReadError> {
    let row = |(touch, model, credit, revenue, profit): &CreditRow| {
        vec![
            Value::text(touch),
            Value::text(model),
            Value::Credit(*credit),
            Value::Money(*revenue),
            Value::Money(*profit),
        ]
    };
    Ok(Report::new(shared(ask).await?.iter().map(row).collect()))
}

/// The touches of a client.
async fn touches_of(ask: &Ask, params: &Params, client: &str) -> Result<Vec<TouchRow>, ReadError> {
    let mut touches: Vec<TouchRow> = ask.rows(TOUCHES_OF_CLIENT, params).await?;
    let ids = touches.iter().map(|touch| touch.touch_id.clone()).collect();
    let params = params.clone().with("touches", Param::Texts(ids));
    let owners: Vec<(String, i64, String)> = ask.rows(CLIENTS_OF_TOUCHES, &params).await?;
    let own: BTreeSet<(&str, i64)> = owners
        .iter()
        .filter(|(_, _, owner)| owner == client)
        .map(|(touch, at, _)| (touch.as_str(), *at))
        .collect();
    touches.retain(|touch| own.contains(&(touch.touch_id.as_str(), touch.at_ms)));
    Ok(touches)
}

async fn touches(ask: &Ask) -> Result<Report, ReadError> {
    let Some(deal) = found(ask).await? else {
        return Ok(Report::default());
    };
    let params = params(ask)
        .unwrap_or_default()
        .text("client", &deal.client_id);
    let (touches, calls, credits) = tokio::try_join!(
        touches_of(ask, &params, &deal.client_id),
        ask.rows::<CallRow>(CALLS_OF_CLIENT, &params),
        shared(ask),
    )?;
    let credited: BTreeSet<&str> = credits.iter().map(|credit| credit.0.as_str()).collect();
    let mut calls: BTreeMap<String, CallRow> = calls
        .into_iter()
        .map(|call| (call.touch_id.clone(), call))
        .collect();
    let mut report = Report::default();
    for touch in touches {
        let call = calls.remove(&touch.touch_id);
        let fate = if credited.contains(touch.touch_id.as_str()) {
            Fate::Credited
        } else {
            Fate::without_share(ask, touch.at_ms, &touch.channel, deal.won_ms)
        };
        report.rows.push(touch_row(touch, fate, call.as_ref()));
    }
    for (_, call) in calls {
        let [channel, source, medium, campaign, content, term] = [const { String::new() }; 6];
        let touch = TouchRow {
            touch_id: call.touch_id.clone(),
            kind: "call".to_owned(),
            at_ms: call.at_ms,
            channel,
            source,
            medium,
            campaign,
            content,
            term,
            topic: call.topic.clone(),
            origin_partition: call.origin_partition,
            origin_offset: call.origin_offset,
        };
        report
            .rows
            .push(touch_row(touch, Fate::Outbound, Some(&call)));
    }
    // By moment and touch, as journeys are.
    report.rows.sort_by(|one, two| {
        let moments = one[2].order(&two[2]);
        moments.then_with(|| one[0].order(&two[0]))
    });
    report.cut(LIMIT);
    Ok(report)
}

fn touch_row(touch: TouchRow, fate: Fate, call: Option<&CallRow>) -> Vec<Value> {
    let seconds = |seconds: Option<i64>| {
        seconds.map_or(Value::Nothing, |seconds| Value::Seconds(seconds as f64))
    };
    let text = |text: Option<&String>| text.map_or(Value::Nothing, Value::text);
    vec![
        Value::Text(touch.touch_id),
        Value::Text(touch.kind),
        Value::Time(touch.at_ms),
        Value::Text(touch.channel),
        Value::Text(touch.source),
        Value::Text(touch.medium),
        Value::Text(touch.campaign),
        Value::Text(touch.content),
        Value::Text(touch.term),
        Value::text(fate.name()),
        text(call.map(|call| &call.direction)),
        text(call.map(|call| &call.status)),
        seconds(call.and_then(|call| call.wait_seconds)),
        seconds(call.and_then(|call| call.talk_seconds)),
        text(call.map(|call| &call.manager_id)),
        Value::Text(touch.topic),
        Value::Count(i64::from(touch.origin_partition)),
        Value::Count(touch.origin_offset),
    ]
}
