//! Facts between the wire (or the store) and the core. Both name sources and
//! origins by their place in a table; what the table holds is their affair.

use std::sync::Arc;

use throughline_core::fact::{
    Call, CallStatus, Contact, DealEvent, DealStatus, Hit, LeaseRef, Money, Origin,
};
use throughline_core::{EventKey, Fact, FactBody, Ident, OriginId, Source};
use throughline_proto::events as wire;

/// The index of an origin that is not given.
const NO_ORIGIN: u32 = u32::MAX;

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
    fn source(&mut self, index: u32) -> Option<Source>;
    /// The origin of a place.
    fn origin(&self, index: u32) -> Option<OriginId>;
}

/// A fact for the wire or the store.
pub fn to_wire(fact: &Fact, tables: &mut impl Tables) -> wire::Fact {
    let (origin, offset) = fact.origin.map_or((NO_ORIGIN, 0), |origin| {
        (tables.origin(origin.partition), origin.offset)
    });
    wire::Fact {
        at: fact.key.at,
        event_id: fact.key.id.to_string(),
        content_hash: fact.key.content,
        origin,
        offset,
        body: Some(body_to_wire(fact, tables)),
    }
}

fn body_to_wire(fact: &Fact, tables: &mut impl Tables) -> wire::fact::Body {
    use wire::fact::Body;
    match &fact.body {
        FactBody::Member(ident) => Body::Member(wire::Member {
            id: Some(ident_to_wire(*ident)),
        }),
        FactBody::Hit(hit) => Body::Hit(wire::Hit {
            visitor: Some(ident_to_wire(hit.visitor)),
            source: hit.source.map_or(0, |source| tables.source(source) + 1),
            lead: hit.lead,
            run_ms: hit.until.saturating_sub(fact.key.at) as u64,
            lead_only: false,
        }),
        FactBody::Lead { visitor } => Body::Hit(wire::Hit {
            visitor: Some(ident_to_wire(*visitor)),
            lead: true,
            lead_only: true,
            ..wire::Hit::default()
        }),
        FactBody::Call(call) => Body::Call(wire::Call {
            outbound: call.outbound,
            status: match call.status {
                CallStatus::Answered => wire::CallStatus::Answered,
                CallStatus::Missed => wire::CallStatus::Missed,
                CallStatus::Busy => wire::CallStatus::Busy,
                CallStatus::Voicemail => wire::CallStatus::Voicemail,
            }
            .into(),
            dialed_number: call.dialed_number.to_string(),
            wait_seconds: call.wait_seconds,
            talk_seconds: call.talk_seconds,
            manager_id: call.manager_id.to_string(),
            recording_url: call.recording_url.to_string(),
            quality_score: call.quality_score,
            source: tables.source(call.source),
            lease: call.lease.as_ref().map(|lease| wire::LeaseRef {
                at: lease.key.at,
                event_id: lease.key.id.to_string(),
                content_hash: lease.key.content,
                visitor: Some(ident_to_wire(lease.visitor)),
            }),
            ambiguous: call.ambiguous,
        }),
        FactBody::Contact(contact) => Body::Contact(wire::Contact {
            source: tables.source(contact.source),
            email: contact.email,
            kind: contact.kind.to_string(),
        }),
        FactBody::Deal(event) => Body::Deal(deal_to_wire(event)),
    }
}

fn deal_to_wire(event: &DealEvent) -> wire::DealEvent {
    let text = |text: &Option<Arc<str>>| text.as_ref().map(ToString::to_string);
    wire::DealEvent {
        deal: Some(ident_to_wire(event.deal)),
        deal_id: event.deal_id.to_string(),
        status: match event.status {
            DealStatus::Created => wire::DealStatus::Created,
            DealStatus::StageChanged => wire::DealStatus::StageChanged,
            DealStatus::Won => wire::DealStatus::Won,
            DealStatus::Lost => wire::DealStatus::Lost,
            DealStatus::Refunded => wire::DealStatus::Refunded,
        }
        .into(),
        stage: text(&event.stage),
        pipeline: text(&event.pipeline),
        amount: event.amount.map(money_to_wire),
        cost: event.cost.map(money_to_wire),
        refund: event.refund.map(money_to_wire),
        manager_id: text(&event.manager_id),
        date: event.date,
    }
}

/// A fact from the wire or the store; the error says what is missing.
pub fn from_wire(fact: wire::Fact, lookup: &mut impl Lookup) -> Result<Fact, &'static str> {
    let key = EventKey {
        at: fact.at,
        id: fact.event_id.into(),
        content: fact.content_hash,
    };
    let origin = lookup.origin(fact.origin).map(|partition| Origin {
        partition,
        offset: fact.offset,
    });
    let body = body_from_wire(&key, fact.body.ok_or("fact without body")?, lookup)?;
    Ok(Fact { key, origin, body })
}

fn body_from_wire(
    key: &EventKey,
    body: wire::fact::Body,
    lookup: &mut impl Lookup,
) -> Result<FactBody, &'static str> {
    use wire::fact::Body;
    Ok(match body {
        Body::Member(member) => FactBody::Member(ident_from_wire(member.id)?),
        Body::Hit(hit) if hit.lead_only => FactBody::Lead {
            visitor: ident_from_wire(hit.visitor)?,
        },
        Body::Hit(hit) => FactBody::Hit(Hit {
            visitor: ident_from_wire(hit.visitor)?,
            source: match hit.source.checked_sub(1) {
                Some(index) => Some(lookup.source(index).ok_or("hit with unknown source")?),
                None => None,
            },
            lead: hit.lead,
            until: key.at.saturating_add_unsigned(hit.run_ms),
        }),
        Body::Call(call) => FactBody::Call(Box::new(call_from_wire(call, lookup)?)),
        Body::Contact(contact) => FactBody::Contact(Contact {
            source: lookup
                .source(contact.source)
                .ok_or("contact with unknown source")?,
            email: contact.email,
            kind: contact.kind.into(),
        }),
        Body::Deal(event) => FactBody::Deal(Box::new(deal_from_wire(event)?)),
    })
}

fn call_from_wire(call: wire::Call, lookup: &mut impl Lookup) -> Result<Call, &'static str> {
    let lease = match call.lease {
        Some(lease) => Some(LeaseRef {
            key: EventKey {
                at: lease.at,
                id: lease.event_id.into(),
                content: lease.content_hash,
            },
            visitor: ident_from_wire(lease.visitor)?,
        }),
        None => None,
    };
    Ok(Call {
        outbound: call.outbound,
        status: match wire::CallStatus::try_from(call.status) {
            Ok(wire::CallStatus::Answered) => CallStatus::Answered,
            Ok(wire::CallStatus::Missed) => CallStatus::Missed,
            Ok(wire::CallStatus::Busy) => CallStatus::Busy,
            Ok(wire::CallStatus::Voicemail) => CallStatus::Voicemail,
            Err(_) => return Err("call with unknown status"),
        },
        dialed_number: call.dialed_number.into(),
        wait_seconds: call.wait_seconds,
        talk_seconds: call.talk_seconds,
        manager_id: call.manager_id.into(),
        recording_url: call.recording_url.into(),
        quality_score: call.quality_score,
        source: lookup
            .source(call.source)
            .ok_or("call with unknown source")?,
        lease,
        ambiguous: call.ambiguous,
    })
}

fn deal_from_wire(event: wire::DealEvent) -> Result<DealEvent, &'static str> {
    Ok(DealEvent {
        deal: ident_from_wire(event.deal)?,
        deal_id: event.deal_id.into(),
        status: match wire::DealStatus::try_from(event.status) {
            Ok(wire::DealStatus::Created) => DealStatus::Created,
            Ok(wire::DealStatus::StageChanged) => DealStatus::StageChanged,
            Ok(wire::DealStatus::Won) => DealStatus::Won,
            Ok(wire::DealStatus::Lost) => DealStatus::Lost,
            Ok(wire::DealStatus::Refunded) => DealStatus::Refunded,
            Err(_) => return Err("deal event with unknown status"),
        },
        stage: event.stage.map(Into::into),
        pipeline: event.pipeline.map(Into::into),
        amount: event.amount.as_ref().map(money_from_wire).transpose()?,
        cost: event.cost.as_ref().map(money_from_wire).transpose()?,
        refund: event.refund.as_ref().map(money_from_wire).transpose()?,
        manager_id: event.manager_id.map(Into::into),
        date: event.date,
    })
}

/// Money for the wire.
pub fn money_to_wire(money: Money) -> wire::Money {
    let currency = String::from_utf8_lossy(&money.currency).into_owned();
    wire::Money {
        minor: money.minor,
        currency,
    }
}

/// Money from the wire.
pub fn money_from_wire(money: &wire::Money) -> Result<Money, &'static str> {
    let currency = money
        .currency
        .as_bytes()
        .try_into()
        .map_err(|_| "money without currency")?;
    Ok(Money {
        minor: money.minor,
        currency,
    })
}

/// An identifier for the wire.
pub fn ident_to_wire(ident: Ident) -> wire::Ident {
    throughline_proto::Ident(ident.0).into()
}

/// An identifier from the wire.
pub fn ident_from_wire(ident: Option<wire::Ident>) -> Result<Ident, &'static str> {
    let ident = throughline_proto::Ident::from(ident.ok_or("message without identifier")?);
    Ok(Ident(ident.0))
}
