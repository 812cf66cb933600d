//! Records of `events` between the wire and the core.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use throughline_core::cost::Cost;
use throughline_core::fact::LinkForm;
use throughline_core::names::Names;
use throughline_core::{Body, Ident, Message, OriginId, Rules, Source, TenantId};
use throughline_proto::events as wire;
use throughline_proto::flat::Malformed;

use crate::facts::{self, Lookup, Tables, ident_from_wire, ident_to_wire};

/// Passing on is counted no further: beyond two hops nothing depends on it.
const MAX_HOPS: u32 = 1 << 20;

/// A record that is being read: its messages, as they are asked for.
pub struct Incoming<'a> {
    lamport: u64,
    messages: wire::Messages<'a>,
    tenants: Vec<TenantId>,
    texts: Vec<wire::Source<'a>>,
    /// What each text was interned as, and for whom.
    sources: Vec<Option<(TenantId, Source)>>,
    origins: Vec<OriginId>,
}

impl<'a> Incoming<'a> {
    /// Reads a record's tables, interning tenants and origins.
    pub fn read(value: &'a [u8], names: &mut Names, rules: &dyn Rules) -> Result<Self, Malformed> {
        let (batch, messages) = wire::Batch::read(value)?;
        if batch.lamport > wire::MAX_LAMPORT {
            return Err(Malformed("a Lamport time out of range"));
        }
        Ok(Self {
            lamport: batch.lamport,
            messages,
            tenants: batch
                .tenants
                .iter()
                .map(|name| names.tenant_id(name, rules))
                .collect(),
            sources: vec![None; batch.sources.len()],
            texts: batch.sources,
            origins: batch
                .origins
                .iter()
                .map(|origin| names.origin(origin.topic, origin.partition))
                .collect(),
        })
    }

    /// The sender's Lamport time.
    pub const fn lamport(&self) -> u64 {
        self.lamport
    }

    /// The next message, its sources interned; the error says what is wrong
    /// with the record.
    pub fn next(
        &mut self,
        names: &mut Names,
        rules: &dyn Rules,
    ) -> Option<Result<Message, Malformed>> {
        let message = self.messages.next()?;
        Some(message.and_then(|message| self.intern(&message, names, rules)))
    }

    fn intern(
        &mut self,
        message: &wire::Message<'_>,
        names: &mut Names,
        rules: &dyn Rules,
    ) -> Result<Message, Malformed> {
        let tenant = self
            .tenants
            .get(message.tenant as usize)
            .copied()
            .ok_or(Malformed("a message of an unknown tenant"))?;
        let mut tables = BatchTables {
            texts: &self.texts,
            sources: &mut self.sources,
            origins: &self.origins,
            tenant,
            names,
            rules,
        };
        Ok(Message {
            tenant,
            to: ident_from_wire(message.to),
            // What comes from another partition may own its rows there.
            moved: self.lamport > 0,
            body: body_from_wire(&message.body, &mut tables)?,
        })
    }
}

fn body_from_wire(
    body: &wire::Body<'_>,
    tables: &mut BatchTables<'_, '_>,
) -> Result<Body, Malformed> {
    Ok(match body {
        wire::Body::Fact(fact) => Body::Event {
            fact: facts::from_wire(fact, tables)?,
            via: None,
            hops: 0,
        },
        wire::Body::Forwarded(event) => Body::Event {
            fact: facts::from_wire(&event.fact, tables)?,
            via: event.via.map(ident_from_wire),
            // What counts is whether there were two.
            hops: event.hops.min(MAX_HOPS),
        },
        wire::Body::Link(link) => Body::Link {
            higher: ident_from_wire(link.other),
            form: facts::form_from_wire(link.form),
        },
        wire::Body::Answer(link) => Body::Answer {
            lower: ident_from_wire(link.other),
            form: facts::form_from_wire(link.form),
        },
        wire::Body::Join(lower) => Body::Join {
            lower: ident_from_wire(*lower),
        },
        wire::Body::Close(_) => Body::Close,
        wire::Body::Forget(forget) => Body::Forget {
            until: facts::moment(Some(forget.until))?,
            stays: forget.stays,
        },
        wire::Body::Shortcut(root) => Body::Shortcut {
            root: ident_from_wire(*root),
        },
        wire::Body::Call(call) => Body::Call {
            caller: ident_from_wire(call.caller),
            fact: facts::from_wire(&call.fact, tables)?,
        },
        wire::Body::Lease(lease) => Body::Lease(facts::lease_from_wire(lease)?),
        wire::Body::Cost(cost) => {
            let source = tables.source(cost.source)?;
            Body::Cost(Arc::new(cost_from_wire(cost, tables.tenant, source)?))
        }
    })
}

const fn link_to_wire(other: Ident, form: LinkForm) -> wire::Link {
    wire::Link {
        other: ident_to_wire(other),
        form: facts::form_to_wire(form),
    }
}

/// A cost from the wire or the store, its source and tenant already found.
pub fn cost_from_wire(
    cost: &wire::Cost<'_>,
    tenant: TenantId,
    source: Source,
) -> Result<Cost, Malformed> {
    // Each hour becomes a cell, so their number is not taken on trust.
    if !(1..=wire::MAX_DAY_HOURS).contains(&cost.hours) {
        return Err(Malformed("a cost of more hours than a day has"));
    }
    let midnight = cost.date.saturating_mul(24);
    if !wire::HOURS.contains(&cost.first_hour) || !wire::HOURS.contains(&midnight) {
        return Err(Malformed("an hour out of range"));
    }
    Ok(Cost {
        key: facts::key_from_wire(&cost.key)?,
        tenant,
        source,
        date: cost.date,
        hour: cost.hour,
        first_hour: cost.first_hour,
        hours: cost.hours,
        cost: facts::money_from_wire(cost.cost)?,
        impressions: facts::figure(cost.impressions)?,
        clicks: facts::figure(cost.clicks)?,
    })
}

/// A cost for the wire or the store.
pub fn cost_to_wire(cost: &Cost, source: u32) -> wire::Cost<'_> {
    wire::Cost {
        key: facts::key_to_wire(&cost.key),
        source,
        date: cost.date,
        hour: cost.hour,
        first_hour: cost.first_hour,
        hours: cost.hours,
        cost: facts::money_to_wire(cost.cost),
        impressions: cost.impressions,
        clicks: cost.clicks,
    }
}

/// Tables of a record that is being read. A source is interned for the tenant
/// of the message that names it.
struct BatchTables<'r, 'a> {
    texts: &'r [wire::Source<'a>],
    sources: &'r mut [Option<(TenantId, Source)>],
    origins: &'r [OriginId],
    tenant: TenantId,
    names: &'r mut Names,
    rules: &'r dyn Rules,
}

impl Lookup for BatchTables<'_, '_> {
    fn source(&mut self, index: u32) -> Result<Source, Malformed> {
        let unknown = Malformed("an unknown source");
        let known = self.sources.get_mut(index as usize).ok_or(unknown)?;
        if let Some((tenant, source)) = known
            && *tenant == self.tenant
        {
            return Ok(*source);
        }
        let text = self.texts.get(index as usize).ok_or(unknown)?;
        let names = [
            text.source,
            text.medium,
            text.campaign,
            text.content,
            text.term,
        ];
        let source = self.names.source(self.tenant, names, self.rules);
        *known = Some((self.tenant, source));
        Ok(source)
    }

    fn origin(&self, index: u32) -> Result<OriginId, Malformed> {
        self.origins
            .get(index as usize)
            .copied()
            .ok_or(Malformed("an unknown origin"))
    }
}

/// Writes messages to one partition as records of at most about `max_bytes`
/// each: a moved journey travels in independent pieces.
pub fn encode(messages: &[Message], lamport: u64, names: &Names, max_bytes: usize) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut outgoing = Outgoing::new(names);
    for message in messages {
        outgoing.add(message);
        if outgoing.batch.size() >= max_bytes {
            records.push(outgoing.finish(lamport));
        }
    }
    if outgoing.batch.messages() > 0 {
        records.push(outgoing.finish(lamport));
    }
    records
}

/// A record that is being written.
struct Outgoing<'a> {
    batch: wire::BatchWriter,
    tables: OutgoingTables<'a>,
}

struct OutgoingTables<'a> {
    names: &'a Names,
    tenants: FxHashMap<TenantId, u32>,
    sources: FxHashMap<Source, u32>,
    new_sources: Vec<Source>,
    origins: FxHashMap<OriginId, u32>,
    new_origins: Vec<OriginId>,
}

impl<'a> Outgoing<'a> {
    fn new(names: &'a Names) -> Self {
        Self {
            batch: wire::BatchWriter::default(),
            tables: OutgoingTables {
                names,
                tenants: FxHashMap::default(),
                sources: FxHashMap::default(),
                new_sources: Vec::new(),
                origins: FxHashMap::default(),
                new_origins: Vec::new(),
            },
        }
    }

    fn add(&mut self, message: &Message) {
        let Self { batch, tables } = self;
        let names = tables.names;
        let tenant = *tables.tenants.entry(message.tenant).or_insert_with(|| {
            batch
                .tenants
                .push(&names.tenant(message.tenant).name.as_ref())
        });
        let body = match &message.body {
            Body::Event { fact, via, hops } => wire::Body::Forwarded(wire::Forwarded {
                via: via.map(ident_to_wire),
                hops: *hops,
                fact: facts::to_wire(fact, tables),
            }),
            Body::Link { higher, form } => wire::Body::Link(link_to_wire(*higher, *form)),
            Body::Answer { lower, form } => wire::Body::Answer(link_to_wire(*lower, *form)),
            Body::Join { lower } => wire::Body::Join(ident_to_wire(*lower)),
            Body::Close => wire::Body::Close(ident_to_wire(message.to)),
            Body::Forget { until, stays } => wire::Body::Forget(wire::Forget {
                until: *until,
                stays: *stays,
            }),
            Body::Shortcut { root } => wire::Body::Shortcut(ident_to_wire(*root)),
            Body::Call { caller, fact } => wire::Body::Call(wire::CallAt {
                caller: ident_to_wire(*caller),
                fact: facts::to_wire(fact, tables),
            }),
            Body::Lease(lease) => wire::Body::Lease(facts::lease_to_wire(lease)),
            Body::Cost(cost) => wire::Body::Cost(cost_to_wire(cost, tables.source(cost.source))),
        };
        batch.push(&wire::Message {
            tenant,
            to: ident_to_wire(message.to),
            body,
        });
        for source in tables.new_sources.drain(..) {
            let dim = names.dim(source.dim);
            batch.sources.push(&wire::Source {
                source: names.text(dim.source),
                medium: names.text(dim.medium),
                campaign: names.text(dim.campaign),
                content: names.text(source.content),
                term: names.text(source.term),
            });
        }
        for origin in tables.new_origins.drain(..) {
            let (topic, partition) = names.origin_of(origin);
            let topic = names.text(topic);
            batch.origins.push(&wire::Origin { topic, partition });
        }
    }

    fn finish(&mut self, lamport: u64) -> Vec<u8> {
        self.tables.tenants.clear();
        self.tables.sources.clear();
        self.tables.origins.clear();
        self.batch.finish(lamport)
    }
}

impl Tables for OutgoingTables<'_> {
    fn source(&mut self, source: Source) -> u32 {
        let next = self.sources.len() as u32;
        *self.sources.entry(source).or_insert_with(|| {
            self.new_sources.push(source);
            next
        })
    }

    fn origin(&mut self, origin: OriginId) -> u32 {
        let next = self.origins.len() as u32;
        *self.origins.entry(origin).or_insert_with(|| {
            self.new_origins.push(origin);
            next
        })
    }
}

#[cfg(test)]
mod tests;
