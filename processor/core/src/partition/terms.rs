//! What goes into a partition beside its log, and what comes out of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::cell::{CellKind, ChunkKey, Figures};
use crate::identity::Linking;
use crate::ids::Ident;
use crate::journey::Journey;
use crate::message::Message;
use crate::number::NumberKey;

/// A node as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// It belongs to the client of its parent.
    Child(Ident),
    /// It is its client's first identifier.
    Root(Box<Journey>),
}

/// Which partition this is, and where every node lives.
#[derive(Clone, Copy, Debug)]
pub struct Topology {
    /// This partition's number.
    pub own: u32,
    /// How many partitions there are.
    pub partitions: u32,
    /// The partition of a node, given how many there are.
    pub home: fn(Ident, u32) -> u32,
}

/// Bounds on what one client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Touches kept of one client; of more, the newest.
    pub max_touches: usize,
    /// Hits, leads, calls and contacts kept of one client; of more, the newest.
    pub max_items: usize,
    /// Which identifiers link clients.
    pub linking: Linking,
}

/// What a partition did since it was last asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Messages applied.
    pub messages: u64,
    /// Facts that came to the root of their client.
    pub arrived_facts: u64,
    /// Facts that a node passed on to its parent.
    pub forwarded_facts: u64,
    /// The most nodes that passed on one fact that arrived.
    pub most_hops: u32,
    /// Links that a node passed on, since it has a parent already.
    pub forwarded_links: u64,
    /// Facts that were known already.
    pub known_facts: u64,
    /// Journeys that moved to another node.
    pub moved_journeys: u64,
    /// Journeys cut to the newest touches.
    pub capped_journeys: u64,
    /// Facts refused because their journey was cut at a later moment.
    pub too_old_facts: u64,
    /// Facts of erased persons that came again, or too late to be counted.
    pub forgotten_facts: u64,
    /// Persons whose facts were forgotten.
    pub forgotten_clients: u64,
    /// Deals derived with an amount whose currency has no rate.
    pub missing_rates: u64,
    /// Touches that came with the id and time of another, but other content.
    pub conflicting_events: u64,
}

/// Sums that must agree at rest, over all journeys of the partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Conservation {
    /// Won deals × models, in parts per million.
    pub expected_ppm: i64,
    /// Credit booked in cells, in parts per million.
    pub booked_ppm: i64,
    /// Revenue of won deals × models, minor units.
    pub expected_revenue: i64,
    /// Revenue booked in cells, minor units.
    pub booked_revenue: i64,
}

impl Conservation {
    /// Kept figures count as expected wherever they are counted.
    pub(super) fn expect(&mut self, kind: CellKind, [ppm, _, revenue, _]: Figures) {
        if kind == CellKind::KeptByConversion {
            self.expected_ppm += ppm;
            self.expected_revenue += revenue;
        }
    }
}

/// What has to leave a partition, at a checkpoint or between any two records
/// before it: it is the same whenever it leaves.
#[derive(Debug, Default)]
pub struct Leaving {
    /// Messages to other partitions, by partition.
    pub messages: BTreeMap<u32, Vec<Message>>,
    /// Chunks with cells that changed; see [`super::Partition::changed_cells`].
    pub chunks: Vec<ChunkKey>,
}

/// What has to be stored of a partition at a checkpoint.
#[derive(Debug, Default)]
pub struct Changes {
    /// Nodes whose state is another than stored, each once.
    pub nodes: Vec<Ident>,
    /// Pieces of numbers, likewise.
    pub numbers: BTreeSet<NumberKey>,
    /// Costs, likewise.
    pub costs: BTreeSet<Ident>,
    /// Pseudonyms of erased identifiers, likewise; see [`super::Partition::erased_until`].
    pub erased: BTreeSet<Ident>,
    /// Clients whose facts wait to be forgotten, or no longer do; see
    /// [`super::Partition::awaits_purge`].
    pub awaiting: BTreeSet<Ident>,
    /// Chunks of cells, likewise.
    pub chunks: Vec<ChunkKey>,
    /// What was done since the last checkpoint.
    pub counters: Counters,
}

/// A node as it is to be stored.
#[derive(Clone, Copy, Debug)]
pub enum StoredNode<'a> {
    /// It belongs to the client of its parent.
    Child(Ident),
    /// It is its client's first identifier.
    Root(&'a Journey),
}
