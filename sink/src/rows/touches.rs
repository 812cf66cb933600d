//! Touches and calls.

use throughline_proto::rollups::{Call, Dimension, Touchpoint};

use super::{Names, RowError, bits};
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
    row: &Touchpoint,
    names: Names<'_>,
    out: &mut RowWriter<'_>,
) -> Result<(), RowError> {
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.string(&row.touch_id);
    out.u64(row.content_hash);
    out.id(bits(row.client));
    out.i64(row.at);
    out.string(&row.kind);
    dimension(names.dimension_of(row.dimension, row.deleted)?, out);
    out.string(names.origin_of(row.origin_topic, row.deleted)?);
    out.i32(row.origin_partition);
    out.i64(row.origin_offset);
    out.u64(row.version);
    out.bool(row.deleted);
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
pub fn call(row: &Call, names: Names<'_>, out: &mut RowWriter<'_>) -> Result<(), RowError> {
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.string(&row.touch_id);
    out.u64(row.content_hash);
    out.id(bits(row.client));
    out.i64(row.at);
    out.string(if row.outbound { "outbound" } else { "inbound" });
    out.string(&row.status);
    out.string(&row.dialed_number);
    out.nullable(row.wait_seconds, RowWriter::i64);
    out.nullable(row.talk_seconds, RowWriter::i64);
    out.string(&row.manager_id);
    out.string(&row.recording_url);
    out.nullable(row.quality_score, |out, score| out.u8(score.min(255) as u8));
    out.bool(row.ambiguous);
    dimension(names.dimension_of(row.dimension, row.deleted)?, out);
    out.string(names.origin_of(row.origin_topic, row.deleted)?);
    out.i32(row.origin_partition);
    out.i64(row.origin_offset);
    out.u64(row.version);
    out.bool(row.deleted);
    Ok(())
}

fn dimension(dimension: &Dimension, out: &mut RowWriter<'_>) {
    out.string(&dimension.channel);
    out.string(&dimension.source);
    out.string(&dimension.medium);
    out.string(&dimension.campaign);
    out.string(&dimension.content);
    out.string(&dimension.term);
}
