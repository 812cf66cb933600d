//! What a message does to its node.

use crate::derive::derive;
use crate::fact::{Fact, FactBody};
use crate::ids::{Ident, TenantId};
use crate::journey::Added;
use crate::message::{Body, Message};

use super::{Backing, Claims, NodeEntry, Partition, Pending, Root};

impl<B: Backing> Partition<B> {
    pub(super) fn receive(&mut self, message: Message) -> Result<(), B::Error> {
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
        let root = match &mut self.node_mut(tenant, to)?.value {
            NodeEntry::Root(root) => root,
            NodeEntry::Child(parent) => {
                let parent = *parent;
                self.books.counters.forwarded_facts += 1;
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
                return Ok(());
            }
        };
        if root.pending.is_none() {
            self.begin_change(to);
        }
        let counters = &mut self.books.counters;
        counters.arrived_facts += 1;
        counters.most_hops = counters.most_hops.max(hops);
        let added = self
            .root_mut(to)
            .map_or(Added::Known, |root| root.add(fact, moved));
        match added {
            Added::Changed => self.change_node(to),
            Added::Known => self.books.counters.known_facts += u64::from(!moved),
            Added::TooOld => self.books.counters.too_old_facts += 1,
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
        Ok(())
    }

    /// Remembers what follows from a journey before the record changes it.
    fn begin_change(&mut self, root: Ident) {
        let (names, rules) = (&self.names, self.rules.as_ref());
        if let Some(entry) = self.nodes.get_mut(&root)
            && let NodeEntry::Root(node) = &mut entry.value
        {
            let before = derive(&node.journey, names, rules);
            let claims = Claims::default();
            node.pending = Some(Box::new(Pending { before, claims }));
            self.unsettled.push(root);
        }
    }

    fn on_link(&mut self, tenant: TenantId, to: Ident, lower: Ident) -> Result<(), B::Error> {
        if lower >= to {
            // Whoever sent it confused the two; one client they are all the same.
            if lower > to {
                self.link(tenant, to, lower);
            }
            return Ok(());
        }
        match &mut self.node_mut(tenant, to)?.value {
            NodeEntry::Child(parent) if *parent == lower => {}
            NodeEntry::Child(parent) => {
                let (first, second) = ((*parent).min(lower), (*parent).max(lower));
                let reparented = *parent != first;
                *parent = first;
                if reparented {
                    self.change_node(to);
                }
                self.books.counters.forwarded_links += 1;
                self.link(tenant, first, second);
            }
            NodeEntry::Root(_) => self.depart(to, lower),
        }
        Ok(())
    }

    /// Makes a root the child of another node and sends its journey there.
    fn depart(&mut self, from: Ident, to: Ident) {
        // A journey leaves with its rows settled: a hit that was taken into a
        // run in this record is known here only, and so is its tombstone.
        self.settle_root(from);
        let Some(entry) = self.nodes.get_mut(&from) else {
            return;
        };
        let NodeEntry::Root(root) = std::mem::replace(&mut entry.value, NodeEntry::Child(to))
        else {
            return;
        };
        self.change_node(from);
        self.books.counters.moved_journeys += 1;
        self.settle_departed(&root.journey);
        let tenant = root.journey.tenant;
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
        #[cfg(feature = "mutants")]
        let unguarded = crate::mutant::is(crate::mutant::Mutant::AnyShortcut);
        #[cfg(not(feature = "mutants"))]
        let unguarded = false;
        if let Some(entry) = self.nodes.get_mut(&to)
            && let NodeEntry::Child(parent) = &mut entry.value
            && (root < *parent || unguarded)
        {
            *parent = root;
            self.change_node(to);
        }
        Ok(())
    }

    pub(super) fn link(&mut self, tenant: TenantId, one: Ident, other: Ident) {
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

    pub(super) fn send(&mut self, message: Message) {
        let home = (self.topology.home)(message.to, self.topology.partitions);
        if home == self.topology.own {
            self.queue.push_back(message);
        } else {
            self.changes.messages.entry(home).or_default().push(message);
        }
    }
}

impl Root {
    /// Adds a fact, and claims its rows when it moved here.
    fn add(&mut self, fact: Fact, moved: bool) -> Added {
        let Some(pending) = &mut self.pending else {
            return self.journey.add(fact);
        };
        let member = match &fact.body {
            FactBody::Member(ident) => Some(*ident),
            _ => None,
        };
        if moved && !self.journey.refuses(&fact) {
            pending.claims.claim(&fact);
        }
        let added = self.journey.add(fact);
        if added == Added::Changed {
            pending.claims.members.extend(member);
        }
        added
    }
}
