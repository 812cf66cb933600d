//! Rejected records, as they go to the topic of dead letters: key, value and
//! headers as they came, and headers that say where from and why.

use std::sync::Arc;

use throughline_proto::topics::dead_letter_headers as names;
use throughline_stream::{Header, Outgoing, Record};

use crate::reject::Rejection;

/// The dead letter of a record.
pub fn dead_letter(topic: &Arc<str>, record: &Record, rejection: &Rejection) -> Outgoing {
    let added = [
        (names::TOPIC, record.topic.to_string()),
        (names::PARTITION, record.partition.to_string()),
        (names::OFFSET, record.offset.to_string()),
        (names::REASON, rejection.reason.name().to_owned()),
        (names::FIELD, rejection.field.clone()),
        (names::MESSAGE, rejection.message.to_string()),
    ];
    let mut headers = record.headers.clone();
    headers.extend(added.map(|(name, value)| header(name, value)));
    Outgoing {
        topic: Arc::clone(topic),
        partition: None,
        key: record.key.clone(),
        value: record.value.clone(),
        headers,
    }
}

/// The same without its value, for one that is too large for its topic: the
/// record still stands where the headers say.
pub fn without_value(mut letter: Outgoing) -> Outgoing {
    let bytes = letter.value.take().map_or(0, |value| value.len());
    letter
        .headers
        .push(header(names::VALUE_OMITTED, bytes.to_string()));
    letter
}

fn header(name: &str, value: String) -> Header {
    Header {
        name: name.to_owned(),
        value: Some(value.into_bytes()),
    }
}
