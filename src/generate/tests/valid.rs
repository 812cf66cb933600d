//! Every event is one that ingest takes, and every broken one is not.

use std::sync::Arc;
use std::time::Duration;

use throughline_channels::{Channels, Preset, SourceLists};
use throughline_ingest::{IdentKey, IdentKeys, Ingest};
use throughline_proto::topics::RawTopic;
use throughline_stream::memory::MemoryBroker;
use throughline_stream::{Outgoing, Polled, Record, Role as _, Source as _, Step};

use super::super::market::{SOURCES, campaign_name};
use super::super::outbox::{Parcel, Sort};
use super::super::plan::Order;
use super::{order, parcels};
use crate::config::Settings;
use crate::roles;

/// What ingest rejects of these records, which arrive when they arrive.
fn rejected(parcels: &[Parcel]) -> Vec<Record> {
    let settings = Settings::from_texts(None, std::iter::empty()).unwrap();
    let config = roles::ingest_config(&settings, IdentKeys::new(IdentKey::new(&[7; 32])));
    let broker = MemoryBroker::new();
    for (topic, _) in &config.topics {
        broker.create_topic(topic, 1);
    }
    broker.create_topic(&config.events_topic, config.events_partitions);
    broker.create_topic(&config.dead_letters_topic, 1);
    for parcel in parcels {
        let record = Outgoing {
            topic: parcel.topic.name().into(),
            value: Some(parcel.line.clone().into_bytes()),
            ..Outgoing::default()
        };
        broker.append(record, parcel.arrival.0).unwrap();
    }
    let topics: Vec<_> = RawTopic::ALL.iter().map(|topic| topic.name()).collect();
    let mut dead = broker.source(&[&config.dead_letters_topic]);
    let source = broker.source(&topics);
    let mut ingest = Ingest::new(config, source, broker.publisher(0)).unwrap();
    while ingest.step().unwrap() == Step::Worked {}
    ingest.finish().unwrap();
    let mut all = Vec::new();
    loop {
        match dead.poll(usize::MAX, Duration::ZERO).unwrap() {
            Polled::Records(records) if records.is_empty() => return all,
            Polled::Records(records) => all.extend(records),
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
}

fn text(record: &Record) -> String {
    let value = record.value.as_deref().unwrap_or_default();
    let headers = record.headers.iter().map(|header| {
        let value = header.value.as_deref().unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    });
    let headers: Vec<_> = headers.collect();
    format!("{}: {}", headers.join(" "), String::from_utf8_lossy(value))
}

#[test]
fn ingest_takes_every_event() {
    let order = Order {
        tenants: 2,
        ..order(5, 0.0)
    };
    let rejected = rejected(&parcels(&order));
    assert!(rejected.is_empty(), "{}", text(&rejected[0]));
}

#[test]
fn ingest_takes_no_broken_record() {
    let parcels = parcels(&order(6, 0.2));
    let mut broken: Vec<_> = parcels
        .iter()
        .filter(|parcel| parcel.sort == Sort::Junk)
        .map(|parcel| parcel.line.clone())
        .collect();
    assert!(broken.len() > 1000);
    let mut refused: Vec<_> = rejected(&parcels)
        .into_iter()
        .map(|record| String::from_utf8(record.value.unwrap()).unwrap())
        .collect();
    broken.sort();
    refused.sort();
    assert!(broken == refused);
}

#[test]
fn the_truth_knows_the_channels_by_their_names() {
    let lists = Arc::new(SourceLists::new());
    let channels = Channels::new(&[], Preset::from_name("ga4").unwrap(), lists).unwrap();
    for (index, source) in SOURCES.iter().enumerate() {
        for campaign in 0..source.campaigns.len() as u32 {
            let campaign = campaign_name(index, campaign);
            let channel = channels.channel(source.name, source.medium, &campaign);
            assert_eq!(channel, source.channel, "{source:?}");
        }
    }
}
