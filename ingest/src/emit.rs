//! A valid event as messages to the nodes of `events`: a fact for the client's
//! journey, and a link for each further identifier.

use throughline_proto::events::{self, fact, message};
use throughline_proto::topics::RawTopic;
use throughline_proto::{Ident, IdentKind};
use throughline_stream::{Publish, StreamError};

use crate::batch::{Batch, Batches, Origin};
use crate::content::ContentHasher;
use crate::event::{Body, Call, Cost, Deal, Email, Event, Identifiers, Source, Web};
use crate::hours::days_since_epoch;
use crate::ident::IdentKey;
use crate::money::MinorUnit;
use crate::recent::RecentMap;

/// Turns events into messages.
#[derive(Debug)]
pub struct Emitter {
    key: IdentKey,
    content: ContentHasher,
    /// Links and registrations that were sent before. They are facts, so
    /// forgetting one only repeats it.
    sent: RecentMap<(Ident, Ident), ()>,
    identifiers: Vec<Ident>,
}

/// Where an event stands in its raw topic.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The partition.
    pub origin: Origin<'a>,
    /// The record's offset there.
    pub offset: i64,
}

/// One event on its way into the batches.
struct Sender<'s, 'e, P> {
    event: &'s Event<'e>,
    content_hash: u64,
    place: Place<'s>,
    batches: &'s mut Batches,
    publish: &'s mut P,
}

/// One of an event's identifiers.
#[derive(Clone, Copy)]
enum Slot {
    Visitor,
    User,
    Phone,
    Caller,
    Email,
    CrmContact,
}

use Slot::{Caller, CrmContact, Phone, User, Visitor};

/// In which order the identifiers of a topic's events are taken: the first
/// that exists is the anchor, which the event is sent to.
const fn order(topic: RawTopic) -> [Slot; 6] {
    match topic {
        RawTopic::Calls => [Caller, Phone, CrmContact, User, Visitor, Slot::Email],
        RawTopic::Emails => [Slot::Email, Visitor, User, Phone, CrmContact, Caller],
        _ => [Visitor, User, Phone, Slot::Email, CrmContact, Caller],
    }
}

impl Identifiers<'_> {
    fn get(&self, slot: Slot) -> Option<(IdentKind, &str)> {
        let (kind, value) = match slot {
            Visitor => (IdentKind::Visitor, self.visitor.as_deref()),
            User => (IdentKind::User, self.user.as_deref()),
            Phone => (IdentKind::Phone, self.phone.as_deref()),
            Caller => (IdentKind::Phone, self.caller.as_deref()),
            Slot::Email => (IdentKind::Email, self.email.as_deref()),
            CrmContact => (IdentKind::CrmContact, self.crm_contact.as_deref()),
        };
        value.map(|value| (kind, value))
    }
}

impl Emitter {
    /// An emitter that remembers up to `capacity` links.
    pub fn new(key: IdentKey, capacity: usize) -> Self {
        Self {
            key,
            content: ContentHasher::default(),
            sent: RecentMap::new(capacity),
            identifiers: Vec::new(),
        }
    }

    /// How many links are remembered.
    pub fn remembered(&self) -> usize {
        self.sent.len()
    }

    /// Puts the event's messages into the batches.
    pub fn emit(
        &mut self,
        topic: RawTopic,
        event: &Event<'_>,
        place: Place<'_>,
        batches: &mut Batches,
        publish: &mut impl Publish,
    ) -> Result<(), StreamError> {
        let mut identifiers = std::mem::take(&mut self.identifiers);
        self.identify(topic, event, &mut identifiers);
        let mut sender = Sender {
            event,
            content_hash: self.content.hash(event),
            place,
            batches,
            publish,
        };
        let registers = self.send_body(&mut sender, &identifiers)?;
        self.send_links(&mut sender, &identifiers, registers)?;
        self.identifiers = identifiers;
        Ok(())
    }

    /// The event's identifiers, the anchor first.
    fn identify(&self, topic: RawTopic, event: &Event<'_>, identifiers: &mut Vec<Ident>) {
        identifiers.clear();
        if let Body::Deal(deal) = &event.body {
            identifiers.push(self.ident(event, IdentKind::Deal, &deal.deal_id));
        }
        for slot in order(topic) {
            let Some((kind, value)) = event.identifiers.get(slot) else {
                continue;
            };
            let ident = self.ident(event, kind, value);
            if !identifiers.contains(&ident) {
                identifiers.push(ident);
            }
        }
    }

    fn ident(&self, event: &Event<'_>, kind: IdentKind, value: &str) -> Ident {
        self.key.ident(kind, &event.tenant_name, value.as_bytes())
    }

    /// Sends what the event itself says. True when that makes its anchor known.
    fn send_body<P: Publish>(
        &mut self,
        sender: &mut Sender<'_, '_, P>,
        identifiers: &[Ident],
    ) -> Result<bool, StreamError> {
        let event = sender.event;
        let anchor = identifiers.first().copied();
        match (&event.body, anchor) {
            (Body::Web(web), Some(visitor)) if event.identifiers.visitor.is_some() => {
                sender.fact(visitor, |batch| hit(batch, web, visitor))?;
            }
            (Body::Call(call), Some(caller)) => {
                let number = self.ident(event, IdentKind::Number, &call.dialed_number);
                sender.call(number, caller, call)?;
            }
            (Body::Email(email), Some(anchor)) if email.event == Email::CLICKED => {
                sender.fact(anchor, |batch| click(batch, email))?;
            }
            (Body::Deal(deal), Some(node)) => {
                sender.fact(node, |_| deal_event(deal, node))?;
            }
            (Body::Touch { source, kind }, Some(anchor)) => {
                sender.fact(anchor, |batch| touch(batch, source, kind))?;
            }
            (Body::Cost(cost), _) => {
                let key = self.content.cost_key(cost);
                let node = self.key.ident(IdentKind::CostKey, &event.tenant_name, key);
                sender.cost(node, cost)?;
                return Ok(false);
            }
            (Body::Lease { number, until }, Some(visitor))
                if event.identifiers.visitor.is_some() =>
            {
                let node = self.ident(event, IdentKind::Number, number);
                sender.lease(node, visitor, *until)?;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Links the anchor with the others; a lone identifier that nothing else
    /// makes known is registered.
    fn send_links<P: Publish>(
        &mut self,
        sender: &mut Sender<'_, '_, P>,
        identifiers: &[Ident],
        is_registered: bool,
    ) -> Result<(), StreamError> {
        let Some((anchor, others)) = identifiers.split_first() else {
            return Ok(());
        };
        if others.is_empty() && !is_registered && self.is_new(*anchor, *anchor) {
            let id = Some((*anchor).into());
            sender.fact(*anchor, |_| fact::Body::Member(events::Member { id }))?;
        }
        for other in others {
            let (high, low) = (*anchor.max(other), *anchor.min(other));
            if self.is_new(high, low) {
                sender.link(high, low)?;
            }
        }
        Ok(())
    }

    fn is_new(&mut self, high: Ident, low: Ident) -> bool {
        let is_new = self.sent.get(&(high, low)).is_none();
        if is_new {
            self.sent.insert((high, low), ());
        }
        is_new
    }
}

impl<P: Publish> Sender<'_, '_, P> {
    fn fact(
        &mut self,
        to: Ident,
        body: impl FnOnce(&mut Batch) -> fact::Body,
    ) -> Result<(), StreamError> {
        self.send(to, |batch, make_fact| {
            let body = body(batch);
            message::Body::Event(events::Event {
                fact: Some(make_fact(batch, body)),
                via: None,
                hops: 0,
            })
        })
    }

    fn call(&mut self, number: Ident, caller: Ident, call: &Call<'_>) -> Result<(), StreamError> {
        let table = &self.event.tenant.static_numbers;
        let printed = table.get(call.dialed_number.as_ref());
        self.send(number, |batch, make_fact| {
            let source = match printed {
                Some(source) => batch.source(source),
                None => batch.source(&Source {
                    source: (&*call.dialed_number).into(),
                    medium: "call".into(),
                    ..Source::default()
                }),
            };
            let body = fact::Body::Call(call_fact(call, source));
            message::Body::Call(events::CallAt {
                caller: Some(caller.into()),
                fact: Some(make_fact(batch, body)),
            })
        })
    }

    fn lease(&mut self, number: Ident, visitor: Ident, until: i64) -> Result<(), StreamError> {
        let lease = events::Lease {
            at: self.event.at,
            until,
            event_id: self.event.event_id.to_string(),
            content_hash: self.content_hash,
            visitor: Some(visitor.into()),
        };
        self.send(number, |_, _| message::Body::Lease(lease))
    }

    fn cost(&mut self, node: Ident, cost: &Cost<'_>) -> Result<(), StreamError> {
        let (event, content_hash) = (self.event, self.content_hash);
        self.send(node, |batch, _| {
            message::Body::Cost(events::Cost {
                at: event.at,
                event_id: event.event_id.to_string(),
                content_hash,
                source: batch.source(&cost.source),
                date: days_since_epoch(cost.date),
                hour: cost.hour,
                first_hour: cost.hours.first,
                hours: cost.hours.count,
                cost: money(Some(cost.cost), cost.currency),
                impressions: cost.impressions.unwrap_or_default(),
                clicks: cost.clicks.unwrap_or_default(),
            })
        })
    }

    fn link(&mut self, high: Ident, low: Ident) -> Result<(), StreamError> {
        let lower = Some(low.into());
        self.send(high, |_, _| message::Body::Link(events::Link { lower }))
    }

    /// Sends a message; the second argument of `body` makes the event's fact
    /// in the batch that the message goes to.
    fn send(
        &mut self,
        to: Ident,
        body: impl FnOnce(&mut Batch, &dyn Fn(&mut Batch, fact::Body) -> events::Fact) -> message::Body,
    ) -> Result<(), StreamError> {
        let (event, content_hash, place) = (self.event, self.content_hash, self.place);
        let make_fact = |batch: &mut Batch, body| events::Fact {
            at: event.at,
            event_id: event.event_id.to_string(),
            content_hash,
            origin: batch.origin(place.origin),
            offset: place.offset,
            body: Some(body),
        };
        self.batches
            .add(&event.tenant_name, to, self.publish, |batch| {
                body(batch, &make_fact)
            })
    }
}

fn hit(batch: &mut Batch, web: &Web<'_>, visitor: Ident) -> fact::Body {
    fact::Body::Hit(events::Hit {
        visitor: Some(visitor.into()),
        source: web
            .source
            .as_ref()
            .map_or(0, |source| batch.source(source) + 1),
        lead: web.event == Web::LEAD,
        run_ms: 0,
        lead_only: false,
    })
}

fn call_fact(call: &Call<'_>, source: u32) -> events::Call {
    events::Call {
        outbound: call.outbound,
        status: call.status.into(),
        dialed_number: call.dialed_number.to_string(),
        wait_seconds: call.wait_seconds,
        talk_seconds: call.talk_seconds,
        manager_id: call.manager_id.as_deref().unwrap_or_default().to_owned(),
        recording_url: call.recording_url.as_deref().unwrap_or_default().to_owned(),
        quality_score: call.quality_score.map(|score| score as u32),
        source,
        lease: None,
        ambiguous: false,
    }
}

fn click(batch: &mut Batch, email: &Email<'_>) -> fact::Body {
    let source = match email.source.as_ref() {
        "" => "email",
        source => source,
    };
    fact::Body::Contact(events::Contact {
        source: batch.source(&Source {
            source: source.into(),
            medium: "email".into(),
            campaign: email.campaign.as_ref().into(),
            ..Source::default()
        }),
        email: true,
        kind: "email".to_owned(),
    })
}

fn touch(batch: &mut Batch, source: &Source<'_>, kind: &str) -> fact::Body {
    fact::Body::Contact(events::Contact {
        source: batch.source(source),
        email: false,
        kind: kind.to_owned(),
    })
}

fn deal_event(deal: &Deal<'_>, node: Ident) -> fact::Body {
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    fact::Body::Deal(events::DealEvent {
        deal: Some(node.into()),
        deal_id: deal.deal_id.to_string(),
        status: deal.status.into(),
        stage: text(&deal.stage),
        pipeline: text(&deal.pipeline),
        amount: money(deal.amount, deal.currency),
        cost: money(deal.cost, deal.currency),
        refund: money(deal.refund_amount, deal.currency),
        manager_id: text(&deal.manager_id),
        date: days_since_epoch(deal.date),
    })
}

fn money(minor: Option<i64>, currency: MinorUnit) -> Option<events::Money> {
    minor.map(|minor| events::Money {
        minor,
        currency: currency.code.to_owned(),
    })
}
