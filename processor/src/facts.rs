//! Facts between the wire (or the store) and the core. Both name sources and
//! origins by their place in a table; what the table holds is their affair.

use std::sync::Arc;

use throughline_core::fact::{
    Call, CallStatus, Contact, DealEvent, DealStatus, Hit, LeaseRef, Link, LinkForm, Money, Origin,
    Split,
};
use throughline_core::journey::{Dated, Journey};
use throughline_core::message::Lease;
use throughline_core::{EventKey, Fact, FactBody, Ident, OriginId, Source};
use throughline_proto::events as wire;
use throughline_proto::flat::{ContentHash, Malformed};

/// Gives sources and origins their places in a table.
pub trait Tables {
    /// The place of a source.
    fn source(&mut self, source: Source) -> u32;
    /// The place of an origin.
    fn origin(&mut self, origin: OriginId) -> u32;
}

/// Finds sources and origins by their places in a table.
pub trait Lookup {
    /// The source of a place.
    fn source(&mut self, index: u32) -> Result<Source, Malformed>;
    /// The origin of a place.
    fn origin(&self, index: u32) -> Result<OriginId, Malformed>;
}

/// A fact for the wire or the store.
pub fn to_wire<'a>(fact: &'a Fact, tables: &mut impl Tables) -> wire::Fact<'a> {
    wire::Fact {
        key: key_to_wire(&fact.key),
        place: fact.origin.map(|origin| place_to_wire(origin, tables)),
        body: body_to_wire(fact, tables),
    }
}

/// The facts of a journey that say nothing of identity and are not of a
/// visitor, for the store.
pub fn rare_to_wire<'a>(journey: &'a Journey, tables: &mut impl Tables) -> Vec<wire::Fact<'a>> {
    let mut facts = Vec::new();
    for call in &journey.calls {
        let body = wire::FactBody::Call(call_to_wire(&call.body, tables));
        facts.push(dated_to_wire(call, body, tables));
    }
    for contact in &journey.contacts {
        let body = wire::FactBody::Contact(contact_to_wire(&contact.body, tables));
        facts.push(dated_to_wire(contact, body, tables));
    }
    for event in journey.deals.iter().flat_map(|deal| &deal.events) {
        let body = wire::FactBody::Deal(deal_to_wire(&event.body));
        facts.push(dated_to_wire(event, body, tables));
    }
    facts
}

fn dated_to_wire<'a, T>(
    dated: &'a Dated<T>,
    body: wire::FactBody<'a>,
    tables: &mut impl Tables,
) -> wire::Fact<'a> {
    wire::Fact {
        key: key_to_wire(&dated.key),
        place: dated.origin.map(|origin| place_to_wire(origin, tables)),
        body,
    }
}

fn place_to_wire(origin: Origin, tables: &mut impl Tables) -> wire::Place {
    wire::Place {
        origin: tables.origin(origin.partition),
        offset: origin.offset,
    }
}

fn body_to_wire<'a>(fact: &'a Fact, tables: &mut impl Tables) -> wire::FactBody<'a> {
    use wire::FactBody as Body;
    match &fact.body {
        FactBody::Member(ident) => Body::Member(ident_to_wire(*ident)),
        FactBody::Linked(link) => Body::Linked(wire::Linked {
            high: ident_to_wire(link.high),
            low: ident_to_wire(link.low),
            form: form_to_wire(link.form),
        }),
        FactBody::Split(split) => Body::Split(wire::Split {
            one: ident_to_wire(split.one),
            other: split.other.map(ident_to_wire),
        }),
        FactBody::Erased(pseudonym) => Body::Erased(ident_to_wire(*pseudonym)),
        FactBody::Hit(hit) => Body::Hit(wire::Hit {
            visitor: ident_to_wire(hit.visitor),
            source: hit.source.map(|source| tables.source(source)),
            lead: hit.lead,
            run_ms: hit.until.saturating_sub(fact.key.at) as u64,
        }),
        FactBody::Lead { visitor } => Body::Lead(ident_to_wire(*visitor)),
        FactBody::Call(call) => Body::Call(call_to_wire(call, tables)),
        FactBody::Contact(contact) => Body::Contact(contact_to_wire(contact, tables)),
        FactBody::Deal(event) => Body::Deal(deal_to_wire(event)),
    }
}

fn call_to_wire<'a>(call: &'a Call, tables: &mut impl Tables) -> wire::Call<'a> {
    wire::Call {
        owner: ident_to_wire(call.owner),
        outbound: call.outbound,
        status: match call.status {
            CallStatus::Answered => wire::CallStatus::Answered,
            CallStatus::Missed => wire::CallStatus::Missed,
            CallStatus::Busy => wire::CallStatus::Busy,
            CallStatus::Voicemail => wire::CallStatus::Voicemail,
        },
        dialed_number: &call.dialed_number,
        wait_seconds: call.wait_seconds,
        talk_seconds: call.talk_seconds,
        manager_id: &call.manager_id,
        recording_url: &call.recording_url,
        quality_score: call.quality_score,
        source: tables.source(call.source),
        lease: call.lease.as_ref().map(|lease| wire::LeaseRef {
            key: key_to_wire(&lease.key),
            visitor: ident_to_wire(lease.visitor),
        }),
        ambiguous: call.ambiguous,
    }
}

fn contact_to_wire<'a>(contact: &'a Contact, tables: &mut impl Tables) -> wire::Contact<'a> {
    wire::Contact {
        owner: ident_to_wire(contact.owner),
        source: tables.source(contact.source),
        email: contact.email,
        kind: &contact.kind,
    }
}

fn deal_to_wire(event: &DealEvent) -> wire::DealEvent<'_> {
    wire::DealEvent {
        deal: ident_to_wire(event.deal),
        deal_id: &event.deal_id,
        status: match event.status {
            DealStatus::Created => wire::DealStatus::Created,
            DealStatus::StageChanged => wire::DealStatus::StageChanged,
            DealStatus::Won => wire::DealStatus::Won,
            DealStatus::Lost => wire::DealStatus::Lost,
            DealStatus::Refunded => wire::DealStatus::Refunded,
        },
        stage: event.stage.as_deref(),
        pipeline: event.pipeline.as_deref(),
        amount: event.amount.map(money_to_wire),
        cost: event.cost.map(money_to_wire),
        refund: event.refund.map(money_to_wire),
        manager_id: event.manager_id.as_deref(),
        date: event.date,
    }
}

/// A fact from the wire or the store; the error says what is wrong with it.
pub fn from_wire(fact: &wire::Fact<'_>, lookup: &mut impl Lookup) -> Result<Fact, Malformed> {
    let key = key_from_wire(&fact.key)?;
    let origin = match fact.place {
        Some(place) => Some(Origin {
            partition: lookup.origin(place.origin)?,
            offset: place.offset,
        }),
        None => None,
    };
    let body = body_from_wire(key.at, &fact.body, lookup)?;
    Ok(Fact { key, origin, body })
}

fn body_from_wire(
    at: i64,
    body: &wire::FactBody<'_>,
    lookup: &mut impl Lookup,
) -> Result<FactBody, Malformed> {
    use wire::FactBody as Body;
    Ok(match body {
        Body::Member(ident) => FactBody::Member(ident_from_wire(*ident)),
        Body::Linked(linked) => FactBody::Linked(Link {
            high: ident_from_wire(linked.high),
            low: ident_from_wire(linked.low),
            form: form_from_wire(linked.form),
        }),
        Body::Split(split) => FactBody::Split(Split {
            one: ident_from_wire(split.one),
            other: split.other.map(ident_from_wire),
        }),
        Body::Erased(pseudonym) => FactBody::Erased(ident_from_wire(*pseudonym)),
        Body::Lead(visitor) => FactBody::Lead {
            visitor: ident_from_wire(*visitor),
        },
        Body::Hit(hit) => FactBody::Hit(Hit {
            visitor: ident_from_wire(hit.visitor),
            source: match hit.source {
                Some(index) => Some(lookup.source(index)?),
                None => None,
            },
            lead: hit.lead,
            until: end_of_run(at, hit.run_ms)?,
        }),
        Body::Call(call) => FactBody::Call(Box::new(call_from_wire(call, lookup)?)),
        Body::Contact(contact) => FactBody::Contact(Contact {
            owner: ident_from_wire(contact.owner),
            source: lookup.source(contact.source)?,
            email: contact.email,
            kind: contact.kind.into(),
        }),
        Body::Deal(event) => FactBody::Deal(Box::new(deal_from_wire(event)?)),
    })
}

fn call_from_wire(call: &wire::Call<'_>, lookup: &mut impl Lookup) -> Result<Call, Malformed> {
    Ok(Call {
        owner: ident_from_wire(call.owner),
        outbound: call.outbound,
        status: match call.status {
            wire::CallStatus::Answered => CallStatus::Answered,
            wire::CallStatus::Missed => CallStatus::Missed,
            wire::CallStatus::Busy => CallStatus::Busy,
            wire::CallStatus::Voicemail => CallStatus::Voicemail,
        },
        dialed_number: call.dialed_number.into(),
        wait_seconds: call.wait_seconds,
        talk_seconds: call.talk_seconds,
        manager_id: call.manager_id.into(),
        recording_url: call.recording_url.into(),
        quality_score: call.quality_score,
        source: lookup.source(call.source)?,
        lease: match &call.lease {
            Some(lease) => Some(LeaseRef {
                key: key_from_wire(&lease.key)?,
                visitor: ident_from_wire(lease.visitor),
            }),
            None => None,
        },
        ambiguous: call.ambiguous,
    })
}

fn deal_from_wire(event: &wire::DealEvent<'_>) -> Result<DealEvent, Malformed> {
    Ok(DealEvent {
        deal: ident_from_wire(event.deal),
        deal_id: event.deal_id.into(),
        status: match event.status {
            wire::DealStatus::Created => DealStatus::Created,
            wire::DealStatus::StageChanged => DealStatus::StageChanged,
            wire::DealStatus::Won => DealStatus::Won,
            wire::DealStatus::Lost => DealStatus::Lost,
            wire::DealStatus::Refunded => DealStatus::Refunded,
        },
        stage: event.stage.map(Arc::from),
        pipeline: event.pipeline.map(Arc::from),
        amount: event.amount.map(money_from_wire).transpose()?,
        cost: event.cost.map(money_from_wire).transpose()?,
        refund: event.refund.map(money_from_wire).transpose()?,
        manager_id: event.manager_id.map(Arc::from),
        date: event.date,
    })
}

/// What a link amounts to, for the wire or the store.
pub const fn form_to_wire(form: LinkForm) -> wire::LinkForm {
    match form {
        LinkForm::Taken => wire::LinkForm::Taken,
        LinkForm::Alias => wire::LinkForm::Alias,
        LinkForm::Refused => wire::LinkForm::Refused,
    }
}

/// What a link amounts to, from the wire or the store.
pub const fn form_from_wire(form: wire::LinkForm) -> LinkForm {
    match form {
        wire::LinkForm::Taken => LinkForm::Taken,
        wire::LinkForm::Alias => LinkForm::Alias,
        wire::LinkForm::Refused => LinkForm::Refused,
    }
}

/// A lease from the wire or the store.
pub fn lease_from_wire(lease: &wire::Lease<'_>) -> Result<Lease, Malformed> {
    Ok(Lease {
        key: key_from_wire(&lease.key)?,
        visitor: ident_from_wire(lease.visitor),
        until: lease.until,
    })
}

/// A lease for the wire or the store.
pub fn lease_to_wire(lease: &Lease) -> wire::Lease<'_> {
    wire::Lease {
        key: key_to_wire(&lease.key),
        until: lease.until,
        visitor: ident_to_wire(lease.visitor),
    }
}

/// An event's key for the wire or the store.
pub fn key_to_wire(key: &EventKey) -> wire::Key<'_> {
    wire::Key {
        at: key.at,
        id: &key.id,
        content: ContentHash(key.content),
    }
}

/// An event's key from the wire or the store.
pub fn key_from_wire(key: &wire::Key<'_>) -> Result<EventKey, Malformed> {
    Ok(EventKey {
        at: moment(Some(key.at))?,
        id: key.id.into(),
        content: key.content.0,
    })
}

/// The last hit of a run, by the first one and how long the run is.
pub fn end_of_run(at: i64, run_ms: u64) -> Result<i64, Malformed> {
    moment(at.checked_add_unsigned(run_ms))
}

/// A moment that time can be reckoned with.
pub fn moment(at: Option<i64>) -> Result<i64, Malformed> {
    at.filter(|at| wire::MOMENTS_MS.contains(at))
        .ok_or(Malformed("a time out of range"))
}

/// Money for the wire.
pub const fn money_to_wire(money: Money) -> wire::Money {
    wire::Money {
        currency: money.currency,
        minor: money.minor,
    }
}

/// Money from the wire.
pub fn money_from_wire(money: wire::Money) -> Result<Money, Malformed> {
    Ok(Money {
        minor: figure(money.minor)?,
        currency: money.currency,
    })
}

/// An amount or a count of one event. None is below zero.
pub fn figure(figure: i64) -> Result<i64, Malformed> {
    if (0..=wire::MAX_FIGURE).contains(&figure) {
        Ok(figure)
    } else {
        Err(Malformed("a figure out of range"))
    }
}

/// An identifier for the wire.
pub const fn ident_to_wire(ident: Ident) -> throughline_proto::Ident {
    throughline_proto::Ident(ident.0)
}

/// An identifier from the wire.
pub const fn ident_from_wire(ident: throughline_proto::Ident) -> Ident {
    Ident(ident.0)
}
