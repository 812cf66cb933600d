//! Deals and their credit.

use throughline_proto::Ident;
use throughline_proto::rollups::{
    Credit, CreditShare, CreditState, CreditTouch, Deal, Dimension, TouchRef,
};

use super::{Names, RowError};
use crate::row_binary::RowWriter;
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
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `deal_versions`.
pub fn deal(row: &Deal<'_>, names: Names<'_>, out: &mut RowWriter<'_>) -> Result<(), RowError> {
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.string(row.deal_id);
    out.id(row.client);
    out.string(row.status);
    out.string(row.stage);
    out.string(row.pipeline);
    out.string(row.manager_id);
    out.i64(row.created_at);
    out.nullable(row.won_at, RowWriter::i64);
    for money in [row.gross, row.refunds, row.revenue, row.cost, row.profit] {
        out.i64(money);
    }
    out.u64(row.version);
    out.bool(false);
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
pub fn credit(row: &Credit<'_>, names: Names<'_>, out: &mut RowWriter<'_>) -> Result<(), RowError> {
    let state = row.state.as_ref().unwrap_or(&NOT_WON);
    let by_touch = shares_by_touch(state, names)?;
    let dimensions = state
        .touches
        .iter()
        .map(|touch| names.dimension(touch.dimension))
        .collect::<Result<Vec<_>, _>>()?;
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.string(row.deal_id);
    out.id(state.client);
    out.i64(state.won_at);
    write_touches(&state.touches, &dimensions, out);
    out.array(by_touch.iter(), |out, shares| {
        out.array(shares.iter(), |out, (model, _)| out.string(model));
    });
    let figures: [fn(&CreditShare) -> i64; 4] = [
        |share| share.credit_ppm,
        |share| share.gross,
        |share| share.revenue,
        |share| share.profit,
    ];
    for figure in figures {
        out.array(by_touch.iter(), |out, shares| {
            out.array(shares.iter(), |out, (_, share)| out.i64(figure(share)));
        });
    }
    out.u64(row.version);
    out.bool(row.state.is_none());
    Ok(())
}

/// What a tombstone has in the columns beside its key.
static NOT_WON: CreditState<'static> = CreditState {
    client: Ident(0),
    won_at: 0,
    touches: Vec::new(),
    shares: Vec::new(),
};

type Shares<'a> = Vec<(&'a str, &'a CreditShare)>;

fn shares_by_touch<'a>(
    state: &'a CreditState<'_>,
    names: Names<'a>,
) -> Result<Vec<Shares<'a>>, RowError> {
    let mut by_touch = vec![Shares::new(); state.touches.len()];
    for share in &state.shares {
        let model = names.model(share.model)?;
        by_touch
            .get_mut(share.touch as usize)
            .ok_or(RowError::MissingTouch(share.touch))?
            .push((model, share));
    }
    Ok(by_touch)
}

fn write_touches(
    touches: &[CreditTouch<'_>],
    dimensions: &[&Dimension<'_>],
    out: &mut RowWriter<'_>,
) {
    out.array(touches.iter(), |out, touch| match touch.touch {
        Some(TouchRef { topic, event_id }) => out.touch_id(topic, event_id),
        None => out.string(""),
    });
    out.array(touches.iter(), |out, touch| out.i64(touch.at));
    out.array(touches.iter(), |out, touch| out.string(touch.kind));
    let columns: [for<'a> fn(&Dimension<'a>) -> &'a str; 6] = [
        |dimension| dimension.channel,
        |dimension| dimension.source,
        |dimension| dimension.medium,
        |dimension| dimension.campaign,
        |dimension| dimension.content,
        |dimension| dimension.term,
    ];
    for column in columns {
        out.array(dimensions.iter(), |out, dimension| {
            out.string(column(dimension));
        });
    }
}
