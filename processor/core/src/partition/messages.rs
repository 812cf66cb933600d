//! What a message does to its node.

use crate::fact::{Fact, FactBody, Link, LinkForm, Split};
use crate::identity::{Linking, Partners, clients};
use crate::ids::{Ident, TenantId};
use crate::journey::Added;
use crate::message::{Body, Message};
use crate::row::{LinkKind, RowBody, RowKey};

use super::{Backing, Claims, NodeEntry, Partition, Pending, Root};

/// How a fact came.
#[derive(Clone, Copy, Default)]
struct Way {
    /// As in [`Message::moved`].
    moved: bool,
    via: Option<Ident>,
    hops: u32,
}

impl<B: Backing> Partition<B> {
    pub(super) fn receive(&mut self, message: Message) -> Result<(), B::Error> {
        let Message {
            tenant,
            to,
            moved,
            body,
        } = message;
        match body {
            Body::Event { fact, via, hops } => {
                self.on_event(tenant, to, fact, Way { moved, via, hops })
            }
            Body::Link { higher, form } => self.on_link(tenant, to, higher, form),
            Body::Answer { lower, form } => self.on_answer(tenant, to, lower, form),
            Body::Join { lower } => self.on_join(tenant, to, lower),
            Body::Close => {
                self.close(tenant, to);
                Ok(())
            }
            Body::Forget { until, stays } => self.on_forget(to, until, stays),
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
        fact: Fact,
        way: Way,
    ) -> Result<(), B::Error> {
        if self.is_forgotten(&fact) {
            self.books.counters.forgotten_facts += 1;
            if way.moved {
                self.hide_fact(tenant, &fact);
            }
            return Ok(());
        }
        let Way { moved, via, hops } = way;
        if let FactBody::Split(split) = &fact.body
            && split.one == to
            && !moved
        {
            self.take_back(tenant, *split);
        }
        let linking = self.limits.linking;
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
            NodeEntry::Gone => return Ok(()),
        };
        let is_settled = root.pending.is_some() || root.is_inner_link(&fact, moved, linking);
        let counters = &mut self.books.counters;
        counters.arrived_facts += 1;
        counters.most_hops = counters.most_hops.max(hops);
        let near = self.add_near(to, &fact, moved);
        if near.is_none() && !is_settled {
            self.begin_change(to);
        }
        let added = near.unwrap_or_else(|| self.add(tenant, to, fact, moved));
        match added {
            Added::Changed => self.change_node(to),
            Added::Known => self.books.counters.known_facts += u64::from(!moved),
            Added::TooOld => self.books.counters.too_old_facts += 1,
        }
        if let Some(via) = via
            && hops >= 2
        {
            let body = Body::Shortcut { root: to };
            self.tell(tenant, via, body);
        }
        Ok(())
    }

    /// Adds a fact to the journey at a root, and tells identifiers that are hubs
    /// by it.
    fn add(&mut self, tenant: TenantId, to: Ident, fact: Fact, moved: bool) -> Added {
        let linking = self.limits.linking;
        let link = match fact.body {
            FactBody::Linked(link) => Some(link),
            _ => None,
        };
        let Some(root) = self.root_mut(to) else {
            return Added::Known;
        };
        let added = root.add(fact, moved);
        let ends = link.filter(|_| added == Added::Changed);
        let ends = ends.into_iter().flat_map(|link| [link.high, link.low]);
        let partners = root.partners(linking);
        let is_hub = |end: &Ident| partners.is_some_and(|partners| partners.is_hub(*end));
        let hubs: Vec<Ident> = ends.filter(is_hub).collect();
        // Also when it was one before: its node may not have heard of it yet.
        for hub in hubs {
            self.tell(tenant, hub, Body::Close);
        }
        added
    }

    /// Remembers what follows from a journey before the record changes it.
    fn begin_change(&mut self, root: Ident) {
        let (names, rules) = (&self.names, self.rules.as_ref());
        if let Some(entry) = self.nodes.get_mut(&root)
            && let NodeEntry::Root(node) = &mut entry.value
        {
            node.partners(self.limits.linking);
            let (journey, partners) = (&node.journey, node.partners.as_deref());
            let before = clients(root, journey, partners, self.limits.linking, names, rules);
            let claims = Claims::default();
            node.pending = Some(Box::new(Pending { before, claims }));
            self.unsettled.push(root);
        }
    }

    /// An event named the node and another one after it.
    fn on_link(
        &mut self,
        tenant: TenantId,
        to: Ident,
        higher: Ident,
        form: LinkForm,
    ) -> Result<(), B::Error> {
        if higher <= to {
            // Whoever sent it confused the two; named together they are all the same.
            self.link(tenant, to, higher, form);
            return Ok(());
        }
        self.node_mut(tenant, to)?;
        let form = self.answer(to, form);
        self.tell(tenant, higher, Body::Answer { lower: to, form });
        Ok(())
    }

    /// The link at its higher end, with what the lower one makes of it.
    fn on_answer(
        &mut self,
        tenant: TenantId,
        to: Ident,
        lower: Ident,
        form: LinkForm,
    ) -> Result<(), B::Error> {
        let is_root = matches!(self.node_mut(tenant, to)?.value, NodeEntry::Root(_));
        if lower >= to {
            return Ok(());
        }
        let kind = match form {
            LinkForm::Alias => LinkKind::Alias,
            LinkForm::Taken | LinkForm::Refused => LinkKind::Link,
        };
        let key = RowKey::Link(tenant, to, Some(lower), kind);
        self.books.put_row(key, RowBody::Link);
        let own = self.answer(to, form);
        let link = Link {
            high: to,
            low: lower,
            form: own,
        };
        let fact = Fact::timeless(FactBody::Linked(link));
        #[cfg(feature = "mutants")]
        if own == LinkForm::Refused && crate::mutant::is(crate::mutant::Mutant::RefusedIsNobody) {
            return Ok(());
        }
        match own {
            // Whoever would have taken it has a partner more.
            LinkForm::Refused if form == LinkForm::Refused => {
                self.on_event(tenant, to, fact, Way::default())
            }
            LinkForm::Refused => {
                let body = Body::fresh(fact);
                self.tell(tenant, lower, body);
                Ok(())
            }
            LinkForm::Taken | LinkForm::Alias if is_root => {
                self.depart(to, lower, Some(fact));
                Ok(())
            }
            LinkForm::Taken | LinkForm::Alias => {
                self.on_event(tenant, to, fact, Way::default())?;
                self.on_join(tenant, to, lower)
            }
        }
    }

    /// What an end makes of a link.
    fn answer(&self, end: Ident, form: LinkForm) -> LinkForm {
        let linking = self.limits.linking;
        if form == LinkForm::Taken && self.closed.contains(end, linking) {
            LinkForm::Refused
        } else {
            form
        }
    }

    /// A link, or all links of an identifier, are taken back.
    fn take_back(&mut self, tenant: TenantId, split: Split) {
        if split.other.is_none() {
            self.closed.add((self.limits.linking.pseudonym)(split.one));
        }
        let key = RowKey::Link(tenant, split.one, split.other, LinkKind::Split);
        self.books.put_row(key, RowBody::Link);
    }

    /// The node takes no more links. Those it has are in its client's journey.
    fn close(&mut self, tenant: TenantId, ident: Ident) {
        let key = RowKey::Link(tenant, ident, None, LinkKind::Hub);
        self.books.put_row(key, RowBody::Link);
        self.closed.add((self.limits.linking.pseudonym)(ident));
    }

    fn on_join(&mut self, tenant: TenantId, to: Ident, lower: Ident) -> Result<(), B::Error> {
        if lower >= to {
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
                self.tell(tenant, second, Body::Join { lower: first });
            }
            NodeEntry::Root(_) => self.depart(to, lower, None),
            NodeEntry::Gone => {}
        }
        Ok(())
    }

    /// Makes a root the child of another node and sends its journey there, and
    /// what made it do so.
    fn depart(&mut self, from: Ident, to: Ident, reason: Option<Fact>) {
        // A journey leaves with its rows settled: a hit that was taken into a
        // run in this record is known here only, and so is its tombstone.
        self.settle_root(from);
        let Some(entry) = self.nodes.get_mut(&from) else {
            return;
        };
        let NodeEntry::Root(mut root) = std::mem::replace(&mut entry.value, NodeEntry::Child(to))
        else {
            return;
        };
        self.change_node(from);
        self.books.counters.moved_journeys += 1;
        root.partners(self.limits.linking);
        self.settle_departed(from, &root);
        if let Some(fact) = reason {
            root.journey.add(fact);
        }
        let tenant = root.journey.tenant;
        #[cfg(feature = "mutants")]
        if crate::mutant::is(crate::mutant::Mutant::SplitStays) {
            root.journey.splits.clear();
        }
        #[cfg(feature = "mutants")]
        if crate::mutant::is(crate::mutant::Mutant::ErasedStays) {
            root.journey.erased.clear();
        }
        for fact in root.journey.facts() {
            let body = Body::fresh(fact);
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

    /// An event named two identifiers.
    pub(super) fn link(&mut self, tenant: TenantId, one: Ident, other: Ident, form: LinkForm) {
        let (lower, higher) = (one.min(other), one.max(other));
        if lower != higher {
            self.tell(tenant, lower, Body::Link { higher, form });
        }
    }

    /// Sends what was in no journey before.
    pub(super) fn tell(&mut self, tenant: TenantId, to: Ident, body: Body) {
        self.send(Message {
            tenant,
            to,
            moved: false,
            body,
        });
    }

    pub(super) fn send(&mut self, message: Message) {
        let home = (self.topology.home)(message.to, self.topology.partitions);
        if home == self.topology.own {
            self.queue.push_back(message);
        } else {
            self.leaving.messages.entry(home).or_default().push(message);
        }
    }
}

impl Root {
    /// Whether the fact is a link that brings no member into a journey that is
    /// not divided: then it changes nothing that rows and cells say.
    fn is_inner_link(&self, fact: &Fact, moved: bool, linking: Linking) -> bool {
        let FactBody::Linked(link) = &fact.body else {
            return false;
        };
        !moved
            && self.journey.splits.is_empty()
            && self.journey.links.len() < linking.max_partners
            && (link.form == LinkForm::Refused
                || self.journey.members.binary_search(&link.high).is_ok())
    }

    /// Adds a fact, and claims its rows when it moved here.
    fn add(&mut self, fact: Fact, moved: bool) -> Added {
        let Some(pending) = &mut self.pending else {
            return self.put(fact);
        };
        let member = match &fact.body {
            FactBody::Member(ident) => Some(*ident),
            FactBody::Linked(link) => link.member(),
            _ => None,
        };
        let is_new = |ident: &Ident| self.journey.members.binary_search(ident).is_err();
        pending.claims.members.extend(member.filter(is_new));
        if moved && !self.journey.refuses(&fact) {
            pending.claims.claim(&fact);
        }
        self.put(fact)
    }

    fn put(&mut self, fact: Fact) -> Added {
        let link = match fact.body {
            FactBody::Linked(link) => Some(link),
            _ => None,
        };
        // By that something may be known by another name.
        let renames = matches!(fact.body, FactBody::Erased(_));
        let added = self.journey.add(fact);
        match link {
            _ if renames => self.partners = None,
            Some(link) if link.form == LinkForm::Alias => self.partners = None,
            Some(link) => {
                if let Some(partners) = &mut self.partners {
                    partners.add(link);
                }
            }
            None => {}
        }
        added
    }

    /// Who has how many partners, if there may be a hub.
    pub(crate) fn partners(&mut self, linking: Linking) -> Option<&Partners> {
        if self.partners.is_none() {
            self.partners = Partners::of(&self.journey, linking).map(Box::new);
        }
        self.partners.as_deref()
    }
}
