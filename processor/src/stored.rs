//! State as it stands in the store. Every value is self-contained; what is
//! interned (names) is stored once, in the order of its numbers.

use throughline_core::cell::{Cell, CellKind, Chunk, ChunkKey};
use throughline_core::cost::Cost;
use throughline_core::ids::{DimId, StrId};
use throughline_core::number::{NumberCall, NumberKey, NumberState};
use throughline_core::partition::{Conservation, StoredNode};
use throughline_core::{Ident, Node, OriginId, Source, TenantId};
use throughline_proto::events as wire;
use throughline_proto::flat::{Flat, Malformed, Reader};

use crate::facts::{self, Lookup, Tables, ident_from_wire, ident_to_wire};
use crate::wire::{cost_from_wire, cost_to_wire};

mod erasures;
mod journeys;
mod names;
mod progress;

pub use erasures::{decode_erasures, encode_erasures};
pub use names::{decode_names, encode_names};
pub use progress::{PROGRESS_KEY, Progress, Stage};

/// The layout of everything below; state of another one is not read.
const FORMAT: u8 = 3;

/// The first byte of a key says what its value is.
mod space {
    pub const META: u8 = b'm';
    pub const PROGRESS: u8 = b'g';
    pub const NODE: u8 = b'n';
    pub const NUMBER: u8 = b'u';
    pub const COST: u8 = b'k';
    pub const CHUNK: u8 = b'c';
    pub const STRING: u8 = b's';
    pub const TENANT: u8 = b't';
    pub const DIM: u8 = b'd';
    pub const ORIGIN: u8 = b'o';
    pub const CLOSED: u8 = b'h';
    pub const ERASED: u8 = b'e';
    pub const AWAITING: u8 = b'w';
    pub const KEPT: u8 = b'b';
    pub const KEPT_MODELS: u8 = b'l';
}

/// The first byte of the keys of numbers.
pub const NUMBERS: u8 = space::NUMBER;

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
    /// A fingerprint of the rules, but for rates.
    pub rules: u64,
    /// The newest day that an amount in another currency was of.
    pub rated_through: i32,
    /// A fingerprint of the rates up to that day.
    pub rates: u64,
    /// How many strings, tenants, dimensions and origins are stored.
    pub names: [usize; 4],
    /// A hash of the record of the log that was applied last; 0: of none.
    pub last_record: u64,
    /// How many closed nodes are stored.
    pub closed: usize,
    /// How many partners an identifier might have.
    pub max_partners: usize,
    /// The sums that must agree.
    pub conservation: Conservation,
}

throughline_proto::flat! {
    /// [`Meta`] as it is written.
    struct StoredMeta {
        format: u8,
        lamport: u64,
        next_offset: i64,
        partitions: u32,
        generation: u32,
        rules: u64,
        rated_through: i32,
        rates: u64,
        names: Vec<u64>,
        last_record: u64,
        closed: u64,
        max_partners: u64,
        conservation: Vec<i64>,
    }

    /// A [`Source`] as it is written.
    #[derive(Clone, Copy, PartialEq)]
    struct StoredSource {
        dim: u32,
        content: u32,
        term: u32,
    }

    /// A [`NumberState`] as it is written.
    struct StoredNumber<'a> {
        leases: Vec<wire::Lease<'a>>,
        days: Vec<i32>,
        sources: Vec<StoredSource>,
        calls: Vec<StoredCall<'a>>,
    }

    /// A [`NumberCall`] as it is written.
    struct StoredCall<'a> {
        tenant: u32,
        caller: throughline_proto::Ident,
        fact: wire::Fact<'a>,
    }

    /// A [`Cost`] as it is written.
    struct StoredCost<'a> {
        tenant: u32,
        source: StoredSource,
        cost: wire::Cost<'a>,
    }

    /// A cell of a chunk as it is written.
    struct StoredCell {
        place: u8,
        lamport: u64,
        slots: Vec<StoredSlot>,
    }

    /// A cell's slot as it is written.
    struct StoredSlot {
        slot: u16,
        first: i64,
        second: i64,
        third: i64,
        fourth: i64,
    }
}

/// The key of a partition's [`Meta`].
pub const META_KEY: [u8; 1] = [space::META];

/// The key of a node.
pub fn node_key(ident: Ident) -> [u8; 17] {
    ident_key(space::NODE, ident)
}

/// The key of a cost.
pub fn cost_key(ident: Ident) -> [u8; 17] {
    ident_key(space::COST, ident)
}

fn ident_key(space: u8, ident: Ident) -> [u8; 17] {
    let mut key = [space; 17];
    if let Some(rest) = key.last_chunk_mut() {
        *rest = ident.0.to_be_bytes();
    }
    key
}

/// The key of a piece of a number's state.
pub fn number_key(number: NumberKey) -> Vec<u8> {
    let mut key = ident_key(space::NUMBER, number.number).to_vec();
    if let Some(day) = number.day {
        key.extend(day.to_be_bytes());
    }
    key
}

/// The number of which a key has a piece.
pub fn number_of(key: &[u8]) -> Option<NumberKey> {
    let (ident, day) = key.split_at_checked(17)?;
    let day = match day {
        [] => None,
        day => Some(i32::from_be_bytes(day.try_into().ok()?)),
    };
    let number = ident_of(ident)?;
    Some(NumberKey { number, day })
}

/// The key of the `index`-th node that was closed; its value is its pseudonym.
pub fn closed_key(index: usize) -> [u8; 5] {
    let mut key = [space::CLOSED; 5];
    if let Some(rest) = key.last_chunk_mut() {
        *rest = (index as u32).to_be_bytes();
    }
    key
}

/// Reads a closed node; the error says what is wrong with it.
pub fn decode_closed(value: &[u8]) -> Result<Ident, Malformed> {
    Ok(ident_from_wire(whole(value)?))
}

/// Writes a closed node.
pub fn encode_closed(ident: Ident, out: &mut Vec<u8>) {
    ident_to_wire(ident).put(out);
}

/// The key of a chunk of cells.
pub fn chunk_key(chunk: ChunkKey) -> [u8; 10] {
    let space = if chunk.kind.is_kept() {
        space::KEPT
    } else {
        space::CHUNK
    };
    let mut key = [space, chunk.kind as u8, 0, 0, 0, 0, 0, 0, 0, 0];
    let place = u64::from(chunk.hour.cast_unsigned()) << 32 | u64::from(chunk.dims);
    if let Some(rest) = key.last_chunk_mut() {
        *rest = place.to_be_bytes();
    }
    key
}

/// The identifier in the key of a node or a cost.
pub fn ident_of(key: &[u8]) -> Option<Ident> {
    let (_, ident) = key.split_first()?;
    ident.try_into().ok().map(u128::from_be_bytes).map(Ident)
}

/// The chunk of cells that a key is of.
pub fn chunk_of(key: &[u8]) -> Option<ChunkKey> {
    let [_, kind, place @ ..] = key else {
        return None;
    };
    let place = u64::from_be_bytes(place.try_into().ok()?);
    Some(ChunkKey {
        kind: CellKind::ALL
            .into_iter()
            .find(|known| *known as u8 == *kind)?,
        hour: ((place >> 32) as u32).cast_signed(),
        dims: place as u32,
    })
}

impl Meta {
    /// The value in the store.
    pub fn encode(&self) -> Vec<u8> {
        let sums = self.conservation;
        let stored = StoredMeta {
            format: FORMAT,
            lamport: self.lamport,
            next_offset: self.next_offset,
            partitions: self.partitions,
            generation: self.generation,
            rules: self.rules,
            rated_through: self.rated_through,
            rates: self.rates,
            names: self.names.iter().map(|count| *count as u64).collect(),
            last_record: self.last_record,
            closed: self.closed as u64,
            max_partners: self.max_partners as u64,
            conservation: vec![
                sums.expected_ppm,
                sums.booked_ppm,
                sums.expected_revenue,
                sums.booked_revenue,
            ],
        };
        let mut out = Vec::new();
        stored.put(&mut out);
        out
    }

    /// Reads the value; the error says what is wrong with it.
    pub fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let stored: StoredMeta = whole(value)?;
        if stored.format != FORMAT {
            return Err(Malformed(
                "it was written by another version: delete it, and it is rebuilt from the log",
            ));
        }
        let names: [u64; 4] = stored
            .names
            .try_into()
            .map_err(|_| Malformed("it does not count four kinds of names"))?;
        let [expected_ppm, booked_ppm, expected_revenue, booked_revenue] = stored
            .conservation
            .try_into()
            .map_err(|_| Malformed("it does not have four sums"))?;
        Ok(Self {
            lamport: stored.lamport,
            next_offset: stored.next_offset,
            partitions: stored.partitions,
            generation: stored.generation,
            rules: stored.rules,
            rated_through: stored.rated_through,
            rates: stored.rates,
            names: names.map(|count| count as usize),
            last_record: stored.last_record,
            closed: stored.closed as usize,
            max_partners: stored.max_partners as usize,
            conservation: Conservation {
                expected_ppm,
                booked_ppm,
                expected_revenue,
                booked_revenue,
            },
        })
    }
}

/// A value that takes all bytes.
fn whole<'a, T: Flat<'a>>(value: &'a [u8]) -> Result<T, Malformed> {
    let mut reader = Reader::new(value);
    let read = reader.take()?;
    reader.end()?;
    Ok(read)
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
    fn source(&mut self, index: u32) -> Result<Source, Malformed> {
        let source = self.sources.get(index as usize).copied();
        source
            .map(source_from)
            .ok_or(Malformed("an unknown source"))
    }

    fn origin(&self, index: u32) -> Result<OriginId, Malformed> {
        Ok(OriginId(index))
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

/// Writes the value of a node: a child names its parent, a root its journey.
pub fn encode_node(node: StoredNode<'_>, out: &mut Vec<u8>) {
    match node {
        StoredNode::Child(parent) => Some(ident_to_wire(parent)).put(out),
        StoredNode::Root(journey) => {
            None::<throughline_proto::Ident>.put(out);
            journeys::encode(journey, out);
        }
    }
}

/// Reads a node; the error says what is wrong with it.
pub fn decode_node(value: &[u8]) -> Result<Node, Malformed> {
    let mut reader = Reader::new(value);
    let parent: Option<throughline_proto::Ident> = reader.take()?;
    let node = match parent {
        Some(parent) => Node::Child(ident_from_wire(parent)),
        None => Node::Root(Box::new(journeys::decode(&mut reader)?)),
    };
    reader.end()?;
    Ok(node)
}

/// Writes the value of a piece of a number's state.
pub fn encode_number(state: &NumberState, out: &mut Vec<u8>) {
    let mut tables = ValueTables::default();
    let calls = state
        .calls
        .iter()
        .map(|call| StoredCall {
            tenant: call.tenant.0,
            caller: ident_to_wire(call.caller),
            fact: facts::to_wire(&call.fact, &mut tables),
        })
        .collect();
    let stored = StoredNumber {
        leases: state.leases.iter().map(facts::lease_to_wire).collect(),
        days: state.days.clone(),
        sources: tables.sources,
        calls,
    };
    stored.put(out);
}

/// Reads a piece of a number's state; the error says what is wrong with it.
pub fn decode_number(value: &[u8]) -> Result<NumberState, Malformed> {
    let stored: StoredNumber<'_> = whole(value)?;
    let mut tables = ValueTables {
        sources: stored.sources,
    };
    let calls = stored.calls.iter().map(|call| {
        Ok(NumberCall {
            caller: ident_from_wire(call.caller),
            tenant: TenantId(call.tenant),
            fact: facts::from_wire(&call.fact, &mut tables)?,
        })
    });
    let leases = stored.leases.iter().map(facts::lease_from_wire);
    Ok(NumberState {
        calls: calls.collect::<Result<_, Malformed>>()?,
        leases: leases.collect::<Result<_, Malformed>>()?,
        days: stored.days,
    })
}

/// Writes the value of a cost.
pub fn encode_cost(cost: &Cost, out: &mut Vec<u8>) {
    let stored = StoredCost {
        tenant: cost.tenant.0,
        source: stored_source(cost.source),
        cost: cost_to_wire(cost, 0),
    };
    stored.put(out);
}

/// Reads a cost; the error says what is wrong with it.
pub fn decode_cost(value: &[u8]) -> Result<Cost, Malformed> {
    let stored: StoredCost<'_> = whole(value)?;
    let source = source_from(stored.source);
    cost_from_wire(&stored.cost, TenantId(stored.tenant), source)
}

/// Writes the value of a chunk of cells.
pub fn encode_chunk(chunk: &Chunk, out: &mut Vec<u8>) {
    let cells = chunk.cells();
    (cells.len() as u64).put(out);
    for (place, cell) in cells {
        place.put(out);
        cell.lamport.put(out);
        (cell.slots.len() as u64).put(out);
        for (slot, figures) in &cell.slots {
            slot.put(out);
            for figure in figures {
                figure.put(out);
            }
        }
    }
}

/// Reads a chunk of cells; the error says what is wrong with it.
pub fn decode_chunk(value: &[u8]) -> Result<Chunk, Malformed> {
    let cells: Vec<StoredCell> = whole(value)?;
    let cells = cells.into_iter().map(|stored| {
        let slots = stored.slots.iter().map(|slot| {
            let figures = [slot.first, slot.second, slot.third, slot.fourth];
            (slot.slot, figures)
        });
        let cell = Cell {
            slots: slots.collect(),
            lamport: stored.lamport,
        };
        (stored.place, cell)
    });
    Chunk::new(cells.collect()).ok_or(Malformed("cells that are in no order of a chunk"))
}
