//! A partition: nodes of the union-find, and what stands at them.
//!
//! Identifiers are nodes; each has at most one parent, which comes before it
//! in the identity order, so there is no cycle under any interleaving. A root
//! holds the journey of its client. Facts travel up to the root; a link makes
//! the later of two roots a child of the earlier and sends its journey there.
//! Messages to own nodes are applied at once, in the same step.

mod calls;
mod claims;
mod costs;
mod memory;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::cell::{Cell, CellKey, Deltas};
use crate::cost::Cost;
use crate::derive::Derived;
use crate::fact::{Fact, FactBody};
use crate::ids::{Ident, TenantId};
use crate::journey::{Added, Journey};
use crate::message::{Body, Message, Record};
use crate::names::Names;
use crate::number::{NumberKey, NumberState};
use crate::row::{Row, RowBody, RowKey};
use crate::rules::Rules;

pub(crate) use claims::Claims;
use memory::evict;
pub use terms::{Changes, Conservation, Counters, Limits, Node, StoredNode, Topology};

/// Where state comes from that is not in memory.
pub trait Backing {
    /// Why it could not be read.
    type Error;

    /// An identifier's node.
    fn node(&mut self, ident: Ident) -> Result<Option<Node>, Self::Error>;
    /// A piece of a number's state.
    fn number(&mut self, key: NumberKey) -> Result<Option<NumberState>, Self::Error>;
    /// The latest statement of a cost.
    fn cost(&mut self, ident: Ident) -> Result<Option<Cost>, Self::Error>;
    /// A rollup cell.
    fn cell(&mut self, key: CellKey) -> Result<Option<Cell>, Self::Error>;
}

/// One partition of the fold.
pub struct Partition<B> {
    pub(crate) topology: Topology,
    pub(crate) limits: Limits,
    pub(crate) rules: Arc<dyn Rules>,
    pub(crate) names: Names,
    pub(crate) lamport: u64,
    pub(crate) conservation: Conservation,
    pub(crate) backing: B,
    nodes: FxHashMap<Ident, Cached<NodeEntry>>,
    numbers: FxHashMap<NumberKey, Cached<NumberState>>,
    costs: FxHashMap<Ident, Cached<Option<Arc<Cost>>>>,
    pub(crate) cells: FxHashMap<CellKey, Cached<Cell>>,
    queue: VecDeque<Message>,
    announced_tenants: usize,
    /// Roots to settle at the end of the record.
    pub(crate) unsettled: BTreeSet<Ident>,
    /// What was settled of roots that became children in this record.
    pub(crate) departed: BTreeMap<Ident, (TenantId, Derived)>,
    pub(crate) deltas: Deltas,
    pub(crate) rows: BTreeMap<RowKey, Row>,
    pub(crate) changes: Changes,
    epoch: u32,
}

/// Something in memory, and when it was last used.
#[derive(Debug)]
pub(crate) struct Cached<T> {
    pub(crate) value: T,
    used: u32,
}

enum NodeEntry {
    Child(Ident),
    Root(Box<Root>),
}

/// A root in memory.
pub(crate) struct Root {
    pub(crate) journey: Journey,
    /// What the rows and cells say of the journey.
    pub(crate) settled: Derived,
    /// Rows to be written whether they changed or not, since they may be owned
    /// by this partition only now.
    pub(crate) claimed: Claims,
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
        Self {
            topology,
            limits,
            rules,
            names,
            lamport,
            conservation,
            backing,
            nodes: FxHashMap::default(),
            numbers: FxHashMap::default(),
            costs: FxHashMap::default(),
            cells: FxHashMap::default(),
            queue: VecDeque::new(),
            announced_tenants,
            unsettled: BTreeSet::new(),
            departed: BTreeMap::new(),
            deltas: Deltas::default(),
            rows: BTreeMap::new(),
            changes: Changes::default(),
            epoch: 0,
        }
    }

    /// Applies one record of the log. Afterwards rows and cells agree with the
    /// journeys: a checkpoint may stand here.
    pub fn apply(&mut self, record: Record) -> Result<(), B::Error> {
        self.lamport = self.lamport.max(record.lamport) + 1;
        self.announce_tenants();
        self.queue.extend(record.messages);
        while let Some(message) = self.queue.pop_front() {
            self.changes.counters.messages += 1;
            self.receive(message)?;
        }
        self.settle()
    }

    /// Hands over what has changed since the last call.
    pub fn take_changes(&mut self) -> Changes {
        self.epoch += 1;
        let mut changes = std::mem::take(&mut self.changes);
        for key in &changes.cells {
            if let Some(cell) = self.cells.get(key) {
                let body =
                    (!cell.value.slots.is_empty()).then(|| RowBody::Cell(cell.value.clone()));
                let row = Row {
                    key: RowKey::Cell(*key),
                    lamport: cell.value.lamport,
                    body,
                };
                self.rows.insert(row.key.clone(), row);
            }
        }
        changes.rows = std::mem::take(&mut self.rows).into_values().collect();
        changes
    }

    /// Forgets what is stored and was not used lately, when more than
    /// `max_nodes` nodes or `max_cells` cells are in memory. To be called right
    /// after what [`Self::take_changes`] gave is stored.
    pub fn evict(&mut self, max_nodes: usize, max_cells: usize) {
        let epoch = self.epoch;
        evict(&mut self.nodes, max_nodes, epoch);
        evict(&mut self.numbers, max_nodes, epoch);
        evict(&mut self.costs, max_nodes, epoch);
        evict(&mut self.cells, max_cells, epoch);
    }

    /// The state of a node in memory, as it is to be stored.
    pub fn node(&self, ident: Ident) -> Option<StoredNode<'_>> {
        self.nodes.get(&ident).map(|entry| match &entry.value {
            NodeEntry::Child(parent) => StoredNode::Child(*parent),
            NodeEntry::Root(root) => StoredNode::Root(&root.journey),
        })
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

    /// A cell in memory.
    pub fn cell(&self, key: CellKey) -> Option<&Cell> {
        self.cells.get(&key).map(|entry| &entry.value)
    }

    /// How many nodes and cells are in memory.
    pub fn cached(&self) -> (usize, usize) {
        (self.nodes.len(), self.cells.len())
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
        self.lamport
    }

    /// The sums that must agree.
    pub const fn conservation(&self) -> Conservation {
        self.conservation
    }

    /// Where the partition's other state comes from.
    pub const fn backing_mut(&mut self) -> &mut B {
        &mut self.backing
    }

    fn announce_tenants(&mut self) {
        for index in self.announced_tenants..self.names.tenants().len() {
            let key = RowKey::Tenant(TenantId(index as u32));
            self.put_row(key, Some(RowBody::Tenant));
        }
        self.announced_tenants = self.names.tenants().len();
    }

    fn receive(&mut self, message: Message) -> Result<(), B::Error> {
        let Message {
            tenant,
            to,
            moved,
            body,
        } = message;
        match body {
            Body::Event { fact, via, hops } => self.on_event(tenant, to, moved, fact, via, hops),
            Body::Link { lower } => self.on_link(tenant, to, lower),
            Body::Shortcut { root } => self.on_shortcut(to, root),
            Body::Call { caller, fact } => self.on_call(tenant, to, caller, fact),
            Body::Lease(lease) => self.on_lease(to, &lease),
            Body::Cost(cost) => self.on_cost(to, cost),
        }
    }

    fn on_event(
        &mut self,
        tenant: TenantId,
        to: Ident,
        moved: bool,
        fact: Fact,
        via: Option<Ident>,
        hops: u32,
    ) -> Result<(), B::Error> {
        match self.node_mut(tenant, to)? {
            NodeEntry::Child(parent) => {
                let parent = *parent;
                let body = Body::Event {
                    fact,
                    via: via.or(Some(to)),
                    hops: hops + 1,
                };
                self.send(Message {
                    tenant,
                    to: parent,
                    moved,
                    body,
                });
            }
            NodeEntry::Root(root) => {
                let added = root.add(fact, moved);
                let counters = &mut self.changes.counters;
                match added {
                    Added::Changed => {
                        self.changes.nodes.insert(to);
                        self.unsettled.insert(to);
                    }
                    Added::Known if moved => {
                        self.unsettled.insert(to);
                    }
                    Added::Known => counters.known_facts += 1,
                    Added::TooOld => counters.too_old_facts += 1,
                }
                if let Some(via) = via
                    && hops >= 2
                {
                    let body = Body::Shortcut { root: to };
                    self.send(Message {
                        tenant,
                        to: via,
                        moved: false,
                        body,
                    });
                }
            }
        }
        Ok(())
    }

    fn on_link(&mut self, tenant: TenantId, to: Ident, lower: Ident) -> Result<(), B::Error> {
        if lower >= to {
            // Whoever sent it confused the two; one client they are all the same.
            if lower > to {
                let body = Body::Link { lower: to };
                self.send(Message {
                    tenant,
                    to: lower,
                    moved: false,
                    body,
                });
            }
            return Ok(());
        }
        self.node_mut(tenant, to)?;
        if self.unsettled.remove(&to) {
            // A journey leaves with its rows settled: a hit that was taken
            // into a run in this record is known here only, and so is its
            // tombstone.
            self.settle_root(to);
        }
        let entry = self.node_mut(tenant, to)?;
        match entry {
            NodeEntry::Child(parent) if *parent == lower => {}
            NodeEntry::Child(parent) => {
                let (first, second) = ((*parent).min(lower), (*parent).max(lower));
                let reparented = *parent != first;
                *parent = first;
                if reparented {
                    self.changes.nodes.insert(to);
                }
                let body = Body::Link { lower: first };
                self.send(Message {
                    tenant,
                    to: second,
                    moved: false,
                    body,
                });
            }
            NodeEntry::Root(_) => {
                if let NodeEntry::Root(root) = std::mem::replace(entry, NodeEntry::Child(lower)) {
                    self.depart(to, lower, *root);
                }
            }
        }
        Ok(())
    }

    /// Sends a journey to the node that is the root's parent now.
    fn depart(&mut self, from: Ident, to: Ident, root: Root) {
        let tenant = root.journey.tenant;
        self.departed.insert(from, (tenant, root.settled));
        self.changes.nodes.insert(from);
        self.changes.counters.moved_journeys += 1;
        for fact in root.journey.facts() {
            let body = Body::Event {
                fact,
                via: None,
                hops: 0,
            };
            self.send(Message {
                tenant,
                to,
                moved: true,
                body,
            });
        }
    }

    fn on_shortcut(&mut self, to: Ident, root: Ident) -> Result<(), B::Error> {
        // A shortcut only ever goes to a node that passed something on, so
        // there is nothing to make when it is not known.
        if !self.load_node(to)? {
            return Ok(());
        }
        if let Some(entry) = self.nodes.get_mut(&to)
            && let NodeEntry::Child(parent) = &mut entry.value
            && root < *parent
        {
            *parent = root;
            self.changes.nodes.insert(to);
        }
        Ok(())
    }

    fn link(&mut self, tenant: TenantId, one: Ident, other: Ident) {
        let (lower, higher) = (one.min(other), one.max(other));
        if lower != higher {
            let body = Body::Link { lower };
            self.send(Message {
                tenant,
                to: higher,
                moved: false,
                body,
            });
        }
    }

    fn send(&mut self, message: Message) {
        let home = (self.topology.home)(message.to, self.topology.partitions);
        if home == self.topology.own {
            self.queue.push_back(message);
        } else {
            self.changes.messages.entry(home).or_default().push(message);
        }
    }

    pub(crate) fn put_row(&mut self, key: RowKey, body: Option<RowBody>) {
        let row = Row {
            key: key.clone(),
            lamport: self.lamport,
            body,
        };
        self.rows.insert(key, row);
    }
}

impl Root {
    /// Adds a fact, and claims its rows when it moved here.
    fn add(&mut self, fact: Fact, moved: bool) -> Added {
        let member = match &fact.body {
            FactBody::Member(ident) => Some(*ident),
            _ => None,
        };
        if moved && !self.journey.refuses(&fact) {
            self.claimed.claim(&fact);
        }
        let added = self.journey.add(fact);
        if added == Added::Changed {
            self.claimed.members.extend(member);
        }
        added
    }
}
