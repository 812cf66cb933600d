//! Rejected records.

use throughline_proto::topics::dead_letter_headers as headers;
use throughline_stream::{Header, Record};

use crate::row_binary::RowWriter;
use crate::table::Columns;

/// Columns of `dead_letter_versions`.
pub const COLUMNS: Columns = &[
    ("topic", "LowCardinality(String)"),
    ("partition", "Int32"),
    ("offset", "Int64"),
    ("reason", "LowCardinality(String)"),
    ("field", "String"),
    ("message", "String"),
    ("key", "Nullable(String)"),
    ("value", "Nullable(String)"),
    (
        "headers",
        "Array(Tuple(name String, value Nullable(String)))",
    ),
    ("rejected_at", "DateTime64(3, 'UTC')"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `dead_letter_versions`. A record without the headers that
/// ingest adds was put into the topic by someone else: it stands for itself.
pub fn dead_letter(record: &Record, out: &mut RowWriter<'_>) {
    let text = |name| header(record, name);
    let number = |name| text(name).parse::<i64>().ok();
    let (topic, partition, offset) = match (
        text(headers::TOPIC),
        number(headers::PARTITION).and_then(|number| i32::try_from(number).ok()),
        number(headers::OFFSET),
    ) {
        (topic, Some(partition), Some(offset)) if !topic.is_empty() => (topic, partition, offset),
        _ => (record.topic.to_string(), record.partition, record.offset),
    };
    let own: Vec<&Header> = record
        .headers
        .iter()
        .filter(|header| !ADDED.contains(&header.name.as_str()))
        .collect();
    out.string(&topic);
    out.i32(partition);
    out.i64(offset);
    out.string(&text(headers::REASON));
    out.string(&text(headers::FIELD));
    out.string(&text(headers::MESSAGE));
    out.nullable(record.key.as_deref(), RowWriter::bytes);
    out.nullable(record.value.as_deref(), RowWriter::bytes);
    out.array(own.into_iter(), |out, header| {
        out.string(&header.name);
        out.nullable(header.value.as_deref(), RowWriter::bytes);
    });
    out.i64(record.timestamp_ms);
    out.u64(record.timestamp_ms.max(0) as u64);
    out.bool(false);
}

/// The headers that ingest adds; all others are the record's own.
const ADDED: [&str; 6] = [
    headers::TOPIC,
    headers::PARTITION,
    headers::OFFSET,
    headers::REASON,
    headers::FIELD,
    headers::MESSAGE,
];

/// The last header of that name, which is the one that ingest added.
fn header(record: &Record, name: &str) -> String {
    record
        .headers
        .iter()
        .rev()
        .find(|header| header.name == name)
        .and_then(|header| header.value.as_deref())
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .unwrap_or_default()
}
