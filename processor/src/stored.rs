//! State as it stands in the store. Every value is self-contained; what is
//! interned (names) is stored once, in the order of its numbers.

use prost::Message;
use throughline_core::cell::{Cell, CellKey, CellKind};
use throughline_core::cost::Cost;
use throughline_core::ids::{DimId, StrId};
use throughline_core::journey::Journey;
use throughline_core::number::{NumberCall, NumberKey, NumberState};
use throughline_core::partition::{Conservation, StoredNode};
use throughline_core::{Ident, Node, OriginId, Source, TenantId};
use throughline_proto::events as wire;

use crate::facts::{self, Lookup, Tables, ident_from_wire, ident_to_wire};
use crate::wire::{cost_to_wire, cost_with, lease_from_wire, lease_to_wire};

mod names;

pub use names::{decode_names, encode_names};

/// The first byte of a key says what its value is.
mod space {
    pub const META: u8 = b'm';
    pub const NODE: u8 = b'n';
    pub const NUMBER: u8 = b'u';
    pub const COST: u8 = b'k';
    pub const CELL: u8 = b'c';
    pub const STRING: u8 = b's';
    pub const TENANT: u8 = b't';
    pub const DIM: u8 = b'd';
    pub const ORIGIN: u8 = b'o';
}

/// What is known of a partition as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Meta {
    /// The Lamport time of the last applied record.
    pub lamport: u64,
    /// The offset of the next record to apply.
    pub next_offset: i64,
    /// How many partitions `events` had.
    pub partitions: u32,
    /// The generation of the rules.
    pub generation: u32,
    /// A fingerprint of the rules.
    pub rules: u64,
    /// How many strings, tenants, dimensions and origins are stored.
    pub names: [usize; 4],
    /// The sums that must agree.
    pub conservation: Conservation,
}

#[derive(Clone, PartialEq, Message)]
struct StoredMeta {
    #[prost(uint64, tag = "1")]
    lamport: u64,
    #[prost(int64, tag = "2")]
    next_offset: i64,
    #[prost(uint32, tag = "3")]
    partitions: u32,
    #[prost(uint32, tag = "4")]
    generation: u32,
    #[prost(fixed64, tag = "5")]
    rules: u64,
    #[prost(uint64, repeated, tag = "6")]
    names: Vec<u64>,
    #[prost(sint64, repeated, tag = "7")]
    conservation: Vec<i64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct StoredSource {
    #[prost(uint32, tag = "1")]
    dim: u32,
    #[prost(uint32, tag = "2")]
    content: u32,
    #[prost(uint32, tag = "3")]
    term: u32,
}

/// A child names its parent only; a root its tenant and facts.
#[derive(Clone, PartialEq, Message)]
struct StoredNodeValue {
    #[prost(message, optional, tag = "1")]
    parent: Option<wire::Ident>,
    #[prost(uint32, tag = "2")]
    tenant: u32,
    #[prost(message, repeated, tag = "3")]
    sources: Vec<StoredSource>,
    #[prost(message, repeated, tag = "4")]
    facts: Vec<wire::Fact>,
    #[prost(sint64, optional, tag = "5")]
    floor: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredNumber {
    #[prost(message, repeated, tag = "1")]
    leases: Vec<wire::Lease>,
    #[prost(message, repeated, tag = "2")]
    calls: Vec<StoredCall>,
    #[prost(sint32, repeated, tag = "3")]
    days: Vec<i32>,
    #[prost(message, repeated, tag = "4")]
    sources: Vec<StoredSource>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredCall {
    #[prost(message, optional, tag = "1")]
    caller: Option<wire::Ident>,
    #[prost(uint32, tag = "2")]
    tenant: u32,
    #[prost(message, optional, tag = "3")]
    fact: Option<wire::Fact>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredCost {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(message, optional, tag = "2")]
    source: Option<StoredSource>,
    #[prost(message, optional, tag = "3")]
    cost: Option<wire::Cost>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredCell {
    #[prost(uint64, tag = "1")]
    lamport: u64,
    #[prost(uint32, repeated, tag = "2")]
    slots: Vec<u32>,
    /// Four figures a slot.
    #[prost(sint64, repeated, tag = "3")]
    figures: Vec<i64>,
}

/// A key and its value, or `None` to remove it.
pub type Write = (Vec<u8>, Option<Vec<u8>>);

/// The key of a partition's [`Meta`].
pub fn meta_key() -> Vec<u8> {
    vec![space::META]
}

/// The key of a node.
pub fn node_key(ident: Ident) -> Vec<u8> {
    key(space::NODE, &ident.0.to_be_bytes())
}

/// The key of a piece of a number's state.
pub fn number_key(number: NumberKey) -> Vec<u8> {
    let mut key = key(space::NUMBER, &number.number.0.to_be_bytes());
    if let Some(day) = number.day {
        key.extend(day.to_be_bytes());
    }
    key
}

/// The key of a cost.
pub fn cost_key(ident: Ident) -> Vec<u8> {
    key(space::COST, &ident.0.to_be_bytes())
}

/// The key of a cell.
pub fn cell_key(cell: CellKey) -> Vec<u8> {
    let kind = match cell.kind {
        CellKind::Traffic => 0,
        CellKind::CreditByConversion => 1,
        CellKind::CreditByTouch => 2,
    };
    let mut key = vec![space::CELL, kind];
    key.extend(cell.hour.to_be_bytes());
    key.extend(cell.dim.0.to_be_bytes());
    key
}

fn key(space: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(space);
    key.extend_from_slice(rest);
    key
}

impl Meta {
    /// The value in the store.
    pub fn encode(&self) -> Vec<u8> {
        let sums = self.conservation;
        StoredMeta {
            lamport: self.lamport,
            next_offset: self.next_offset,
            partitions: self.partitions,
            generation: self.generation,
            rules: self.rules,
            names: self.names.iter().map(|count| *count as u64).collect(),
            conservation: vec![
                sums.expected_ppm,
                sums.booked_ppm,
                sums.expected_revenue,
                sums.booked_revenue,
            ],
        }
        .encode_to_vec()
    }

    /// Reads the value; the error says what is wrong with it.
    pub fn decode(value: &[u8]) -> Result<Self, String> {
        let stored = StoredMeta::decode(value).map_err(|error| error.to_string())?;
        let names: [u64; 4] = stored
            .names
            .try_into()
            .map_err(|_| "it does not count four kinds of names")?;
        let [expected_ppm, booked_ppm, expected_revenue, booked_revenue] = stored
            .conservation
            .try_into()
            .map_err(|_| "it does not have four sums")?;
        Ok(Self {
            lamport: stored.lamport,
            next_offset: stored.next_offset,
            partitions: stored.partitions,
            generation: stored.generation,
            rules: stored.rules,
            names: names.map(|count| count as usize),
            conservation: Conservation {
                expected_ppm,
                booked_ppm,
                expected_revenue,
                booked_revenue,
            },
        })
    }
}

/// Sources of one value, by their place in it. Few differ within one client,
/// so a plain search finds them.
#[derive(Default)]
struct ValueTables {
    sources: Vec<StoredSource>,
}

impl Tables for ValueTables {
    fn source(&mut self, source: Source) -> u32 {
        let source = stored_source(source);
        let known = self
            .sources
            .iter()
            .rev()
            .take(8)
            .position(|known| *known == source);
        if let Some(back) = known {
            return (self.sources.len() - 1 - back) as u32;
        }
        self.sources.push(source);
        self.sources.len() as u32 - 1
    }

    fn origin(&mut self, origin: OriginId) -> u32 {
        origin.0
    }
}

impl Lookup for ValueTables {
    fn source(&mut self, index: u32) -> Option<Source> {
        self.sources.get(index as usize).copied().map(source_from)
    }

    fn origin(&self, index: u32) -> Option<OriginId> {
        (index != u32::MAX).then_some(OriginId(index))
    }
}

const fn stored_source(source: Source) -> StoredSource {
    StoredSource {
        dim: source.dim.0,
        content: source.content.0,
        term: source.term.0,
    }
}

const fn source_from(stored: StoredSource) -> Source {
    Source {
        dim: DimId(stored.dim),
        content: StrId(stored.content),
        term: StrId(stored.term),
    }
}

/// The value of a node.
pub fn encode_node(node: StoredNode<'_>) -> Vec<u8> {
    let stored = match node {
        StoredNode::Child(parent) => StoredNodeValue {
            parent: Some(ident_to_wire(parent)),
            ..StoredNodeValue::default()
        },
        StoredNode::Root(journey) => {
            let mut tables = ValueTables::default();
            let facts = journey
                .facts()
                .map(|fact| facts::to_wire(&fact, &mut tables))
                .collect();
            StoredNodeValue {
                parent: None,
                tenant: journey.tenant.0,
                sources: tables.sources,
                facts,
                floor: journey.floor,
            }
        }
    };
    stored.encode_to_vec()
}

/// Reads a node; the error says what is wrong with it.
pub fn decode_node(value: &[u8]) -> Result<Node, String> {
    let stored = StoredNodeValue::decode(value).map_err(|error| error.to_string())?;
    if let Some(parent) = stored.parent {
        return Ok(Node::Child(ident_from_wire(Some(parent))?));
    }
    let mut tables = ValueTables {
        sources: stored.sources,
    };
    let mut journey = Journey::new(TenantId(stored.tenant));
    for fact in stored.facts {
        journey.add(facts::from_wire(fact, &mut tables)?);
    }
    journey.floor = stored.floor;
    Ok(Node::Root(Box::new(journey)))
}

/// The value of a piece of a number's state.
pub fn encode_number(state: &NumberState) -> Vec<u8> {
    let mut tables = ValueTables::default();
    let calls = state
        .calls
        .iter()
        .map(|call| StoredCall {
            caller: Some(ident_to_wire(call.caller)),
            tenant: call.tenant.0,
            fact: Some(facts::to_wire(&call.fact, &mut tables)),
        })
        .collect();
    StoredNumber {
        leases: state.leases.iter().map(lease_to_wire).collect(),
        calls,
        days: state.days.clone(),
        sources: tables.sources,
    }
    .encode_to_vec()
}

/// Reads a piece of a number's state; the error says what is wrong with it.
pub fn decode_number(value: &[u8]) -> Result<NumberState, String> {
    let stored = StoredNumber::decode(value).map_err(|error| error.to_string())?;
    let mut tables = ValueTables {
        sources: stored.sources,
    };
    let mut calls = Vec::with_capacity(stored.calls.len());
    for call in stored.calls {
        calls.push(NumberCall {
            caller: ident_from_wire(call.caller)?,
            tenant: TenantId(call.tenant),
            fact: facts::from_wire(call.fact.ok_or("call without fact")?, &mut tables)?,
        });
    }
    let leases = stored
        .leases
        .into_iter()
        .map(lease_from_wire)
        .collect::<Result<_, _>>()?;
    Ok(NumberState {
        leases,
        calls,
        days: stored.days,
    })
}

/// The value of a cost.
pub fn encode_cost(cost: &Cost) -> Vec<u8> {
    StoredCost {
        tenant: cost.tenant.0,
        source: Some(stored_source(cost.source)),
        cost: Some(cost_to_wire(cost, 0)),
    }
    .encode_to_vec()
}

/// Reads a cost; the error says what is wrong with it.
pub fn decode_cost(value: &[u8]) -> Result<Cost, String> {
    let stored = StoredCost::decode(value).map_err(|error| error.to_string())?;
    let source = source_from(stored.source.ok_or("cost without source")?);
    let cost = stored.cost.ok_or("cost without content")?;
    Ok(cost_with(cost, TenantId(stored.tenant), source)?)
}

/// The value of a cell. One that is all zero is kept: its Lamport time counts.
pub fn encode_cell(cell: &Cell) -> Vec<u8> {
    StoredCell {
        lamport: cell.lamport,
        slots: cell
            .slots
            .iter()
            .map(|(slot, _)| u32::from(*slot))
            .collect(),
        figures: cell
            .slots
            .iter()
            .flat_map(|(_, figures)| *figures)
            .collect(),
    }
    .encode_to_vec()
}

/// Reads a cell; the error says what is wrong with it.
pub fn decode_cell(value: &[u8]) -> Result<Cell, String> {
    let stored = StoredCell::decode(value).map_err(|error| error.to_string())?;
    let (figures, rest) = stored.figures.as_chunks::<4>();
    if figures.len() != stored.slots.len() || !rest.is_empty() {
        return Err("a slot without four figures".to_owned());
    }
    let slots = stored
        .slots
        .iter()
        .map(|slot| *slot as u16)
        .zip(figures.iter().copied())
        .collect();
    Ok(Cell {
        slots,
        lamport: stored.lamport,
    })
}
