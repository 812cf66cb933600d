//! Touches and calls.

use throughline_proto::Ident;
use throughline_proto::rollups::{
    Call, CallState, Dimension, Origin, TouchState, TouchTopic, Touchpoint,
};

use super::{Names, RowError};
use crate::row_binary::RowWriter;
use crate::table::Columns;

/// Columns of `touchpoint_versions`.
pub const TOUCHPOINT_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("touch_id", "String"),
    ("content_hash", "UInt64"),
    ("client", "FixedString(16)"),
    ("occurred_at", "DateTime64(3, 'UTC')"),
    ("kind", "LowCardinality(String)"),
    ("channel", "LowCardinality(String)"),
    ("source", "LowCardinality(String)"),
    ("medium", "LowCardinality(String)"),
    ("campaign", "LowCardinality(String)"),
    ("content", "String"),
    ("term", "String"),
    ("origin_topic", "LowCardinality(String)"),
    ("origin_partition", "Int32"),
    ("origin_offset", "Int64"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `touchpoint_versions`.
pub fn touchpoint(
    row: &Touchpoint<'_>,
    names: Names<'_>,
    out: &mut RowWriter<'_>,
) -> Result<(), RowError> {
    let state = row.state.unwrap_or(TouchState {
        client: Ident(0),
        at: 0,
        kind: "",
        dimension: 0,
        origin: None,
    });
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.touch_id(row.topic, row.event_id);
    out.u64(row.content.0);
    out.id(state.client);
    out.i64(state.at);
    out.string(state.kind);
    let is_deleted = row.state.is_none();
    whence(state.dimension, state.origin, is_deleted, names, out)?;
    out.u64(row.version);
    out.bool(is_deleted);
    Ok(())
}

/// Columns of `call_versions`.
pub const CALL_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("touch_id", "String"),
    ("content_hash", "UInt64"),
    ("client", "FixedString(16)"),
    ("occurred_at", "DateTime64(3, 'UTC')"),
    ("direction", "LowCardinality(String)"),
    ("status", "LowCardinality(String)"),
    ("dialed_number", "String"),
    ("wait_seconds", "Nullable(Int64)"),
    ("talk_seconds", "Nullable(Int64)"),
    ("manager_id", "String"),
    ("recording_url", "String"),
    ("quality_score", "Nullable(UInt8)"),
    ("ambiguous", "Bool"),
    ("channel", "LowCardinality(String)"),
    ("source", "LowCardinality(String)"),
    ("medium", "LowCardinality(String)"),
    ("campaign", "LowCardinality(String)"),
    ("content", "String"),
    ("term", "String"),
    ("origin_topic", "LowCardinality(String)"),
    ("origin_partition", "Int32"),
    ("origin_offset", "Int64"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `call_versions`.
pub fn call(row: &Call<'_>, names: Names<'_>, out: &mut RowWriter<'_>) -> Result<(), RowError> {
    let state = row.state.unwrap_or(CallState {
        client: Ident(0),
        at: 0,
        outbound: false,
        status: "",
        dialed_number: "",
        wait_seconds: None,
        talk_seconds: None,
        manager_id: "",
        recording_url: "",
        quality_score: None,
        ambiguous: false,
        dimension: 0,
        origin: None,
    });
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.touch_id(TouchTopic::Calls, row.event_id);
    out.u64(row.content.0);
    out.id(state.client);
    out.i64(state.at);
    out.string(if state.outbound {
        "outbound"
    } else {
        "inbound"
    });
    out.string(state.status);
    out.string(state.dialed_number);
    out.nullable(state.wait_seconds, RowWriter::i64);
    out.nullable(state.talk_seconds, RowWriter::i64);
    out.string(state.manager_id);
    out.string(state.recording_url);
    out.nullable(state.quality_score, |out, score| {
        out.u8(score.min(255) as u8);
    });
    out.bool(state.ambiguous);
    let is_deleted = row.state.is_none();
    whence(state.dimension, state.origin, is_deleted, names, out)?;
    out.u64(row.version);
    out.bool(is_deleted);
    Ok(())
}

/// The source and the record of a touch; a tombstone has neither.
fn whence(
    dimension: u32,
    origin: Option<Origin>,
    is_deleted: bool,
    names: Names<'_>,
    out: &mut RowWriter<'_>,
) -> Result<(), RowError> {
    let nothing = Dimension::default();
    let dimension = if is_deleted {
        &nothing
    } else {
        names.dimension(dimension)?
    };
    out.string(dimension.channel);
    out.string(dimension.source);
    out.string(dimension.medium);
    out.string(dimension.campaign);
    out.string(dimension.content);
    out.string(dimension.term);
    let (topic, partition, offset) = match origin {
        Some(origin) => (names.topic(origin.topic)?, origin.partition, origin.offset),
        None if is_deleted => ("", 0, 0),
        None => ("", -1, -1),
    };
    out.string(topic);
    out.i32(partition);
    out.i64(offset);
    Ok(())
}
