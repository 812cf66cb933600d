//! A valid event as messages to the nodes of `events`: a fact for the client's
//! journey, a link for each further identifier, and one for each that was
//! known under another key.

use throughline_proto::events::{self, Fact, FactBody, Key, LinkForm};
use throughline_proto::flat::ContentHash;
use throughline_proto::topics::RawTopic;
use throughline_proto::{Ident, IdentKind};
use throughline_stream::{Publish, StreamError};

use crate::batch::{Batch, Batches, Origin};
use crate::config::Limits;
use crate::content::ContentHasher;
use crate::event::{Body, Call, Cost, Deal, Email, Event, Source, Statement, Web};
use crate::ident::{IdentKeys, Idents};
use crate::identify::Identified;
use crate::money::MinorUnit;
use crate::recent::RecentMap;
use throughline_proto::hours::days_since_epoch;

/// Turns events into messages.
#[derive(Debug)]
pub struct Emitter {
    idents: Idents,
    content: ContentHasher,
    /// Links and registrations that were sent before. They are facts, so
    /// forgetting one only repeats it.
    sent: RecentMap<(Ident, Ident), ()>,
    /// Links between the hashes of an identifier under two keys that were sent
    /// since they were last asked for.
    key_links: u64,
    identified: Identified,
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
    event: &'e Event<'e>,
    key: Key<'e>,
    place: Place<'s>,
    batches: &'s mut Batches,
    publish: &'s mut P,
}

impl Emitter {
    /// An emitter that remembers nothing yet.
    pub fn new(keys: IdentKeys, limits: &Limits) -> Self {
        Self {
            idents: Idents::new(keys, limits.remembered_values),
            content: ContentHasher::default(),
            sent: RecentMap::new(limits.remembered_links),
            key_links: 0,
            identified: Identified::default(),
        }
    }

    /// How many links are remembered.
    pub fn remembered(&self) -> usize {
        self.sent.len()
    }

    /// How many links between the hashes of an identifier under two keys were
    /// sent since this was last asked.
    pub fn take_key_links(&mut self) -> u64 {
        std::mem::take(&mut self.key_links)
    }

    /// Makes ready for events that are emitted next: what is remembered of many
    /// identifiers is brought near faster than that of one after the other.
    pub fn expect(&mut self, events: &[Event<'_>]) {
        for event in events {
            event
                .identifiers
                .announce(event.tenant_name, &mut self.idents);
        }
        self.idents.fetch();
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
        let mut identified = std::mem::take(&mut self.identified);
        identified.identify(topic, event, &mut self.idents);
        let mut sender = Sender {
            event,
            key: Key {
                at: event.at,
                id: event.event_id,
                content: ContentHash(self.content.hash(event, &identified.stable)),
            },
            place,
            batches,
            publish,
        };
        if let Body::Identity(Statement::Split { .. }) = event.body {
            sender.splits(&identified)?;
        } else {
            let registers = self.send_body(&mut sender, &identified.nodes)?;
            self.send_links(&mut sender, &identified.nodes, registers)?;
        }
        for (node, before) in &identified.rotated {
            self.key_links +=
                u64::from(self.send_link(&mut sender, *node, *before, LinkForm::Alias)?);
        }
        self.identified = identified;
        Ok(())
    }

    /// The node of what keeps its hash when the key rotates.
    fn stable(&mut self, event: &Event<'_>, kind: IdentKind, value: &str) -> Ident {
        self.idents
            .stable(kind, event.tenant_name, value.as_bytes())
    }

    /// Sends what the event itself says. True when that makes its anchor known.
    fn send_body<P: Publish>(
        &mut self,
        sender: &mut Sender<'_, '_, P>,
        nodes: &[Ident],
    ) -> Result<bool, StreamError> {
        let event = sender.event;
        let anchor = nodes.first().copied();
        match (&event.body, anchor) {
            (Body::Web(web), Some(visitor)) if event.identifiers.visitor.is_some() => {
                sender.fact(visitor, |batch| hit(batch, web, visitor))?;
            }
            (Body::Call(call), Some(caller)) => {
                let number = self.stable(event, IdentKind::Number, call.dialed_number);
                sender.call(number, caller, call)?;
            }
            (Body::Email(email), Some(anchor)) if email.event == Email::CLICKED => {
                sender.fact(anchor, |batch| click(batch, email, anchor))?;
            }
            (Body::Deal(deal), Some(node)) => {
                sender.fact(node, |_| deal_event(deal, node))?;
            }
            (Body::Identity(Statement::Erase), Some(anchor)) => {
                sender.fact(anchor, |_| FactBody::Erased(anchor.pseudonym()))?;
            }
            (Body::Touch { source, kind }, Some(anchor)) => {
                sender.fact(anchor, |batch| touch(batch, source, kind, anchor))?;
            }
            (Body::Cost(cost), _) => {
                let key = self.content.cost_key(cost);
                let node = self
                    .idents
                    .stable(IdentKind::CostKey, event.tenant_name, key);
                sender.cost(node, cost)?;
                return Ok(false);
            }
            (Body::Lease { number, until }, Some(visitor))
                if event.identifiers.visitor.is_some() =>
            {
                let node = self.stable(event, IdentKind::Number, number);
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
        nodes: &[Ident],
        is_registered: bool,
    ) -> Result<(), StreamError> {
        let Some((anchor, others)) = nodes.split_first() else {
            return Ok(());
        };
        if others.is_empty() && !is_registered && self.is_new(*anchor, *anchor) {
            sender.fact(*anchor, |_| FactBody::Member(*anchor))?;
        }
        for other in others {
            self.send_link(sender, *anchor, *other, LinkForm::Taken)?;
        }
        // Also with each other: should the anchor be a hub, they are one client still.
        let mut others = others;
        while let Some((one, rest)) = others.split_first() {
            for other in rest {
                self.send_link(sender, *one, *other, LinkForm::Taken)?;
            }
            others = rest;
        }
        Ok(())
    }

    /// Links two identifiers, unless that was done lately. Tells whether it did.
    fn send_link<P: Publish>(
        &mut self,
        sender: &mut Sender<'_, '_, P>,
        one: Ident,
        other: Ident,
        form: LinkForm,
    ) -> Result<bool, StreamError> {
        let (high, low) = (one.max(other), one.min(other));
        let is_new = self.is_new(high, low);
        if is_new {
            let link = events::Link { other: high, form };
            sender.send(low, |_| events::Body::Link(link))?;
        }
        Ok(is_new)
    }

    fn is_new(&mut self, high: Ident, low: Ident) -> bool {
        let is_new = self.sent.get(&(high, low)).is_none();
        if is_new {
            self.sent.insert((high, low), ());
        }
        is_new
    }
}

impl<'e, P: Publish> Sender<'_, 'e, P> {
    fn fact(
        &mut self,
        to: Ident,
        body: impl FnOnce(&mut Batch) -> FactBody<'e>,
    ) -> Result<(), StreamError> {
        let (key, place) = (self.key, self.place);
        self.send(to, |batch| {
            let body = body(batch);
            events::Body::Fact(fact(batch, key, place, body))
        })
    }

    /// Takes back what links the identifiers, whatever key it was stated under.
    fn splits(&mut self, identified: &Identified) -> Result<(), StreamError> {
        let split = |one, other| FactBody::Split(events::Split { one, other });
        if let [node] = identified.nodes[..] {
            for one in identified.variants(node) {
                self.fact(one, |_| split(one, None))?;
            }
            return Ok(());
        }
        let mut nodes = identified.nodes.as_slice();
        while let Some((first, rest)) = nodes.split_first() {
            self.fact(*first, |_| FactBody::Member(*first))?;
            for second in rest {
                for one in identified.variants(*first) {
                    for other in identified.variants(*second) {
                        let (high, low) = (one.max(other), one.min(other));
                        self.fact(high, |_| split(high, Some(low)))?;
                    }
                }
            }
            nodes = rest;
        }
        Ok(())
    }

    fn call(
        &mut self,
        number: Ident,
        caller: Ident,
        call: &'e Call<'_>,
    ) -> Result<(), StreamError> {
        let (key, place) = (self.key, self.place);
        let tenant = self.event.tenant;
        self.send(number, |batch| {
            let printed = tenant.source_of_number(call.dialed_number);
            let source = printed.unwrap_or(Source {
                source: call.dialed_number,
                medium: "call",
                ..Source::default()
            });
            let source = batch.source(&source);
            let body = FactBody::Call(call_fact(call, caller, source));
            let fact = fact(batch, key, place, body);
            events::Body::Call(events::CallAt { caller, fact })
        })
    }

    fn lease(&mut self, number: Ident, visitor: Ident, until: i64) -> Result<(), StreamError> {
        let lease = events::Lease {
            key: self.key,
            until,
            visitor,
        };
        self.send(number, |_| events::Body::Lease(lease))
    }

    fn cost(&mut self, node: Ident, cost: &Cost<'_>) -> Result<(), StreamError> {
        let key = self.key;
        self.send(node, |batch| {
            events::Body::Cost(events::Cost {
                key,
                source: batch.source(&cost.source),
                date: days_since_epoch(cost.date),
                hour: cost.hour,
                first_hour: cost.hours.first,
                hours: cost.hours.count,
                cost: money(cost.cost, cost.currency),
                impressions: cost.impressions.unwrap_or_default(),
                clicks: cost.clicks.unwrap_or_default(),
            })
        })
    }

    fn send(
        &mut self,
        to: Ident,
        body: impl FnOnce(&mut Batch) -> events::Body<'e>,
    ) -> Result<(), StreamError> {
        let tenant = self.event.tenant_name;
        self.batches.add(tenant, to, self.publish, body)
    }
}

/// What no row names needs no place.
fn fact<'e>(batch: &mut Batch, key: Key<'e>, place: Place<'_>, body: FactBody<'e>) -> Fact<'e> {
    let needs_place = !matches!(
        body,
        FactBody::Member(_) | FactBody::Split(_) | FactBody::Erased(_)
    );
    let place = needs_place.then(|| events::Place {
        origin: batch.origin(place.origin),
        offset: place.offset,
    });
    Fact { key, place, body }
}

fn hit<'e>(batch: &mut Batch, web: &Web<'_>, visitor: Ident) -> FactBody<'e> {
    FactBody::Hit(events::Hit {
        visitor,
        source: web.source.as_ref().map(|source| batch.source(source)),
        lead: web.event == Web::LEAD,
        run_ms: 0,
    })
}

fn call_fact<'e>(call: &'e Call<'_>, owner: Ident, source: u32) -> events::Call<'e> {
    events::Call {
        owner,
        outbound: call.outbound,
        status: call.status,
        dialed_number: call.dialed_number,
        wait_seconds: call.wait_seconds,
        talk_seconds: call.talk_seconds,
        manager_id: call.manager_id.unwrap_or_default(),
        recording_url: call.recording_url.unwrap_or_default(),
        quality_score: call.quality_score.map(|score| score as u32),
        source,
        lease: None,
        ambiguous: false,
    }
}

fn click<'e>(batch: &mut Batch, email: &Email<'_>, owner: Ident) -> FactBody<'e> {
    let source = match email.source {
        "" => "email",
        source => source,
    };
    FactBody::Contact(events::Contact {
        owner,
        source: batch.source(&Source {
            source,
            medium: "email",
            campaign: email.campaign,
            ..Source::default()
        }),
        email: true,
        kind: "email",
    })
}

fn touch<'e>(batch: &mut Batch, source: &Source<'_>, kind: &'e str, owner: Ident) -> FactBody<'e> {
    FactBody::Contact(events::Contact {
        owner,
        source: batch.source(source),
        email: false,
        kind,
    })
}

fn deal_event<'e>(deal: &'e Deal<'_>, node: Ident) -> FactBody<'e> {
    let money = |minor: Option<i64>| minor.map(|minor| money(minor, deal.currency));
    FactBody::Deal(events::DealEvent {
        deal: node,
        deal_id: deal.deal_id,
        status: deal.status,
        stage: deal.stage,
        pipeline: deal.pipeline,
        amount: money(deal.amount),
        cost: money(deal.cost),
        refund: money(deal.refund_amount),
        manager_id: deal.manager_id,
        date: days_since_epoch(deal.date),
    })
}

fn money(minor: i64, currency: MinorUnit) -> events::Money {
    events::Money {
        currency: currency.letters(),
        minor,
    }
}
