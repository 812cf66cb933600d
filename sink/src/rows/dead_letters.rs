//! Rejected records.

use throughline_proto::topics::dead_letter_headers as headers;
use throughline_stream::Record;

use crate::native::{List, Row};
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
    ("replay_of", "String"),
    ("rejected_at", "DateTime64(3, 'UTC')"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `dead_letter_versions`. A record without the headers that
/// ingest adds was put into the topic by someone else: it stands for itself.
pub fn dead_letter(record: &Record, out: &mut Row<'_>) {
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
    let own = record.headers.iter();
    let own = own.filter(|header| !ADDED.contains(&header.name.as_str()));
    let own = own.map(|header| (header.name.as_str(), header.value.as_deref()));
    out.put(topic.as_str());
    out.put(partition);
    out.put(offset);
    out.put(text(headers::REASON).as_str());
    out.put(text(headers::FIELD).as_str());
    out.put(text(headers::MESSAGE).as_str());
    out.put(record.key.as_deref());
    out.put(record.value.as_deref());
    out.put(List(own));
    out.put(text(headers::REPLAY_OF).as_str());
    out.put(record.timestamp_ms);
    out.put(record.timestamp_ms.max(0) as u64);
    out.put(false);
}

/// The headers that ingest and a replay add; all others are the record's own.
const ADDED: [&str; 7] = [
    headers::TOPIC,
    headers::PARTITION,
    headers::OFFSET,
    headers::REASON,
    headers::FIELD,
    headers::MESSAGE,
    headers::REPLAY_OF,
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
