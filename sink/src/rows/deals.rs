//! Deals and their credit.

use throughline_proto::rollups::{
    Credit, CreditShare, CreditState, CreditTouch, Deal, DealEvent, DealState,
};

use super::{Named, Names, RowError};
use crate::native::{Known, List, Row, TouchId};
use crate::table::Columns;

/// Columns of `deal_versions`.
pub const DEAL_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("deal_id", "String"),
    ("client", "FixedString(16)"),
    ("status", "LowCardinality(String)"),
    ("stage", "LowCardinality(String)"),
    ("pipeline", "LowCardinality(String)"),
    ("manager_id", "String"),
    ("created_at", "DateTime64(3, 'UTC')"),
    ("won_at", "Nullable(DateTime64(3, 'UTC'))"),
    ("gross", "Decimal(18, 4)"),
    ("refunds", "Decimal(18, 4)"),
    ("revenue", "Decimal(18, 4)"),
    ("cost", "Decimal(18, 4)"),
    ("profit", "Decimal(18, 4)"),
    ("created_touch_id", "String"),
    ("created_channel", "LowCardinality(String)"),
    ("created_source", "LowCardinality(String)"),
    ("created_medium", "LowCardinality(String)"),
    ("created_campaign", "LowCardinality(String)"),
    ("earlier_events", "UInt32"),
    ("event_ids", "Array(String)"),
    ("events", "Array(LowCardinality(String))"),
    ("events_at", "Array(DateTime64(3, 'UTC'))"),
    ("stages", "Array(LowCardinality(String))"),
    ("pipelines", "Array(LowCardinality(String))"),
    ("manager_ids", "Array(String)"),
    ("origin_topics", "Array(LowCardinality(String))"),
    ("origin_partitions", "Array(Int32)"),
    ("origin_offsets", "Array(Int64)"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `deal_versions`.
pub fn deal(row: &Deal<'_>, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(row.deal_id);
    out.put(row.client);
    let erased = DealState::default();
    let state = row.state.as_ref().unwrap_or(&erased);
    out.put(state.status);
    out.put(state.stage);
    out.put(state.pipeline);
    out.put(state.manager_id);
    out.put(state.created_at);
    out.put(state.won_at);
    for money in [
        state.gross,
        state.refunds,
        state.revenue,
        state.cost,
        state.profit,
    ] {
        out.put(money);
    }
    out.put(TouchId(state.created_touch));
    let created = row.state.as_ref().map(|state| state.created_dimension);
    write_created(created, names, out)?;
    out.put(state.earlier_events);
    write_events(&state.events, names, out)?;
    out.put(row.version);
    out.put(row.state.is_none());
    Ok(())
}

/// The source under which a deal was created; a tombstone has none.
fn write_created(
    dimension: Option<u32>,
    names: Names<'_>,
    out: &mut Row<'_>,
) -> Result<(), RowError> {
    let Some(dimension) = dimension else {
        for _ in 0..4 {
            out.put("");
        }
        return Ok(());
    };
    let dimension = names.dimension(dimension)?;
    out.put(dimension.channel);
    out.put(dimension.source);
    out.put(dimension.medium);
    out.put(dimension.campaign);
    Ok(())
}

fn write_events(
    events: &[DealEvent<'_>],
    names: Names<'_>,
    out: &mut Row<'_>,
) -> Result<(), RowError> {
    out.put(List(events.iter().map(|event| event.event_id)));
    out.put(List(events.iter().map(|event| event.event)));
    out.put(List(events.iter().map(|event| event.at)));
    out.put(List(events.iter().map(|event| event.stage)));
    out.put(List(events.iter().map(|event| event.pipeline)));
    out.put(List(events.iter().map(|event| event.manager_id)));
    let origins = || events.iter().map(|event| event.origin);
    out.try_put(origins().map(|origin| match origin {
        Some(origin) => names.topic(origin.topic).map(|topic| topic.text),
        None => Ok(""),
    }))?;
    out.put(List(
        origins().map(|origin| origin.map_or(-1, |origin| origin.partition)),
    ));
    out.put(List(
        origins().map(|origin| origin.map_or(-1, |origin| origin.offset)),
    ));
    Ok(())
}

/// Columns of `credit_versions`.
pub const CREDIT_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("deal_id", "String"),
    ("client", "FixedString(16)"),
    ("won_at", "DateTime64(3, 'UTC')"),
    ("touch_ids", "Array(String)"),
    ("touches_at", "Array(DateTime64(3, 'UTC'))"),
    ("kinds", "Array(LowCardinality(String))"),
    ("channels", "Array(LowCardinality(String))"),
    ("sources", "Array(LowCardinality(String))"),
    ("mediums", "Array(LowCardinality(String))"),
    ("campaigns", "Array(LowCardinality(String))"),
    ("contents", "Array(String)"),
    ("terms", "Array(String)"),
    ("models", "Array(Array(LowCardinality(String)))"),
    ("credits_ppm", "Array(Array(Int64))"),
    ("gross", "Array(Array(Decimal(18, 4)))"),
    ("revenue", "Array(Array(Decimal(18, 4)))"),
    ("profit", "Array(Array(Decimal(18, 4)))"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `credit_versions`: per touch, the shares that models give it.
pub fn credit(row: &Credit<'_>, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    let state = row.state.as_ref().unwrap_or(&NOT_WON);
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(row.deal_id);
    out.put(row.client);
    out.put(state.won_at);
    write_touches(&state.touches, names, out)?;
    write_shares(state, names, out)?;
    out.put(row.version);
    out.put(row.state.is_none());
    Ok(())
}

/// What a tombstone has in the columns beside its key.
static NOT_WON: CreditState<'static> = CreditState {
    won_at: 0,
    touches: Vec::new(),
    shares: Vec::new(),
};

fn write_touches(
    touches: &[CreditTouch<'_>],
    names: Names<'_>,
    out: &mut Row<'_>,
) -> Result<(), RowError> {
    out.put(List(touches.iter().map(|touch| TouchId(touch.touch))));
    out.put(List(touches.iter().map(|touch| touch.at)));
    out.put(List(touches.iter().map(|touch| touch.kind)));
    let known: [for<'a> fn(Named<'a>) -> Known<'a>; 4] = [
        |dimension| dimension.channel,
        |dimension| dimension.source,
        |dimension| dimension.medium,
        |dimension| dimension.campaign,
    ];
    let dimensions = || touches.iter().map(|it| names.dimension(it.dimension));
    for column in known {
        out.try_put(dimensions().map(|dimension| dimension.map(column)))?;
    }
    let texts: [for<'a> fn(Named<'a>) -> &'a str; 2] =
        [|dimension| dimension.content, |dimension| dimension.term];
    for column in texts {
        out.try_put(dimensions().map(|dimension| dimension.map(column)))?;
    }
    Ok(())
}

fn write_shares(
    state: &CreditState<'_>,
    names: Names<'_>,
    out: &mut Row<'_>,
) -> Result<(), RowError> {
    let mut shares = Vec::with_capacity(state.shares.len());
    for share in &state.shares {
        if share.touch as usize >= state.touches.len() {
            return Err(RowError::MissingTouch(share.touch));
        }
        shares.push((names.model(share.model)?, share));
    }
    // Stable: a touch's shares keep the order of the models.
    shares.sort_by_key(|(_, share)| share.touch);
    let by_touch = || groups(&shares, state.touches.len() as u32);
    out.put(List(
        by_touch().map(|group| List(group.iter().map(|(model, _)| *model))),
    ));
    let figures: [fn(&CreditShare) -> i64; 4] = [
        |share| share.credit_ppm,
        |share| share.gross,
        |share| share.revenue,
        |share| share.profit,
    ];
    for figure in figures {
        let figures = |(_, share): &(Known<'_>, &CreditShare)| figure(share);
        out.put(List(
            by_touch().map(|group| List(group.iter().map(figures))),
        ));
    }
    Ok(())
}

/// The shares of each touch, which may be none, from all in their order.
fn groups<'a, 'b>(
    shares: &'a [(Known<'b>, &'b CreditShare)],
    touches: u32,
) -> impl Iterator<Item = &'a [(Known<'b>, &'b CreditShare)]> {
    (0..touches).scan(shares, |rest, touch| {
        let count = rest.iter().take_while(|(_, share)| share.touch == touch);
        let (group, after) = rest.split_at(count.count());
        *rest = after;
        Some(group)
    })
}
