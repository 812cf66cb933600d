//! What a record of each sort costs ingest, from its bytes to those of a batch.
//!
//! Records are made like those of a site: their ids all differ, their visitors
//! come back about ten times each.

#![expect(missing_docs, reason = "the macros of criterion make a function")]

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use throughline_channels::SourceLists;
use throughline_ingest::{
    Config, IdentKey, IdentKeys, Ingest, Limits, RejectedShares, ShareLimits, TenantConfig,
};
use throughline_proto::topics::{DEAD_LETTERS, EVENTS, RawTopic};
use throughline_stream::{
    Outgoing, Polled, Position, Publish, Record, Role as _, Source, StreamError,
};

/// As the program allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records of one poll.
const RECORDS: u64 = 2000;
/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600_000;

/// Gives what is put into it, once.
#[derive(Clone, Default)]
struct Given(Rc<RefCell<Vec<Record>>>);

impl Source for Given {
    fn poll(&mut self, _: usize, _: Duration) -> Result<Polled, StreamError> {
        Ok(Polled::Records(self.0.take()))
    }

    fn commit(&mut self, _: &[Position]) -> Result<(), StreamError> {
        Ok(())
    }
}

/// Takes what is published; nothing may be rejected.
struct Taken;

impl Publish for Taken {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        assert_eq!(&*record.topic, EVENTS);
        black_box(record.value);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }
}

fn config() -> Config {
    Config {
        topics: RawTopic::ALL
            .map(|topic| (Arc::from(topic.name()), topic))
            .to_vec(),
        events_topic: EVENTS.into(),
        events_partitions: 12,
        dead_letters_topic: DEAD_LETTERS.into(),
        default_tenant: TenantConfig::default(),
        tenants: std::collections::BTreeMap::new(),
        lists: Arc::new(SourceLists::new()),
        keys: IdentKeys::new(IdentKey::new(&[7; 32])),
        limits: Limits::default(),
        shares: RejectedShares::new(ShareLimits::default()),
    }
}

fn records(topic: RawTopic, fields: impl Fn(u64) -> String) -> Vec<Record> {
    let name: Arc<str> = topic.name().into();
    (0..RECORDS)
        .map(|number| Record {
            topic: Arc::clone(&name),
            partition: 0,
            offset: number as i64,
            timestamp_ms: NOW,
            key: None,
            value: Some(
                format!(
                    r#"{{"event_id":"e{number:010}","occurred_at":{at},"visitor_id":"c{visitor:08}",{fields}}}"#,
                    at = NOW + number as i64,
                    visitor = number * 7919 % (RECORDS / 10),
                    fields = fields(number),
                )
                .into_bytes(),
            ),
            headers: Vec::new(),
        })
        .collect()
}

fn tagged_hit(number: u64) -> String {
    format!(
        r#""event":"page_view","url":"https://shop.example.com/cart/{number}?utm_source=google&utm_medium=cpc&utm_campaign=camp_{}&utm_content=ad{}&utm_term=kw{}","referrer":"https://www.google.com/","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36""#,
        number % 30,
        number % 12,
        number % 300
    )
}

fn referred_hit(number: u64) -> String {
    format!(
        r#""event":"page_view","url":"https://shop.example.com/catalog/{number}","referrer":"https://www.google.com/","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36""#
    )
}

fn call(number: u64) -> String {
    format!(
        r#""caller_phone":"+7910{:07}","dialed_number":"+7495100{:04}","status":"answered","talk_seconds":99,"manager_id":"m11""#,
        number % 1000,
        number % 40
    )
}

fn deal(number: u64) -> String {
    format!(
        r#""deal_id":"d{number:08}","event":"won","amount":"161.50","currency":"RUB","cost":"47","phone":"+7910{:07}""#,
        number % 1000
    )
}

fn convert(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("convert");
    group.throughput(Throughput::Elements(RECORDS));
    for (name, records) in [
        ("tagged hit", records(RawTopic::Web, tagged_hit)),
        ("referred hit", records(RawTopic::Web, referred_hit)),
        ("call", records(RawTopic::Calls, call)),
        ("deal", records(RawTopic::Deals, deal)),
    ] {
        let given = Given::default();
        let mut ingest = Ingest::new(config(), given.clone(), Taken).expect("valid settings");
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || given.0.replace(records.clone()),
                |_| ingest.step().expect("nothing fails"),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, convert);
criterion_main!(benches);
