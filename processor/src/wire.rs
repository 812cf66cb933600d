//! Records of `events` between the wire and the core.

use std::sync::Arc;

use prost::Message as _;
use rustc_hash::FxHashMap;
use throughline_core::cost::Cost;
use throughline_core::message::Lease;
use throughline_core::names::Names;
use throughline_core::{Body, EventKey, Message, OriginId, Record, Rules, Source, TenantId};
use throughline_proto::events as wire;

use crate::facts::{self, Lookup, Tables, ident_from_wire, ident_to_wire};

/// Reads a record, interning its names; the error says what is wrong with it.
pub fn decode(value: &[u8], names: &mut Names, rules: &dyn Rules) -> Result<Record, String> {
    let batch = wire::EventBatch::decode(value).map_err(|error| error.to_string())?;
    let tenants: Vec<TenantId> = batch
        .tenants
        .iter()
        .map(|name| names.tenant_id(name, rules))
        .collect();
    let origins = batch
        .origins
        .iter()
        .map(|origin| names.origin(&origin.topic, origin.partition))
        .collect();
    let mut tables = BatchTables {
        sources: vec![None; batch.sources.len()],
        texts: &batch.sources,
        origins,
        tenant: TenantId(0),
        names,
        rules,
    };
    let mut messages = Vec::with_capacity(batch.messages.len());
    for message in batch.messages {
        let tenant = *tenants
            .get(message.tenant as usize)
            .ok_or("message of unknown tenant")?;
        tables.tenant = tenant;
        let to = ident_from_wire(message.to)?;
        let body = body_from_wire(message.body.ok_or("message without body")?, &mut tables)?;
        // What comes from another partition may own its rows there.
        messages.push(Message {
            tenant,
            to,
            moved: batch.lamport > 0,
            body,
        });
    }
    Ok(Record {
        lamport: batch.lamport,
        messages,
    })
}

fn body_from_wire(
    body: wire::message::Body,
    tables: &mut BatchTables<'_>,
) -> Result<Body, &'static str> {
    Ok(match body {
        wire::message::Body::Event(event) => Body::Event {
            fact: facts::from_wire(event.fact.ok_or("event without fact")?, tables)?,
            via: event
                .via
                .map(|via| ident_from_wire(Some(via)))
                .transpose()?,
            hops: event.hops,
        },
        wire::message::Body::Link(link) => Body::Link {
            lower: ident_from_wire(link.lower)?,
        },
        wire::message::Body::Shortcut(shortcut) => Body::Shortcut {
            root: ident_from_wire(shortcut.root)?,
        },
        wire::message::Body::Call(call) => Body::Call {
            caller: ident_from_wire(call.caller)?,
            fact: facts::from_wire(call.fact.ok_or("call without fact")?, tables)?,
        },
        wire::message::Body::Lease(lease) => Body::Lease(lease_from_wire(lease)?),
        wire::message::Body::Cost(cost) => Body::Cost(Arc::new(cost_from_wire(cost, tables)?)),
    })
}

/// A lease from the wire or the store.
pub fn lease_from_wire(lease: wire::Lease) -> Result<Lease, &'static str> {
    let key = EventKey {
        at: lease.at,
        id: lease.event_id.into(),
        content: lease.content_hash,
    };
    Ok(Lease {
        key,
        visitor: ident_from_wire(lease.visitor)?,
        until: lease.until,
    })
}

/// A lease for the wire or the store.
pub fn lease_to_wire(lease: &Lease) -> wire::Lease {
    wire::Lease {
        at: lease.key.at,
        until: lease.until,
        event_id: lease.key.id.to_string(),
        content_hash: lease.key.content,
        visitor: Some(ident_to_wire(lease.visitor)),
    }
}

fn cost_from_wire(cost: wire::Cost, tables: &mut BatchTables<'_>) -> Result<Cost, &'static str> {
    let source = tables
        .source(cost.source)
        .ok_or("cost with unknown source")?;
    cost_with(cost, tables.tenant, source)
}

/// A cost from the wire or the store, its source and tenant already found.
pub fn cost_with(cost: wire::Cost, tenant: TenantId, source: Source) -> Result<Cost, &'static str> {
    Ok(Cost {
        key: EventKey {
            at: cost.at,
            id: cost.event_id.into(),
            content: cost.content_hash,
        },
        tenant,
        source,
        date: cost.date,
        hour: cost.hour.map(|hour| hour as u8),
        first_hour: cost.first_hour,
        hours: cost.hours,
        cost: facts::money_from_wire(cost.cost.as_ref().ok_or("cost without money")?)?,
        impressions: cost.impressions,
        clicks: cost.clicks,
    })
}

/// A cost for the wire or the store.
pub fn cost_to_wire(cost: &Cost, source: u32) -> wire::Cost {
    wire::Cost {
        at: cost.key.at,
        event_id: cost.key.id.to_string(),
        content_hash: cost.key.content,
        source,
        date: cost.date,
        hour: cost.hour.map(u32::from),
        first_hour: cost.first_hour,
        hours: cost.hours,
        cost: Some(facts::money_to_wire(cost.cost)),
        impressions: cost.impressions,
        clicks: cost.clicks,
    }
}

/// Tables of a batch that is being read. A source is interned for the tenant
/// of the message that names it.
struct BatchTables<'a> {
    texts: &'a [wire::Source],
    /// What each text was interned as, and for whom.
    sources: Vec<Option<(TenantId, Source)>>,
    origins: Vec<OriginId>,
    tenant: TenantId,
    names: &'a mut Names,
    rules: &'a dyn Rules,
}

impl Lookup for BatchTables<'_> {
    fn source(&mut self, index: u32) -> Option<Source> {
        let known = self.sources.get_mut(index as usize)?;
        if let Some((tenant, source)) = known
            && *tenant == self.tenant
        {
            return Some(*source);
        }
        let text = self.texts.get(index as usize)?;
        let names = [
            &text.source,
            &text.medium,
            &text.campaign,
            &text.content,
            &text.term,
        ];
        let source = self
            .names
            .source(self.tenant, names.map(String::as_str), self.rules);
        *known = Some((self.tenant, source));
        Some(source)
    }

    fn origin(&self, index: u32) -> Option<OriginId> {
        self.origins.get(index as usize).copied()
    }
}

/// Writes messages to one partition as records of at most about `max_bytes`
/// each: a moved journey travels in independent pieces.
pub fn encode(messages: &[Message], lamport: u64, names: &Names, max_bytes: usize) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut writer = Writer::new(names, lamport);
    for message in messages {
        writer.add(message);
        if writer.bytes >= max_bytes {
            records.push(writer.batch.encode_to_vec());
            writer = Writer::new(names, lamport);
        }
    }
    if !writer.batch.messages.is_empty() {
        records.push(writer.batch.encode_to_vec());
    }
    records
}

/// A batch that is being written.
struct Writer<'a> {
    names: &'a Names,
    batch: wire::EventBatch,
    tenants: FxHashMap<TenantId, u32>,
    sources: FxHashMap<Source, u32>,
    origins: FxHashMap<OriginId, u32>,
    /// About how large the batch is.
    bytes: usize,
}

impl<'a> Writer<'a> {
    fn new(names: &'a Names, lamport: u64) -> Self {
        Self {
            names,
            batch: wire::EventBatch {
                lamport,
                ..wire::EventBatch::default()
            },
            tenants: FxHashMap::default(),
            sources: FxHashMap::default(),
            origins: FxHashMap::default(),
            bytes: 0,
        }
    }

    fn add(&mut self, message: &Message) {
        let next = self.batch.tenants.len() as u32;
        let tenant = *self.tenants.entry(message.tenant).or_insert(next);
        if tenant == next {
            self.batch
                .tenants
                .push(self.names.tenant(message.tenant).name.to_string());
        }
        let body = match &message.body {
            Body::Event { fact, via, hops } => wire::message::Body::Event(wire::Event {
                fact: Some(facts::to_wire(fact, self)),
                via: via.map(ident_to_wire),
                hops: *hops,
            }),
            Body::Link { lower } => wire::message::Body::Link(wire::Link {
                lower: Some(ident_to_wire(*lower)),
            }),
            Body::Shortcut { root } => wire::message::Body::Shortcut(wire::Shortcut {
                root: Some(ident_to_wire(*root)),
            }),
            Body::Call { caller, fact } => wire::message::Body::Call(wire::CallAt {
                caller: Some(ident_to_wire(*caller)),
                fact: Some(facts::to_wire(fact, self)),
            }),
            Body::Lease(lease) => wire::message::Body::Lease(lease_to_wire(lease)),
            Body::Cost(cost) => {
                let source = self.source(cost.source);
                wire::message::Body::Cost(cost_to_wire(cost, source))
            }
        };
        let message = wire::Message {
            tenant,
            to: Some(ident_to_wire(message.to)),
            body: Some(body),
        };
        self.bytes += message.encoded_len();
        self.batch.messages.push(message);
    }
}

impl Tables for Writer<'_> {
    fn source(&mut self, source: Source) -> u32 {
        let next = self.batch.sources.len() as u32;
        let index = *self.sources.entry(source).or_insert(next);
        if index == next {
            let dim = self.names.dim(source.dim);
            let text = |id| self.names.text(id).to_string();
            let source = wire::Source {
                source: text(dim.source),
                medium: text(dim.medium),
                campaign: text(dim.campaign),
                content: text(source.content),
                term: text(source.term),
            };
            self.bytes += source.encoded_len();
            self.batch.sources.push(source);
        }
        index
    }

    fn origin(&mut self, origin: OriginId) -> u32 {
        let next = self.batch.origins.len() as u32;
        let index = *self.origins.entry(origin).or_insert(next);
        if index == next {
            let (topic, partition) = self.names.origin_of(origin);
            let topic = self.names.text(topic).to_string();
            self.batch.origins.push(wire::Origin { topic, partition });
        }
        index
    }
}
