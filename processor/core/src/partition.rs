//! A partition: nodes of the union-find, and what stands at them.
//!
//! Identifiers are nodes; each has at most one parent, which comes before it
//! in the identity order, so there is no cycle under any interleaving. A root
//! holds the journey of its client. Facts travel up to the root; a link makes
//! the later of two roots a child of the earlier and sends its journey there.
//! Messages to own nodes are applied at once, in the same step.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::cell::{Cell, CellKey, Deltas};
use crate::cost::{self, Cost};
use crate::derive::{Derived, TouchKey, TouchTopic, derive};
use crate::fact::{EventKey, Fact, FactBody};
use crate::ids::{Ident, TenantId};
use crate::journey::{Added, Journey};
use crate::message::{Body, Lease, Message, Record};
use crate::names::Names;
use crate::number::{NumberCall, NumberKey, NumberState, coverage, day_of};
use crate::row::{Row, RowBody, RowKey};
use crate::rules::Rules;

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
    /// Facts kept of one client that could be touches.
    pub max_items: usize,
}

/// What a partition did since it was last asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Messages applied.
    pub messages: u64,
    /// Facts that were known already.
    pub known_facts: u64,
    /// Journeys that moved to another node.
    pub moved_journeys: u64,
    /// Journeys cut to the newest touches.
    pub capped_journeys: u64,
    /// Facts refused because their journey was cut at a later moment.
    pub too_old_facts: u64,
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

/// What has to leave a partition at a checkpoint.
#[derive(Debug, Default)]
pub struct Changes {
    /// Messages to other partitions, by partition.
    pub messages: BTreeMap<u32, Vec<Message>>,
    /// Rows, at most one a key.
    pub rows: Vec<Row>,
    /// Nodes whose state is another than stored.
    pub nodes: BTreeSet<Ident>,
    /// Pieces of numbers, likewise.
    pub numbers: BTreeSet<NumberKey>,
    /// Costs, likewise.
    pub costs: BTreeSet<Ident>,
    /// Cells, likewise.
    pub cells: BTreeSet<CellKey>,
    /// What was done since the last checkpoint.
    pub counters: Counters,
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

/// Keys of rows to be written, as they are or as tombstones.
#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) members: BTreeSet<Ident>,
    pub(crate) touches: BTreeSet<TouchKey>,
    pub(crate) calls: BTreeSet<EventKey>,
    pub(crate) deals: BTreeSet<Ident>,
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

    fn on_call(
        &mut self,
        tenant: TenantId,
        number: Ident,
        caller: Ident,
        fact: Fact,
    ) -> Result<(), B::Error> {
        let day = day_of(fact.key.at);
        let daily = NumberKey {
            number,
            day: Some(day),
        };
        let lasting = NumberKey { number, day: None };
        let call = NumberCall {
            caller,
            tenant,
            fact,
        };
        if !self.number_mut(daily)?.add_call(call.clone()) {
            self.changes.counters.known_facts += 1;
            return Ok(());
        }
        self.changes.numbers.insert(daily);
        if self.number_mut(lasting)?.add_day(day) {
            self.changes.numbers.insert(lasting);
        }
        self.forward_call(number, call)
    }

    /// Sends a call on to its client, with what the leases say of it, and
    /// links the client with every visitor who was shown the number.
    fn forward_call(&mut self, number: Ident, call: NumberCall) -> Result<(), B::Error> {
        let NumberCall {
            caller,
            tenant,
            fact,
        } = call;
        let at = fact.key.at;
        let daily = NumberKey {
            number,
            day: Some(day_of(at)),
        };
        let lasting = NumberKey { number, day: None };
        self.number_mut(daily)?;
        self.number_mut(lasting)?;
        let leases = [daily, lasting]
            .into_iter()
            .filter_map(|key| self.numbers.get(&key))
            .flat_map(|entry| &entry.value.leases);
        let coverage = coverage(leases, at);
        for visitor in &coverage.visitors {
            self.link(tenant, caller, *visitor);
        }
        let body = Body::Event {
            fact: coverage.mark(fact),
            via: None,
            hops: 0,
        };
        self.send(Message {
            tenant,
            to: caller,
            moved: false,
            body,
        });
        Ok(())
    }

    fn on_lease(&mut self, number: Ident, lease: &Lease) -> Result<(), B::Error> {
        let Some((first, last)) = lease.days() else {
            return Ok(());
        };
        let lasting = NumberKey { number, day: None };
        let days: Vec<i32> = if lease.is_daily() {
            (first..=last).collect()
        } else {
            let state = self.number_mut(lasting)?;
            if !state.add_lease(lease) {
                self.changes.counters.known_facts += 1;
                return Ok(());
            }
            let days = state
                .days
                .iter()
                .copied()
                .filter(|day| (first..=last).contains(day));
            let days = days.collect();
            self.changes.numbers.insert(lasting);
            days
        };
        for day in days {
            let daily = NumberKey {
                number,
                day: Some(day),
            };
            let state = self.number_mut(daily)?;
            if lease.is_daily() {
                if !state.add_lease(lease) {
                    self.changes.counters.known_facts += 1;
                    continue;
                }
                self.changes.numbers.insert(daily);
            }
            let covered = |call: &&NumberCall| lease.covers(call.fact.key.at);
            let calls: Vec<NumberCall> = self
                .number_mut(daily)?
                .calls
                .iter()
                .filter(covered)
                .cloned()
                .collect();
            for call in calls {
                self.forward_call(number, call)?;
            }
        }
        Ok(())
    }

    fn on_cost(&mut self, ident: Ident, cost: Arc<Cost>) -> Result<(), B::Error> {
        let epoch = self.epoch;
        if !self.costs.contains_key(&ident) {
            let value = self.backing.cost(ident)?.map(Arc::new);
            self.costs.insert(ident, Cached { value, used: epoch });
        }
        let Some(entry) = self.costs.get_mut(&ident) else {
            return Ok(());
        };
        entry.used = epoch;
        if entry
            .value
            .as_ref()
            .is_some_and(|known| known.key >= cost.key)
        {
            self.changes.counters.known_facts += 1;
            return Ok(());
        }
        let before = entry.value.replace(Arc::clone(&cost));
        if let Some(before) = before {
            let spend = self.spend(&before);
            cost::spread(&before, spend, -1, &mut self.deltas);
        }
        let spend = self.spend(&cost);
        cost::spread(&cost, spend, 1, &mut self.deltas);
        self.changes.costs.insert(ident);
        self.put_row(RowKey::Cost(ident), Some(RowBody::Cost { cost, spend }));
        Ok(())
    }

    /// A cost in the tenant's currency.
    fn spend(&mut self, cost: &Cost) -> i64 {
        let tenant = &self.names.tenant(cost.tenant).name;
        let money = cost.cost;
        let spend = self
            .rules
            .convert(tenant, money.currency, cost.date, money.minor);
        self.changes.counters.missing_rates += u64::from(spend.is_none());
        spend.unwrap_or(0)
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

    /// Brings a node into memory; tells whether there is one.
    fn load_node(&mut self, ident: Ident) -> Result<bool, B::Error> {
        if let Some(entry) = self.nodes.get_mut(&ident) {
            entry.used = self.epoch;
            return Ok(true);
        }
        let Some(node) = self.backing.node(ident)? else {
            return Ok(false);
        };
        let value = match node {
            Node::Child(parent) => NodeEntry::Child(parent),
            Node::Root(journey) => {
                let settled = derive(&journey, &self.names, self.rules.as_ref());
                NodeEntry::Root(Box::new(Root {
                    journey: *journey,
                    settled,
                    claimed: Claims::default(),
                }))
            }
        };
        self.nodes.insert(
            ident,
            Cached {
                value,
                used: self.epoch,
            },
        );
        Ok(true)
    }

    /// A node, made when it is not known: a client of one identifier.
    fn node_mut(&mut self, tenant: TenantId, ident: Ident) -> Result<&mut NodeEntry, B::Error> {
        if !self.load_node(ident)? {
            self.changes.nodes.insert(ident);
            self.unsettled.insert(ident);
        }
        let used = self.epoch;
        let entry = self.nodes.entry(ident).or_insert_with(|| {
            let mut root = Root {
                journey: Journey::new(tenant),
                settled: Derived::default(),
                claimed: Claims::default(),
            };
            root.journey.members.push(ident);
            root.claimed.members.insert(ident);
            Cached {
                value: NodeEntry::Root(Box::new(root)),
                used,
            }
        });
        Ok(&mut entry.value)
    }

    /// A root in memory.
    pub(crate) fn root_mut(&mut self, ident: Ident) -> Option<&mut Root> {
        match &mut self.nodes.get_mut(&ident)?.value {
            NodeEntry::Child(_) => None,
            NodeEntry::Root(root) => Some(root),
        }
    }

    fn number_mut(&mut self, key: NumberKey) -> Result<&mut NumberState, B::Error> {
        if !self.numbers.contains_key(&key) {
            let value = self.backing.number(key)?.unwrap_or_default();
            self.numbers.insert(
                key,
                Cached {
                    value,
                    used: self.epoch,
                },
            );
        }
        let used = self.epoch;
        let entry = self.numbers.entry(key).or_insert_with(|| Cached {
            value: NumberState::default(),
            used,
        });
        entry.used = used;
        Ok(&mut entry.value)
    }

    pub(crate) fn cell_mut(&mut self, key: CellKey) -> Result<&mut Cell, B::Error> {
        if !self.cells.contains_key(&key) {
            let value = self.backing.cell(key)?.unwrap_or_default();
            self.cells.insert(
                key,
                Cached {
                    value,
                    used: self.epoch,
                },
            );
        }
        let used = self.epoch;
        let entry = self.cells.entry(key).or_insert_with(|| Cached {
            value: Cell::default(),
            used,
        });
        entry.used = used;
        Ok(&mut entry.value)
    }
}

/// A node as it is to be stored.
#[derive(Clone, Copy, Debug)]
pub enum StoredNode<'a> {
    /// It belongs to the client of its parent.
    Child(Ident),
    /// It is its client's first identifier.
    Root(&'a Journey),
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

impl Claims {
    fn claim(&mut self, fact: &Fact) {
        let touch = |topic| TouchKey::new(topic, &fact.key);
        match &fact.body {
            FactBody::Member(ident) => {
                self.members.insert(*ident);
            }
            FactBody::Hit(_) => {
                self.touches.insert(touch(TouchTopic::Web));
            }
            FactBody::Lead { .. } => {}
            FactBody::Call(call) => {
                self.calls.insert(fact.key.clone());
                if !call.outbound {
                    self.touches.insert(touch(TouchTopic::Calls));
                }
            }
            FactBody::Contact(contact) => {
                let topic = if contact.email {
                    TouchTopic::Emails
                } else {
                    TouchTopic::Touches
                };
                self.touches.insert(touch(topic));
            }
            FactBody::Deal(event) => {
                self.deals.insert(event.deal);
            }
        }
    }
}

/// Forgets entries not used in the current epoch, oldest use first by halves,
/// until at most `max` remain or all are in use.
fn evict<K: std::hash::Hash + Eq, V>(
    entries: &mut FxHashMap<K, Cached<V>>,
    max: usize,
    epoch: u32,
) {
    let mut age = 16;
    while entries.len() > max && age > 0 {
        entries.retain(|_, entry| epoch - entry.used < age);
        age /= 2;
    }
}

#[cfg(test)]
mod tests;
