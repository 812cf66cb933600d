//! Inputs that mean something, to begin with. Those in a layout of the line's
//! own are made by the line itself, so that they are never of an old layout.

use prost::Message as _;
use throughline_proto::raw::{self, moment::Form};
use throughline_proto::topics::{EVENTS, RawTopic};
use throughline_tests::traffic::Plan;

use crate::targets::{processor, raw as records};

/// Events of the traffic that seeds are made of.
const EVENTS_OF_TRAFFIC: usize = 40;
/// At most so many seeds of a target.
const MAX_SEEDS: usize = 48;

const CHANNEL_RULES: &str = include_str!("../../channels/data/ga4.json");
const CONFIG: &str = include_str!("../../config/default.yaml");

const URLS: &[&[u8]] = &[
    b"https://shop.example.com/?utm_source=Google&utm_medium=cpc&utm_campaign=a+b%20c&gclid=1\xffhttps://www.google.com/search?q=x\xff",
    b"https://e.com/a?yclid=5#x?utm_source=no\xffhttps://t.me/x\xffNewsletter ",
    "http://user:pw@\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}:8080/?a=%D0%B4&&=&b\u{ff}".as_bytes(),
    b"https://[2001:db8::1]:80/\xffandroid-app://com.google.android.gm/\xff",
    b"https://a.example.co.uk/\xffhttps://pay.example.com./?x\xff",
];
const AMOUNTS: &[&str] = &[
    "\x0212.345",
    "\x02-0.00",
    "\x021.2e3",
    "\x03125e-1",
    "\x001000000000000.5",
    "\x041e-99999999999",
    "\x020000000000000000000000000000.005",
    "\x0299.995",
];
const TIMES: &[&str] = &[
    "2026-01-01T00:00:00Z",
    "2024-02-29t23:59:60.123456789+03:00",
    "2026-01-31",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999-23:59",
];
const IDENTIFIERS: &[&str] = &[
    "\x008 (916) 123-45-67",
    "\x00+7 916 123 45 67 доб. 12",
    "\x01+49 1512 3456789",
    "\x0100442079460018",
    "\x021-800-FLOWERS",
    "\x03020 7946 0018 ext. 3",
    "\x04(11) 91234-5678",
    "\x0501 55 1234 5678",
    "\x060 11 15 2345-6789",
    "\x0706 698 12345",
    "\x00 Ivan.Petrov@Example.COM ",
    "\x00-0-0",
    "\x00Undefined",
    "\x00\u{130}\u{1e9e}@x.y",
];
const DEAD_LETTER: &[u8] = b"\x01key\xff{\"broken\":\xff\x00web\xff\x013\xff\x0212\xff\x03invalid_json\xff\x04[0].x\xff\x06web[0]@5\xff\x0fown";
const SMALL_CONFIG: &str = "mode: prodution\nkafka: {partitions: {events: 0}, client: {socket.timeout.ms: soon}}\n\
    tenants:\n  defaults:\n    time_zone: Europe/Moskow\n    channels: {rules: [{channel: A, when: {source: {regex: '('}}}]}\n\
    \x20 named:\n    acme:\n      currency: EUR\n      models: [{name: a, weights: {first: 1, rest: 0.5}}, {name: b, half_life_days: 7}]\n\
    \x20     numbers: {'+74950000001': {source: may}}\n      currency_rates: {USD: [{from: 2026-01-01, rate: 0.9}]}\n";

const ADDRESSES: &[&str] = &[
    "period=30d&model=linear&level=campaign&versus=first_touch&basis=touch&sort=-revenue",
    "tenant=acme&period=2026-01-01..2026-01-31&compare=year&channel=Paid%20Search&not_source=google&campaign=&lang=ru",
    "from=2026-02-28&to=2026-03-01&period=own&by=manager&format=csv",
    "deal=D-1%2F%C3%A9+x&lang=en",
    "period=9999-12-31..0001-01-01&sort=--%00",
];

/// The seeds of a target.
///
/// # Panics
///
/// When the line does not take its own traffic.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let mut seeds: Vec<Vec<u8>> = match target {
        "json" => traffic().into_iter().map(|(_, value)| value).collect(),
        "ingest" => raw_records(),
        "url" => URLS.iter().map(|part| part.to_vec()).collect(),
        "address" => texts(ADDRESSES),
        "money" => texts(AMOUNTS),
        "time" => texts(TIMES),
        "identifiers" => texts(IDENTIFIERS),
        // To the last of these any bytes are messages.
        "events" | "processor" | "facts" => events(),
        "rollups" | "sink" => rows(),
        "stored" => stored(),
        "dead_letters" => vec![DEAD_LETTER.to_vec()],
        "config" => texts(&[CONFIG, SMALL_CONFIG]),
        "channels" => vec![[CHANNEL_RULES.as_bytes(), b"\xffgoogle\xffcpc\xffshopping"].concat()],
        _ => Vec::new(),
    };
    // Evenly, so that there are some of every kind.
    let step = seeds.len().div_ceil(MAX_SEEDS).max(1);
    let mut index = 0;
    seeds.retain(|_| {
        index += 1;
        (index - 1) % step == 0
    });
    seeds
}

fn traffic() -> Vec<(&'static str, Vec<u8>)> {
    Plan::new(7, EVENTS_OF_TRAFFIC).records()
}

/// Records as the target of ingest reads them.
fn raw_records() -> Vec<Vec<u8>> {
    let json = traffic().into_iter().map(|(topic, value)| {
        let topic = RawTopic::ALL.iter().position(|known| known.name() == topic);
        [vec![topic.expect("a topic") as u8], value].concat()
    });
    json.chain(protobuf()).collect()
}

fn protobuf() -> Vec<Vec<u8>> {
    let text = |text: &str| Some(text.to_owned());
    let common = || {
        Some(raw::Common {
            event_id: text("e1"),
            occurred_at: Some(raw::Moment {
                form: Some(Form::EpochMs(1_767_139_200_000)),
            }),
            visitor_id: text("v1"),
            email: text("a@b.com"),
            ..raw::Common::default()
        })
    };
    let web = raw::Web {
        common: common(),
        url: text("https://a.com/?gclid=1"),
        ..raw::Web::default()
    };
    let deal = raw::Deal {
        common: common(),
        deal_id: text("d"),
        event: text("won"),
        amount: text("12.5"),
        items: vec![raw::Item {
            sku: text("s"),
            quantity: text("2"),
            ..raw::Item::default()
        }],
        ..raw::Deal::default()
    };
    let cost = raw::Cost {
        common: common(),
        date: text("2026-01-01"),
        source: text("google"),
        medium: text("cpc"),
        cost: text("10.50"),
        clicks: Some(4),
        ..raw::Cost::default()
    };
    [
        (0, web.encode_to_vec()),
        (3, deal.encode_to_vec()),
        (4, cost.encode_to_vec()),
    ]
    .into_iter()
    .map(|(topic, value)| [vec![8 + topic], value].concat())
    .collect()
}

/// What ingest makes of the traffic: one record of each event, and one of all.
fn events() -> Vec<Vec<u8>> {
    let mut events: Vec<Vec<u8>> = raw_records()
        .iter()
        .flat_map(|data| records::convert(records::record(data)))
        .filter(|sent| *sent.topic == *EVENTS)
        .filter_map(|sent| sent.value)
        .collect();
    assert!(events.len() > EVENTS_OF_TRAFFIC / 2, "ingest rejects seeds");
    let some = events.iter().take(4).map(Vec::as_slice);
    events.push(some.collect::<Vec<_>>().join(&0xff));
    events
}

fn fold() -> (
    Vec<throughline_stream::Outgoing>,
    throughline_tests::simulate::Disk,
) {
    let events = events();
    let records: Vec<_> = events.iter().map(Vec::as_slice).collect();
    let (_, single) = records.split_last().expect("seeds");
    let (leaving, disk) = processor::fold(single).expect("the processor takes its seeds");
    (leaving, disk.snapshot())
}

fn rows() -> Vec<Vec<u8>> {
    let (leaving, _) = fold();
    let rows = leaving.into_iter().filter(|sent| *sent.topic != *EVENTS);
    rows.filter_map(|sent| sent.value).collect()
}

/// Values of the store, behind the kind that the target knows them by.
fn stored() -> Vec<Vec<u8>> {
    const KINDS: &[u8] = b"nukcm";
    let (_, disk) = fold();
    let mut seeds = Vec::new();
    for (key, value) in &disk {
        let kind = KINDS.iter().position(|kind| key.first() == Some(kind));
        if let Some(kind) = kind {
            seeds.push([&[kind as u8], &**value].concat());
        }
    }
    // Three strings, a tenant, a dimension and an origin.
    let counts = b"\x05\x03\x01\x01\x01\x00\xff\x06Direct\xff\x03web\xff";
    seeds.push([&counts[..], b"\x02\x00\xff\x00\x01\x02\x02\x00\xff\x02\x00"].concat());
    seeds
}
