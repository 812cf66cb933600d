//! Erasure of persons.
//!
//! That an identifier is erased is a fact of its client's journey, like all
//! else, so it holds whatever the order of arrival: the client is counted in
//! cells and has no rows. Later, when hardly anything of it can still be under
//! way, its facts are forgotten: what they amount to is kept apart, in cells of
//! their own, and of the identifiers their pseudonyms alone are left, in all
//! partitions. By these what comes again is known, and counted no more; what is
//! newer begins a journey of which nothing is told either.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cell::{ChunkKey, Delta, Deltas};
use crate::credit;
use crate::derive::Derived;
use crate::fact::{Fact, FactBody};
use crate::identity::Linking;
use crate::ids::{Ident, TenantId};
use crate::journey::Journey;
use crate::message::{Body, Message};
use crate::model::Model;
use crate::number::{NumberKey, NumberState};
use crate::row::{RowBody, RowKey};

use super::{Backing, NodeEntry, Partition};

/// Pieces of numbers that are looked at with one question to the store.
const NUMBERS_AT_ONCE: usize = 1000;

/// Erased persons, as a partition knows them.
#[derive(Default)]
pub(super) struct Erasures {
    /// By the pseudonyms of erased identifiers: the moment of the newest fact
    /// that was forgotten.
    until: BTreeMap<Ident, i64>,
    /// Roots of journeys with facts that are to be forgotten.
    awaiting: BTreeSet<Ident>,
    /// What was forgotten in this record, and may stand at numbers still.
    forgotten: BTreeSet<Ident>,
    /// The names of the models that kept credit is of, by tenant.
    models: KeptModels,
}

/// The names of the models that credit in kept cells is of, by tenant.
pub type KeptModels = BTreeMap<TenantId, Vec<Arc<str>>>;

/// What a partition's store says of erased persons.
#[derive(Clone, Debug, Default)]
pub struct StoredErasures {
    /// Pseudonyms of erased identifiers, each with the moment of the newest
    /// fact that was forgotten.
    pub until: Vec<(Ident, i64)>,
    /// See [`Partition::awaits_purge`].
    pub awaiting: Vec<Ident>,
    /// The models of kept credit.
    pub models: KeptModels,
}

impl Erasures {
    /// The moment of the newest forgotten fact of an erased identifier.
    pub(super) fn until(&self, ident: Ident, linking: Linking) -> Option<i64> {
        if self.until.is_empty() {
            return None;
        }
        self.until.get(&(linking.pseudonym)(ident)).copied()
    }
}

impl<B: Backing> Partition<B> {
    /// Goes on with what is stored of erased persons.
    pub fn restore_erasures(&mut self, stored: StoredErasures) {
        self.erasures.until = stored.until.into_iter().collect();
        self.erasures.awaiting = stored.awaiting.into_iter().collect();
        self.erasures.models = stored.models;
    }

    /// The moment of the newest forgotten fact of an identifier, by its pseudonym.
    pub fn erased_until(&self, pseudonym: Ident) -> Option<i64> {
        self.erasures.until.get(&pseudonym).copied()
    }

    /// How many erased identifiers are known, by their pseudonyms.
    pub fn erased(&self) -> usize {
        self.erasures.until.len()
    }

    /// Whether facts of a root's journey wait to be forgotten.
    pub fn awaits_purge(&self, root: Ident) -> bool {
        self.erasures.awaiting.contains(&root)
    }

    /// How many journeys have facts that wait to be forgotten.
    pub fn awaiting_purge(&self) -> usize {
        self.erasures.awaiting.len()
    }

    /// The models of kept credit.
    pub const fn kept_models(&self) -> &KeptModels {
        &self.erasures.models
    }

    /// A journey has facts of an erased client.
    pub(crate) fn await_purge(&mut self, root: Ident) {
        if self.erasures.awaiting.insert(root) {
            self.changes.awaiting.insert(root);
        }
    }

    /// Whether a fact is one that was forgotten, or older than one.
    pub(super) fn is_forgotten(&self, fact: &Fact) -> bool {
        match fact.body {
            FactBody::Member(_)
            | FactBody::Linked(_)
            | FactBody::Split(_)
            | FactBody::Erased(_) => false,
            FactBody::Hit(_)
            | FactBody::Lead { .. }
            | FactBody::Call(_)
            | FactBody::Contact(_)
            | FactBody::Deal(_) => {
                let until = self.erasures.until(fact.body.owner(), self.limits.linking);
                until.is_some_and(|until| fact.key.at <= until)
            }
        }
    }

    /// Applies the record that says: forget what waits to be forgotten.
    pub fn purge(&mut self) -> Result<(), B::Error> {
        self.tick();
        let roots = std::mem::take(&mut self.erasures.awaiting);
        for root in roots {
            self.changes.awaiting.insert(root);
            self.purge_root(root)?;
        }
        self.add_deltas()?;
        self.forget_at_numbers()?;
        if self.facts_only {
            self.books.forget();
        }
        self.books.close_rows();
        Ok(())
    }

    fn purge_root(&mut self, ident: Ident) -> Result<(), B::Error> {
        self.load_node(ident)?;
        let linking = self.limits.linking;
        // Who is no root any more has sent its journey to one that waits now.
        let Some(root) = self.root_mut(ident) else {
            return Ok(());
        };
        root.partners(linking);
        let partners = root.partners.take();
        let mut journey = std::mem::replace(&mut root.journey, Journey::new(TenantId(0)));
        let clients = self.clients(ident, &journey, partners.as_deref());
        let is_left = !clients.iter().all(|client| client.is_erased);
        for client in clients.iter().filter(|client| client.is_erased) {
            self.keep(journey.tenant, &client.derived);
            self.books.counters.forgotten_clients += 1;
            let members = if client.is_alone() {
                journey.everybody()
            } else {
                client.members.clone()
            };
            let is_theirs = |ident: Ident| members.binary_search(&ident).is_ok();
            let until = journey.newest(is_theirs);
            journey.forget_client(is_theirs, linking);
            self.forget(journey.tenant, &members, until, is_left)?;
        }
        if !is_left {
            self.keep_splits(&journey);
        }
        self.change_node(ident);
        if let Some(entry) = self.nodes.get_mut(&ident) {
            match &mut entry.value {
                NodeEntry::Root(root) if is_left => root.journey = journey,
                value => *value = NodeEntry::Gone,
            }
        }
        Ok(())
    }

    /// That a person was split from somebody stands there from now on.
    fn keep_splits(&mut self, journey: &Journey) {
        for split in &journey.splits {
            let ends = std::iter::once(split.one).chain(split.other);
            // Where nothing but a pseudonym is left, there is no node.
            let others = ends.filter(|end| !self.erasures.until.contains_key(end));
            for other in others.collect::<Vec<_>>() {
                let fact = Fact::timeless(FactBody::Split(*split));
                self.send(Message {
                    tenant: journey.tenant,
                    to: other,
                    moved: true,
                    body: Body::fresh(fact),
                });
            }
        }
    }

    /// Counts a client's figures once more, to be kept apart.
    fn keep(&mut self, tenant: TenantId, derived: &Derived) {
        let mut deltas = Deltas::default();
        for touch in &derived.touches {
            deltas.touch(touch, 1);
        }
        for lead in &derived.leads {
            deltas.lead(lead, 1);
        }
        let of = self.names.tenant(tenant);
        for deal in &derived.deals {
            if let Some(credits) = credit::credits(deal, derived, of, &self.names) {
                deltas.credits(&credits, of, 1);
            }
        }
        // Other ones may have been kept under the models of another generation.
        let kept = self.erasures.models.entry(tenant).or_default();
        let mut place = |model: &Model| {
            let known = kept.iter().position(|name| *name == model.name);
            known.unwrap_or_else(|| {
                kept.push(Arc::clone(&model.name));
                kept.len() - 1
            })
        };
        let places: Vec<usize> = of.rules.models.iter().map(&mut place).collect();
        for delta in deltas.drain() {
            let slot = if delta.key.kind.is_credit() {
                places.get(usize::from(delta.slot)).copied().unwrap_or(0) as u16
            } else {
                delta.slot
            };
            self.books.deltas.keep(Delta { slot, ..delta });
        }
    }

    /// Tells all partitions that a person is forgotten.
    fn forget(
        &mut self,
        tenant: TenantId,
        members: &[Ident],
        until: i64,
        stays: bool,
    ) -> Result<(), B::Error> {
        for member in members {
            let pseudonym = (self.limits.linking.pseudonym)(*member);
            let key = RowKey::Erased(tenant, pseudonym);
            self.books.put_row(key, RowBody::Erased);
            for partition in 0..self.topology.partitions {
                if partition == self.topology.own {
                    continue;
                }
                let messages = self.leaving.messages.entry(partition).or_default();
                messages.push(Message {
                    tenant,
                    to: *member,
                    moved: false,
                    body: Body::Forget { until, stays },
                });
            }
            self.on_forget(*member, until, stays)?;
        }
        Ok(())
    }

    pub(super) fn on_forget(&mut self, to: Ident, until: i64, stays: bool) -> Result<(), B::Error> {
        let pseudonym = (self.limits.linking.pseudonym)(to);
        let newest = self.erasures.until.entry(pseudonym).or_insert(until);
        *newest = until.max(*newest);
        self.changes.erased.insert(pseudonym);
        self.erasures.forgotten.insert(to);
        // A root has begun anew meanwhile.
        if !stays
            && self.load_node(to)?
            && let Some(entry) = self.nodes.get_mut(&to)
            && let NodeEntry::Child(_) = entry.value
        {
            entry.value = NodeEntry::Gone;
            self.change_node(to);
        }
        Ok(())
    }

    /// Takes calls and leases of who was forgotten from the numbers.
    pub(super) fn forget_at_numbers(&mut self) -> Result<(), B::Error> {
        let forgotten = std::mem::take(&mut self.erasures.forgotten);
        if forgotten.is_empty() {
            return Ok(());
        }
        let concerns = |state: &NumberState| {
            let leases = state.leases.iter().map(|lease| lease.visitor);
            let callers = state.calls.iter().map(|call| call.caller);
            leases
                .chain(callers)
                .any(|ident| forgotten.contains(&ident))
        };
        let in_memory = self.numbers.iter();
        let in_memory = in_memory.filter(|(_, entry)| concerns(&entry.value));
        let mut concerned: BTreeSet<NumberKey> = in_memory.map(|(key, _)| *key).collect();
        let mut after = None;
        loop {
            let keys = self.backing.number_keys(after, NUMBERS_AT_ONCE)?;
            after = keys.last().copied();
            if after.is_none() {
                break;
            }
            for key in keys {
                if !self.numbers.contains_key(&key)
                    && self.backing.number(key)?.as_ref().is_some_and(concerns)
                {
                    concerned.insert(key);
                }
            }
        }
        for key in concerned {
            let state = self.number_mut(key)?;
            state
                .leases
                .retain(|lease| !forgotten.contains(&lease.visitor));
            state.calls.retain(|call| !forgotten.contains(&call.caller));
            self.changes.numbers.insert(key);
        }
        Ok(())
    }

    /// Counts what was kept of forgotten persons in the cells of a generation.
    /// A model that is new has of it what the first one had before.
    pub(super) fn restate_kept(&mut self, key: ChunkKey) -> Result<(), B::Error> {
        let (names, cells) = self.whole_chunk(key)?;
        let cells: Vec<_> = cells
            .map(|(key, cell)| (key, cell.clone(), names.dim(key.dim).tenant))
            .collect();
        for (key, mut cell, tenant) in cells {
            if key.kind.is_credit() {
                let before = self
                    .erasures
                    .models
                    .get(&tenant)
                    .cloned()
                    .unwrap_or_default();
                let models = self.names.tenant(tenant).rules.models.iter();
                let slot = |name: &Arc<str>| before.iter().position(|model| model == name);
                let slots = models.map(|model| slot(&model.name).unwrap_or(0) as u16);
                let slots = (0..).zip(slots.map(|slot| cell.figures(slot)));
                cell.slots = slots.filter(|(_, figures)| *figures != [0; 4]).collect();
                self.cell_mut(key)?.slots.clone_from(&cell.slots);
            }
            for (slot, figures) in cell.slots {
                self.books.conservation.expect(key.kind, figures);
                self.books.deltas.add_kept(key, slot, figures);
            }
        }
        Ok(())
    }

    /// All kept cells are of the models of now.
    pub fn end_restating_kept(&mut self) {
        for (tenant, models) in &mut self.erasures.models {
            let now = self.names.tenant(*tenant).rules.models.iter();
            *models = now.map(|model| Arc::clone(&model.name)).collect();
        }
    }
}
