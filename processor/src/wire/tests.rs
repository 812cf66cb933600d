use std::collections::BTreeMap;

use throughline_channels::{Channels, Preset, SourceLists};
use throughline_proto::Ident;
use throughline_proto::events::{
    Batch, BatchWriter, Body, Cost, DealEvent, DealStatus, Fact, FactBody, Hit, Key, Lease,
    Message, Money, Source,
};
use throughline_proto::flat::ContentHash;
use throughline_proto::money::{Currency, Rates};

use super::*;
use crate::{Attribution, TenantSettings};

const KEY: Key<'_> = Key {
    at: 5,
    id: "e",
    content: ContentHash(1),
};
const COST: Cost<'_> = Cost {
    key: KEY,
    source: 0,
    date: 0,
    hour: None,
    first_hour: 0,
    hours: 24,
    cost: money(1),
    impressions: 0,
    clicks: 0,
};

const fn money(minor: i64) -> Money {
    let currency = *b"RUB";
    Money { currency, minor }
}

const fn key(at: i64) -> Key<'static> {
    Key { at, ..KEY }
}

const fn fact(at: i64, body: FactBody<'_>) -> Body<'_> {
    Body::Fact(Fact {
        key: key(at),
        place: None,
        body,
    })
}

fn hit(at: i64, run_ms: u64) -> Body<'static> {
    let hit = Hit {
        visitor: Ident(1),
        source: None,
        lead: false,
        run_ms,
    };
    fact(at, FactBody::Hit(hit))
}

fn deal(amount: i64) -> Body<'static> {
    let event = DealEvent {
        deal: Ident(2),
        deal_id: "d",
        status: DealStatus::Won,
        stage: None,
        pipeline: None,
        amount: Some(money(amount)),
        cost: None,
        refund: None,
        manager_id: None,
        date: 0,
    };
    fact(5, FactBody::Deal(event))
}

fn lease(at: i64, until: i64) -> Body<'static> {
    Body::Lease(Lease {
        key: key(at),
        until,
        visitor: Ident(1),
    })
}

fn settings() -> TenantSettings {
    let lists = Arc::new(SourceLists::new());
    TenantSettings {
        time_zone: chrono_tz::Tz::UTC,
        currency: Currency::parse("RUB").unwrap(),
        lookback_days: 90,
        reset_on_conversion: false,
        models: Vec::new(),
        channels: Channels::new(&[], Preset::Ga4, lists).unwrap(),
        rates: Rates::default(),
    }
}

/// What is wrong with a record of one message.
fn refused(lamport: u64, body: Body<'_>) -> Option<&'static str> {
    let mut writer = BatchWriter::default();
    writer.tenants.push(&"default");
    writer.sources.push(&Source::default());
    let to = Ident(1);
    writer.push(&Message {
        tenant: 0,
        to,
        body,
    });
    let value = writer.finish(lamport);
    assert!(Batch::read(&value).is_ok());
    let rules = Attribution::new(1, settings(), BTreeMap::new(), "test");
    let mut names = Names::default();
    let read = |names: &mut Names| {
        let mut incoming = Incoming::read(&value, names, &rules)?;
        incoming.next(names, &rules).expect("a message").map(drop)
    };
    read(&mut names).err().map(|error| error.0)
}

#[test]
fn what_cannot_be_reckoned_with_is_refused() {
    const TIME: Option<&str> = Some("a time out of range");
    const FIGURE: Option<&str> = Some("a figure out of range");
    const HOURS: Option<&str> = Some("a cost of more hours than a day has");
    let last = *wire::MOMENTS_MS.end();
    let cost = |hours, first_hour, impressions| {
        Body::Cost(Cost {
            hours,
            first_hour,
            impressions,
            ..COST
        })
    };
    for (lamport, body, expected) in [
        (wire::MAX_LAMPORT, hit(last - 5, 5), None),
        (
            wire::MAX_LAMPORT + 1,
            hit(5, 0),
            Some("a Lamport time out of range"),
        ),
        (0, hit(last + 1, 0), TIME),
        (0, hit(i64::MIN, 0), TIME),
        (0, hit(last, 1), TIME),
        (0, hit(0, u64::MAX), TIME),
        (0, deal(wire::MAX_FIGURE), None),
        (0, deal(wire::MAX_FIGURE + 1), FIGURE),
        (0, deal(-1), FIGURE),
        (0, lease(0, i64::MAX), None),
        (0, lease(i64::MAX, i64::MAX), TIME),
        (0, cost(25, 0, 0), None),
        (0, cost(0, 0, 0), HOURS),
        (0, cost(u32::MAX, 0, 0), HOURS),
        (0, cost(24, i32::MAX, 0), Some("an hour out of range")),
        (0, cost(24, 0, i64::MAX), FIGURE),
    ] {
        assert_eq!(refused(lamport, body.clone()), expected, "{body:?}");
    }
}
