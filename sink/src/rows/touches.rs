//! Touches and calls.

use throughline_proto::rollups::{
    Call, CallState, Origin, TouchRef, TouchState, TouchTopic, Touchpoint,
};

use super::{Names, RowError};
use crate::native::{Row, TouchId};
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
    out: &mut Row<'_>,
) -> Result<(), RowError> {
    let state = row.state.unwrap_or(TouchState {
        at: 0,
        kind: "",
        dimension: 0,
        origin: None,
    });
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(TouchId(Some(TouchRef {
        topic: row.topic,
        event_id: row.event_id,
    })));
    out.put(row.content.0);
    out.put(row.client);
    out.put(state.at);
    out.put(state.kind);
    let is_deleted = row.state.is_none();
    whence(state.dimension, state.origin, is_deleted, names, out)?;
    out.put(row.version);
    out.put(is_deleted);
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
pub fn call(row: &Call<'_>, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    let state = row.state.unwrap_or(CallState {
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
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(TouchId(Some(TouchRef {
        topic: TouchTopic::Calls,
        event_id: row.event_id,
    })));
    out.put(row.content.0);
    out.put(row.client);
    out.put(state.at);
    out.put(if state.outbound {
        "outbound"
    } else {
        "inbound"
    });
    out.put(state.status);
    out.put(state.dialed_number);
    out.put(state.wait_seconds);
    out.put(state.talk_seconds);
    out.put(state.manager_id);
    out.put(state.recording_url);
    out.put(state.quality_score.map(|score| score.min(255) as u8));
    out.put(state.ambiguous);
    let is_deleted = row.state.is_none();
    whence(state.dimension, state.origin, is_deleted, names, out)?;
    out.put(row.version);
    out.put(is_deleted);
    Ok(())
}

/// The source and the record of a touch; a tombstone has neither.
fn whence(
    dimension: u32,
    origin: Option<Origin>,
    is_deleted: bool,
    names: Names<'_>,
    out: &mut Row<'_>,
) -> Result<(), RowError> {
    if is_deleted {
        for _ in 0..6 {
            out.put("");
        }
    } else {
        let dimension = names.dimension(dimension)?;
        out.put(dimension.channel);
        out.put(dimension.source);
        out.put(dimension.medium);
        out.put(dimension.campaign);
        out.put(dimension.content);
        out.put(dimension.term);
    }
    let (partition, offset) = if let Some(origin) = origin {
        out.put(names.topic(origin.topic)?);
        (origin.partition, origin.offset)
    } else {
        out.put("");
        if is_deleted { (0, 0) } else { (-1, -1) }
    };
    out.put(partition);
    out.put(offset);
    Ok(())
}
