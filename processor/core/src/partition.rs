//! A partition: nodes of the union-find, and what stands at them.
//!
//! Identifiers are nodes; each has at most one parent, which comes before it
//! in the identity order, so there is no cycle under any interleaving. A root
//! holds the journey of its client. Facts travel up to the root; a link makes
//! the later of two roots a child of the earlier and sends its journey there.
//! Messages to own nodes are applied at once, in the same step.

mod books;
mod calls;
mod claims;
mod closed;
mod costs;
mod erasure;
mod memory;
mod messages;
mod near;
mod restate;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::cell::{Cell, CellKey, Chunk, ChunkKey};
use crate::cost::Cost;
use crate::identity::{Client, Linking, Partners};
use crate::ids::{Ident, TenantId};
use crate::journey::Journey;
use crate::message::{Message, Record};
use crate::names::Names;
use crate::number::{NumberKey, NumberState};
use crate::row::{Row, RowBody, RowKey};
use crate::rules::Rules;

pub(crate) use books::Books;
pub(crate) use claims::Claims;
use closed::Closed;
use erasure::Erasures;
pub use erasure::{KeptModels, StoredErasures};
use memory::evict;
pub use restate::Restated;
pub use terms::{Changes, Conservation, Counters, Leaving, Limits, Node, StoredNode, Topology};

/// Where state comes from that is not in memory.
pub trait Backing {
    /// Why it could not be read.
    type Error;

    /// An identifier's node.
    fn node(&mut self, ident: Ident) -> Result<Option<Node>, Self::Error>;
    /// A piece of a number's state.
    fn number(&mut self, key: NumberKey) -> Result<Option<NumberState>, Self::Error>;
    /// Up to `limit` pieces of numbers that there are, ascending, after one of them.
    fn number_keys(
        &mut self,
        after: Option<NumberKey>,
        limit: usize,
    ) -> Result<Vec<NumberKey>, Self::Error>;
    /// The latest statement of a cost.
    fn cost(&mut self, ident: Ident) -> Result<Option<Cost>, Self::Error>;
    /// A chunk of rollup cells.
    fn chunk(&mut self, key: ChunkKey) -> Result<Option<Chunk>, Self::Error>;
}

/// One partition of the fold.
pub struct Partition<B> {
    pub(crate) topology: Topology,
    pub(crate) limits: Limits,
    pub(crate) rules: Arc<dyn Rules>,
    pub(crate) names: Names,
    pub(crate) backing: B,
    nodes: FxHashMap<Ident, Cached<NodeEntry>>,
    numbers: FxHashMap<NumberKey, Cached<NumberState>>,
    costs: FxHashMap<Ident, Cached<Option<Arc<Cost>>>>,
    chunks: FxHashMap<ChunkKey, Cached<Chunk>>,
    closed: Closed,
    erasures: Erasures,
    queue: VecDeque<Message>,
    announced_tenants: usize,
    /// Rows and cells are of no use: see [`Self::keep_facts_only`].
    pub(crate) facts_only: bool,
    /// Roots that the record changed, in the order in which it did.
    pub(crate) unsettled: Vec<Ident>,
    pub(crate) books: Books,
    pub(crate) changes: Changes,
    leaving: Leaving,
    epoch: u32,
}

/// The epoch of no change.
const NEVER: u32 = 0;

/// Something in memory, and when it was last used.
#[derive(Debug)]
pub(crate) struct Cached<T> {
    pub(crate) value: T,
    used: u32,
    /// The epoch in which it became another than stored last: in the current
    /// one it stands among the changes.
    changed: u32,
}

enum NodeEntry {
    Child(Ident),
    Root(Box<Root>),
    /// There is no such node any more.
    Gone,
}

/// A root in memory.
pub(crate) struct Root {
    pub(crate) journey: Journey,
    /// Who has how many partners; made when there may be a hub.
    pub(crate) partners: Option<Box<Partners>>,
    /// What is to be settled at the end of the record.
    pub(crate) pending: Option<Box<Pending>>,
}

/// A journey that the record changed.
pub(crate) struct Pending {
    /// What the rows and cells still say of it.
    pub(crate) before: Vec<Client>,
    /// Rows to be written whether they changed or not, since they may be owned
    /// by this partition only now.
    pub(crate) claims: Claims,
}

impl<B: Backing> Partition<B> {
    /// A partition that goes on from stored names, Lamport time and sums.
    pub fn new(
        topology: Topology,
        limits: Limits,
        rules: Arc<dyn Rules>,
        backing: B,
        names: Names,
        lamport: u64,
        conservation: Conservation,
    ) -> Self {
        let announced_tenants = names.tenants().len();
        let books = Books {
            lamport,
            conservation,
            ..Books::default()
        };
        Self {
            topology,
            limits,
            rules,
            names,
            backing,
            nodes: FxHashMap::default(),
            numbers: FxHashMap::default(),
            costs: FxHashMap::default(),
            chunks: FxHashMap::default(),
            closed: Closed::default(),
            erasures: Erasures::default(),
            queue: VecDeque::new(),
            announced_tenants,
            facts_only: false,
            unsettled: Vec::new(),
            books,
            changes: Changes::default(),
            leaving: Leaving::default(),
            epoch: NEVER + 1,
        }
    }

    /// Goes on with the pseudonyms of the nodes that took no more links.
    pub fn restore_closed(&mut self, closed: Vec<Ident>) {
        self.closed = Closed::restore(closed);
    }

    /// The pseudonyms of nodes that take no more links, in the order in which
    /// they were closed.
    pub fn closed(&self) -> &[Ident] {
        self.closed.in_order()
    }

    /// Which identifiers link.
    pub const fn linking(&self) -> Linking {
        self.limits.linking
    }

    /// Applies one record of the log.
    pub fn apply(&mut self, record: Record) -> Result<(), B::Error> {
        let mut messages = record.messages.into_iter();
        self.apply_messages(record.lamport, |_, _| messages.next().map(Ok))
    }

    /// Applies one record of the log, sent at a Lamport time (0 from ingest),
    /// whose messages are read as they are applied. Afterwards rows and cells
    /// agree with the journeys: a checkpoint may stand here. After an error
    /// the partition must not be used any more.
    pub fn apply_messages<E: From<B::Error>>(
        &mut self,
        lamport: u64,
        mut next: impl FnMut(&mut Names, &dyn Rules) -> Option<Result<Message, E>>,
    ) -> Result<(), E> {
        self.books.lamport = self.books.lamport.max(lamport) + 1;
        self.books.rows.clear();
        let mut messages = Vec::with_capacity(memory::LOOKED_AHEAD);
        loop {
            while messages.len() < memory::LOOKED_AHEAD
                && let Some(message) = next(&mut self.names, self.rules.as_ref())
            {
                messages.push(message?);
            }
            if messages.is_empty() {
                break;
            }
            self.look_ahead(&messages);
            for mut message in messages.drain(..) {
                loop {
                    self.books.counters.messages += 1;
                    self.receive(message)?;
                    match self.queue.pop_front() {
                        Some(own) => message = own,
                        None => break,
                    }
                }
            }
        }
        self.announce_tenants();
        self.forget_at_numbers()?;
        self.settle()?;
        self.books.close_rows();
        Ok(())
    }

    /// The rows of the record that was applied last, one a key, and the names
    /// they refer to. For those of cells see [`Self::changed_cells`].
    pub fn rows(&mut self) -> (&Names, impl Iterator<Item = Row>) {
        (&self.names, self.books.rows.drain(..))
    }

    /// Hands over what has to leave since the last call.
    pub fn take_leaving(&mut self) -> Leaving {
        let mut leaving = std::mem::take(&mut self.leaving);
        leaving.chunks.sort_unstable();
        leaving
    }

    /// Hands over what has to be stored since the last call.
    pub fn take_changes(&mut self) -> Changes {
        self.epoch += 1;
        let mut changes = std::mem::take(&mut self.changes);
        changes.counters = std::mem::take(&mut self.books.counters);
        // In the order of their keys, as the store likes it.
        changes.chunks.sort_unstable();
        changes.nodes.sort_unstable();
        changes
    }

    /// The cells of a chunk that changed since this was last called, and the
    /// names they refer to.
    pub fn changed_cells(
        &mut self,
        chunk: ChunkKey,
    ) -> (&Names, impl Iterator<Item = (CellKey, &Cell)>) {
        let cells = self.chunks.get_mut(&chunk).into_iter();
        let cells = cells.flat_map(move |entry| entry.value.take_changed(chunk));
        (&self.names, cells)
    }

    /// Forgets what is stored and was not used lately, when more than
    /// `max_nodes` nodes or `max_chunks` chunks of cells are in memory. To be
    /// called right after what [`Self::take_changes`] gave is stored.
    pub fn evict(&mut self, max_nodes: usize, max_chunks: usize) {
        let epoch = self.epoch;
        evict(&mut self.nodes, max_nodes, epoch);
        evict(&mut self.numbers, max_nodes, epoch);
        evict(&mut self.costs, max_nodes, epoch);
        evict(&mut self.chunks, max_chunks, epoch);
    }

    /// The state of a node in memory, as it is to be stored; `None` also when
    /// there is none any more.
    pub fn node(&self, ident: Ident) -> Option<StoredNode<'_>> {
        match &self.nodes.get(&ident)?.value {
            NodeEntry::Child(parent) => Some(StoredNode::Child(*parent)),
            NodeEntry::Root(root) => Some(StoredNode::Root(&root.journey)),
            NodeEntry::Gone => None,
        }
    }

    /// Whether a node is gone, though it may be stored still.
    pub fn is_gone(&self, ident: Ident) -> bool {
        let entry = self.nodes.get(&ident);
        entry.is_some_and(|entry| matches!(entry.value, NodeEntry::Gone))
    }

    /// A piece of a number's state in memory.
    pub fn number(&self, key: NumberKey) -> Option<&NumberState> {
        self.numbers.get(&key).map(|entry| &entry.value)
    }

    /// A cost in memory.
    pub fn cost(&self, ident: Ident) -> Option<&Arc<Cost>> {
        self.costs
            .get(&ident)
            .and_then(|entry| entry.value.as_ref())
    }

    /// A chunk of cells in memory.
    pub fn chunk(&self, key: ChunkKey) -> Option<&Chunk> {
        self.chunks.get(&key).map(|entry| &entry.value)
    }

    /// How many nodes and chunks of cells are another than stored.
    pub fn changed(&self) -> (usize, usize) {
        (self.changes.nodes.len(), self.changes.chunks.len())
    }

    /// The messages that have to leave, by partition.
    pub const fn waiting(&self) -> &BTreeMap<u32, Vec<Message>> {
        &self.leaving.messages
    }

    /// The chunks of cells that are in memory, in no order.
    pub fn cached_chunks(&self) -> impl Iterator<Item = ChunkKey> {
        self.chunks.keys().copied()
    }

    /// How many nodes and chunks of cells are in memory.
    pub fn cached(&self) -> (usize, usize) {
        (self.nodes.len(), self.chunks.len())
    }

    /// The names, to read.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The names, to intern those of a record before it is applied.
    pub fn names_mut(&mut self) -> (&mut Names, &dyn Rules) {
        (&mut self.names, self.rules.as_ref())
    }

    /// The Lamport time of the last applied record.
    pub const fn lamport(&self) -> u64 {
        self.books.lamport
    }

    /// The sums that must agree.
    pub const fn conservation(&self) -> Conservation {
        self.books.conservation
    }

    /// Where the partition's other state comes from.
    pub const fn backing(&self) -> &B {
        &self.backing
    }

    fn announce_tenants(&mut self) {
        for index in self.announced_tenants..self.names.tenants().len() {
            let key = RowKey::Tenant(TenantId(index as u32));
            self.books.put_row(key, RowBody::Tenant);
        }
        self.announced_tenants = self.names.tenants().len();
    }
}
