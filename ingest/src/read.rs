//! Fields to a valid, normalised event, or the refusal.

mod money;
mod topics;

use chrono::NaiveDate;
use throughline_proto::events::MOMENTS_MS;
use throughline_proto::topics::RawTopic;

use crate::decode::Field;
use crate::event::{Body, Event, Identifiers, Statement};
use crate::fields::{Fields, ID_BYTES, IDENTIFIER_BYTES};
use crate::moment::{AHEAD_MS, EARLIEST_MS};
use crate::normalise::{Phones, email, is_junk};
use crate::recent::RecentMap;
use crate::reject::{Reason, Rejection};
use crate::source::Sources;
use crate::tenant::{Tenant, Tenants};
use throughline_proto::hours::{self, HourSpan};

/// What is worth remembering between events; any of it may be lost.
#[derive(Debug)]
pub struct Memory {
    /// Parsed phones.
    pub phones: Phones,
    /// Hosts of referrers.
    pub sources: Sources,
    /// The hours of days.
    pub hours: RecentMap<(chrono_tz::Tz, NaiveDate, Option<u8>), HourSpan>,
}

/// Reads one event of a topic; `record_ms` is its record's own timestamp.
pub fn event<'a>(
    topic: RawTopic,
    fields: &Fields<'_, 'a>,
    record_ms: i64,
    tenants: &'a Tenants,
    memory: &mut Memory,
) -> Result<Event<'a>, Rejection> {
    let event_id = fields.filled_text(Field::EventId, ID_BYTES)?;
    let event_id = fields.require(Field::EventId, event_id)?;
    let tenant_name = fields
        .filled_text(Field::Tenant, ID_BYTES)?
        .unwrap_or("default");
    let at = occurred_at(fields, record_ms)?;
    let mut reader = Reader {
        fields,
        tenant: tenants.of(tenant_name),
        at,
        memory,
    };
    let mut identifiers = reader.identifiers()?;
    let body = reader.body(topic, &mut identifiers)?;
    admit(topic, fields, &identifiers, &body)?;
    Ok(Event {
        tenant: reader.tenant,
        tenant_name,
        event_id,
        at,
        identifiers,
        body,
    })
}

fn occurred_at(fields: &Fields<'_, '_>, record_ms: i64) -> Result<i64, Rejection> {
    let at = fields.moment(Field::OccurredAt)?;
    let at = fields.require(Field::OccurredAt, at)?;
    if at < EARLIEST_MS {
        return Err(fields.reject(Reason::OutOfRange, Field::OccurredAt, "before 2000-01-01"));
    }
    if at > record_ms.saturating_add(AHEAD_MS) {
        let message = "more than 24 hours after the record's timestamp";
        return Err(fields.reject(Reason::FutureTime, Field::OccurredAt, message));
    }
    // The record's timestamp is its producer's, and may be anything.
    if at > *MOMENTS_MS.end() {
        return Err(fields.reject(Reason::OutOfRange, Field::OccurredAt, "after 9999-12-31"));
    }
    Ok(at)
}

/// Whether enough identifiers are left for the topic.
fn admit(
    topic: RawTopic,
    fields: &Fields<'_, '_>,
    identifiers: &Identifiers<'_>,
    body: &Body<'_>,
) -> Result<(), Rejection> {
    let needed = match topic {
        RawTopic::Deals | RawTopic::Costs => 0,
        RawTopic::Identities => match body {
            Body::Identity(Statement::Erase) => 1,
            Body::Identity(Statement::Split { deal_id }) => usize::from(deal_id.is_none()),
            _ => 2,
        },
        _ => 1,
    };
    let count = identifiers.count();
    if count < needed {
        let message = match count {
            0 => "no valid identifier",
            _ => "only one valid identifier",
        };
        return Err(fields.reject_all(Reason::NoIdentifier, message));
    }
    Ok(())
}

struct Reader<'r, 'a> {
    fields: &'r Fields<'r, 'a>,
    tenant: &'a Tenant,
    at: i64,
    memory: &'r mut Memory,
}

impl<'a> Reader<'_, 'a> {
    /// The identifiers that every topic may have.
    fn identifiers(&mut self) -> Result<Identifiers<'a>, Rejection> {
        let fields = self.fields;
        let raw = |field| fields.text(field, IDENTIFIER_BYTES);
        let opaque = |field| Ok(raw(field)?.filter(|value| !is_junk(value)));
        let phone = raw(Field::Phone)?;
        Ok(Identifiers {
            visitor: opaque(Field::VisitorId)?,
            user: opaque(Field::UserId)?,
            email: raw(Field::Email)?.and_then(|value| email(value, fields.arena())),
            crm_contact: opaque(Field::CrmContactId)?,
            phone: phone.and_then(|phone| self.phone(phone)),
            caller: None,
        })
    }

    fn phone(&mut self, value: &str) -> Option<&'a str> {
        let region = self.tenant.phone_region;
        let phones = &mut self.memory.phones;
        phones.e164(value, region, self.fields.arena())
    }

    fn require_text(&self, field: Field, limit: usize) -> Result<&'a str, Rejection> {
        let text = self.fields.text(field, limit)?;
        self.fields.require(field, text)
    }

    fn hours(&mut self, date: NaiveDate, hour: Option<u8>) -> HourSpan {
        let zone = self.tenant.time_zone;
        let key = (zone, date, hour);
        if let Some(known) = self.memory.hours.get(&key) {
            return known;
        }
        let span = match hour {
            Some(hour) => hours::hour(zone, date, hour.into()),
            None => hours::day(zone, date),
        };
        self.memory.hours.insert(key, span);
        span
    }

    fn body(
        &mut self,
        topic: RawTopic,
        identifiers: &mut Identifiers<'a>,
    ) -> Result<Body<'a>, Rejection> {
        match topic {
            RawTopic::Web => self.web().map(Body::Web),
            RawTopic::Calls => {
                let caller = self.require_text(Field::CallerPhone, IDENTIFIER_BYTES)?;
                identifiers.caller = self.phone(caller);
                self.call().map(Body::Call)
            }
            RawTopic::Emails => self.email().map(Body::Email),
            RawTopic::Deals => self.deal().map(Body::Deal),
            RawTopic::Costs => self.cost().map(Body::Cost),
            RawTopic::Touches => self.touch(),
            RawTopic::Numbers => self.lease(),
            RawTopic::Identities => Ok(Body::Identity(self.statement()?)),
        }
    }
}

impl Identifiers<'_> {
    /// How many different ones there are.
    pub fn count(&self) -> usize {
        let caller_is_another = self.caller.is_some() && self.caller != self.phone;
        [
            self.visitor.is_some(),
            self.user.is_some(),
            self.phone.is_some(),
            caller_is_another,
            self.email.is_some(),
            self.crm_contact.is_some(),
        ]
        .into_iter()
        .map(usize::from)
        .sum()
    }
}
