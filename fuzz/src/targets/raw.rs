//! What producers send.

use std::cell::RefCell;
use std::sync::Arc;

use serde_json::value::RawValue;
use throughline_ingest::Reason;
use throughline_ingest::convert::Converter;
use throughline_ingest::decode::{Object, json as decode};
use throughline_ingest::tally::StageTimes;
use throughline_proto::topics::{DEAD_LETTERS, EVENTS, RawTopic, dead_letter_headers};
use throughline_stream::{Header, Outgoing, Publish, Record, StreamError};
use throughline_tests::configure;

use super::processor;
use crate::input::Input;

/// 2026-03-15T01:00:00Z, after all of the traffic that seeds are made of.
const NOW: i64 = 1_773_536_400_000;

/// What is JSON is told as `serde_json` tells it, but for names that stand for
/// no text.
pub fn json(data: &[u8]) {
    let Some(text) = Input::new(data).text() else {
        return;
    };
    let known = serde_json::from_str::<&RawValue>(text);
    let mut object = Object::default();
    let read = decode::objects(text, &mut object, |_, _| Ok(()));
    match read {
        Ok(()) => assert!(known.is_ok(), "not JSON: {text:?}"),
        Err(rejection) => {
            assert_eq!(rejection.reason, Reason::InvalidJson);
            assert!(
                known.is_err() || rejection.message.contains("escape"),
                "JSON: {text:?}"
            );
        }
    }
    if text.starts_with('"') && known.is_ok() {
        let string = serde_json::from_str::<String>(text).ok();
        assert_eq!(decode::unescape(text), string);
    }
}

/// A record of any topic becomes messages that the processor can apply, or a
/// dead letter that holds the record's bytes.
pub fn ingest(data: &[u8]) {
    let record = record(data);
    for sent in convert(record.clone()) {
        if *sent.topic == *EVENTS {
            let value = sent.value.unwrap_or_default();
            processor::apply(&[&value]).expect("the processor reads what ingest writes");
            continue;
        }
        assert_eq!(&*sent.topic, DEAD_LETTERS);
        assert_eq!(sent.value, record.value);
        let reason = |header: &Header| header.name == dead_letter_headers::REASON;
        assert!(sent.headers.iter().any(reason));
    }
}

/// A record by the first byte (topic, encoding, timestamp) and its value.
pub fn record(data: &[u8]) -> Record {
    let mut input = Input::new(data);
    let kind = input.byte();
    let topic = RawTopic::ALL[usize::from(kind % 8)];
    let content_type = Header {
        name: "content-type".to_owned(),
        value: Some(b"application/x-protobuf".to_vec()),
    };
    Record {
        topic: topic.name().into(),
        partition: 0,
        offset: 5,
        timestamp_ms: [NOW, i64::MAX, 0, i64::MIN][usize::from(kind >> 4 & 3)],
        key: None,
        value: Some(input.rest().to_vec()),
        headers: Vec::from_iter((kind & 8 != 0).then_some(content_type)),
    }
}

/// What ingest makes of a record.
pub fn convert(record: Record) -> Vec<Outgoing> {
    thread_local! {
        static CONVERTER: RefCell<Converter> = RefCell::new(converter());
    }
    CONVERTER.with_borrow_mut(|converter| {
        let mut published = Published::default();
        let taken = converter
            .convert(&[record], &mut published)
            .and_then(|()| converter.publish_all(&mut published));
        taken.expect("nothing refuses to be published");
        converter.report(StageTimes::default());
        published.0
    })
}

fn converter() -> Converter {
    let mut config = configure::ingest(&super::settings(), 1);
    config.limits.remembered_links = 0;
    config.limits.remembered_values = 64;
    config.topics = RawTopic::ALL
        .map(|topic| (Arc::from(topic.name()), topic))
        .to_vec();
    Converter::new(config).expect("sound settings")
}

/// Keeps what is published.
#[derive(Default)]
struct Published(Vec<Outgoing>);

impl Publish for Published {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        self.0.push(record);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }
}
