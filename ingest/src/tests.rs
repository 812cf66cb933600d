//! Scenarios over the memory broker: records in, messages and dead letters out.

mod cycle;
mod encodings;
mod messages;
mod privacy;
mod rejections;
mod rotation;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use throughline_channels::SourceLists;
use throughline_proto::Ident;
use throughline_proto::events::{self, Batch, Body, Fact, FactBody, Message};
use throughline_proto::topics::{DEAD_LETTERS, EVENTS, RawTopic};
use throughline_stream::memory::MemoryBroker;
use throughline_stream::{Header, Outgoing, Polled, Record, Role as _, Source as _, Step};

use crate::{
    Config, IdentKey, IdentKeys, Ingest, Limits, RateSpan, RejectedShares, ShareLimits,
    StaticNumber, TenantConfig,
};

/// 2026-01-10T12:00:00Z, the timestamp of every record.
const NOW: i64 = 1_768_046_400_000;
const PARTITIONS: u32 = 4;

/// What came out of a run.
struct Output {
    /// Partitions and values of the records of `events`, as published.
    records: Vec<(i32, Vec<u8>)>,
    letters: Vec<Record>,
}

/// A record of `events`, taken apart.
struct Published<'a> {
    partition: i32,
    batch: Batch<'a>,
    messages: Vec<Message<'a>>,
}

/// A line with a default tenant, and `acme` in New York with dollars.
fn config() -> Config {
    let acme = TenantConfig {
        time_zone: Tz::America__New_York,
        currency: "USD".to_owned(),
        phone_region: "US".to_owned(),
        excluded_referrers: vec!["stripe.com".to_owned()],
        static_numbers: vec![StaticNumber {
            number: "(212) 555-2368".to_owned(),
            source: " Billboard ".to_owned(),
            medium: "Offline".to_owned(),
            campaign: "Times Square".to_owned(),
        }],
        rates: vec![RateSpan {
            currency: "EUR".to_owned(),
            from: "2026-01-01".parse().unwrap(),
            until: Some("2026-01-31".parse().unwrap()),
        }],
    };
    Config {
        topics: RawTopic::ALL
            .map(|topic| (Arc::from(topic.name()), topic))
            .to_vec(),
        events_topic: EVENTS.into(),
        events_partitions: PARTITIONS,
        dead_letters_topic: DEAD_LETTERS.into(),
        default_tenant: TenantConfig::default(),
        tenants: BTreeMap::from([("acme".to_owned(), acme)]),
        lists: Arc::new(SourceLists::new()),
        keys: IdentKeys::new(IdentKey::new(&[7; 32])),
        limits: Limits::default(),
        shares: RejectedShares::new(ShareLimits::default()),
    }
}

fn record(topic: RawTopic, value: impl AsRef<[u8]>) -> Outgoing {
    Outgoing {
        topic: topic.name().into(),
        value: Some(value.as_ref().to_vec()),
        ..Outgoing::default()
    }
}

fn protobuf(topic: RawTopic, message: &impl prost::Message) -> Outgoing {
    let header = Header {
        name: "content-type".to_owned(),
        value: Some(b"application/x-protobuf".to_vec()),
    };
    Outgoing {
        headers: vec![header],
        ..record(topic, message.encode_to_vec())
    }
}

fn run(records: Vec<Outgoing>) -> Output {
    run_with(config(), records)
}

fn run_with(config: Config, records: Vec<Outgoing>) -> Output {
    let broker = MemoryBroker::new();
    for topic in RawTopic::ALL {
        broker.create_topic(topic.name(), 1);
    }
    broker.create_topic(EVENTS, config.events_partitions);
    broker.create_topic(DEAD_LETTERS, 1);
    for record in records {
        broker.append(record, NOW).unwrap();
    }
    let topics = RawTopic::ALL.map(RawTopic::name);
    let mut ingest = Ingest::new(config, broker.source(&topics), broker.publisher(NOW)).unwrap();
    while ingest.step().unwrap() == Step::Worked {}
    ingest.finish().unwrap();
    let events = all_of(&broker, EVENTS).into_iter();
    Output {
        records: events
            .map(|record| (record.partition, record.value.unwrap()))
            .collect(),
        letters: all_of(&broker, DEAD_LETTERS),
    }
}

fn all_of(broker: &MemoryBroker, topic: &str) -> Vec<Record> {
    let mut source = broker.source(&[topic]);
    let mut all = Vec::new();
    loop {
        match source.poll(1000, Duration::ZERO).unwrap() {
            Polled::Records(records) if records.is_empty() => return all,
            Polled::Records(records) => all.extend(records),
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
}

impl Output {
    fn published(&self) -> Vec<Published<'_>> {
        let records = self.records.iter();
        records
            .map(|(partition, value)| {
                let (batch, messages) = Batch::read(value).unwrap();
                Published {
                    partition: *partition,
                    batch,
                    messages: messages.collect::<Result<_, _>>().unwrap(),
                }
            })
            .collect()
    }

    /// Every message in words, sorted.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for Published {
            batch, messages, ..
        } in self.published()
        {
            lines.extend(messages.iter().map(|message| describe(&batch, message)));
        }
        lines.sort();
        lines
    }

    fn facts(&self) -> Vec<Fact<'_>> {
        let published = self.published().into_iter();
        published
            .flat_map(|published| published.messages)
            .filter_map(|message| match message.body {
                Body::Fact(fact) => Some(fact),
                Body::Call(call) => Some(call.fact),
                _ => None,
            })
            .collect()
    }

    /// Reason and field of each dead letter.
    fn refusals(&self) -> Vec<(String, String)> {
        let letters = self.letters.iter();
        letters
            .map(|letter| {
                let of = |name| header(letter, name).unwrap_or_default();
                (of("throughline-reason"), of("throughline-field"))
            })
            .collect()
    }
}

fn header(record: &Record, name: &str) -> Option<String> {
    let header = record.headers.iter().find(|header| header.name == name)?;
    Some(String::from_utf8(header.value.clone()?).unwrap())
}

fn kind(ident: Ident) -> &'static str {
    ident
        .kind()
        .map_or("nobody", throughline_proto::IdentKind::name)
}

/// A message in words, its node by kind: hashes are tested elsewhere.
fn describe(batch: &Batch<'_>, message: &Message<'_>) -> String {
    let tenant = batch.tenants[message.tenant as usize];
    let to = kind(message.to);
    let what = match &message.body {
        Body::Fact(fact) => describe_fact(batch, fact),
        Body::Link(link) => {
            let mut ends = [to, kind(link.other)];
            ends.sort_unstable();
            return format!("{tenant} link {} {}", ends[0], ends[1]);
        }
        Body::Call(call) => {
            let fact = describe_fact(batch, &call.fact);
            format!("from {} {fact}", kind(call.caller))
        }
        Body::Lease(lease) => format!(
            "lease {} {}..{} {}",
            kind(lease.visitor),
            lease.key.at,
            lease.until,
            lease.key.id
        ),
        Body::Cost(cost) => format!(
            "cost {} {} day {} hour {:?} hours {}+{} {} {} {}",
            source(batch, cost.source),
            money(Some(cost.cost)),
            cost.date,
            cost.hour,
            cost.first_hour,
            cost.hours,
            cost.impressions,
            cost.clicks,
            cost.key.id
        ),
        Body::Forwarded(_)
        | Body::Shortcut(_)
        | Body::Answer(_)
        | Body::Join(_)
        | Body::Close(_)
        | Body::Forget(_) => panic!("ingest sends no {message:?}"),
    };
    format!("{tenant} {to}: {what}")
}

fn source(batch: &Batch<'_>, index: u32) -> String {
    let s = &batch.sources[index as usize];
    [s.source, s.medium, s.campaign, s.content, s.term].join("|")
}

fn money(money: Option<events::Money>) -> String {
    money.map_or("-".to_owned(), |money| {
        let currency = std::str::from_utf8(&money.currency).unwrap();
        format!("{}{currency}", money.minor)
    })
}

fn describe_fact(batch: &Batch<'_>, fact: &Fact<'_>) -> String {
    let of_identity = matches!(
        fact.body,
        FactBody::Member(_) | FactBody::Split(_) | FactBody::Erased(_)
    );
    assert_eq!(fact.place.is_none(), of_identity, "{fact:?}");
    match &fact.body {
        FactBody::Member(member) => format!("member {}", kind(*member)),
        FactBody::Hit(hit) => {
            let source = hit.source.map(|index| source(batch, index));
            let lead = if hit.lead { " lead" } else { "" };
            format!("hit {}{lead}", source.unwrap_or_default())
        }
        FactBody::Split(split) => {
            format!("split {:?}", split.other.map(kind))
        }
        FactBody::Erased(pseudonym) => format!("erased {}", kind(*pseudonym)),
        FactBody::Lead(_) | FactBody::Linked(_) => panic!("ingest sends no {fact:?}"),
        FactBody::Call(call) => format!(
            "call {} {:?} {} {:?} {:?} {:?} {:?} {:?}",
            if call.outbound { "out" } else { "in" },
            call.status,
            call.dialed_number,
            source(batch, call.source),
            call.wait_seconds,
            call.talk_seconds,
            call.quality_score,
            (call.manager_id, call.recording_url),
        ),
        FactBody::Contact(contact) => format!(
            "{} {} {}",
            if contact.email { "click" } else { "touch" },
            contact.kind,
            source(batch, contact.source)
        ),
        FactBody::Deal(deal) => format!(
            "deal {} {:?} {:?} {:?} {} {} {} {:?} day {}",
            deal.deal_id,
            deal.status,
            deal.stage,
            deal.pipeline,
            money(deal.amount),
            money(deal.cost),
            money(deal.refund),
            deal.manager_id,
            deal.date
        ),
    }
}
