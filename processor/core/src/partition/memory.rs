//! What a partition holds in memory of its state.

use std::hash::Hash;
use std::hint::black_box;

use rustc_hash::FxHashMap;

use crate::cell::{Cell, CellKey, Chunk};
use crate::ids::{Ident, TenantId};
use crate::journey::Journey;
use crate::message::Message;
use crate::row::{RowBody, RowKey};

use super::{Backing, Cached, Claims, NEVER, Node, NodeEntry, Partition, Pending, Root};

impl<T> Cached<T> {
    /// What is the same in memory as in the store.
    pub(super) const fn stored(value: T, used: u32) -> Self {
        Self {
            value,
            used,
            changed: NEVER,
        }
    }

    /// Marks it as another than stored; tells whether that is new.
    pub(super) const fn change(&mut self, epoch: u32) -> bool {
        std::mem::replace(&mut self.changed, epoch) != epoch
    }
}

/// How many messages are looked at together before they are applied.
pub(super) const LOOKED_AHEAD: usize = 16;

impl<B: Backing> Partition<B> {
    /// Touches the journeys that messages are for. One by one each would be
    /// waited for where it is used, step by step from its node to its last hit;
    /// here the steps of all of them wait for memory at once.
    pub(super) fn look_ahead(&self, messages: &[Message]) {
        let nodes = messages.iter().map(|message| self.nodes.get(&message.to));
        let mut roots = [None; LOOKED_AHEAD];
        for (root, node) in roots.iter_mut().zip(nodes) {
            *root = match node.map(|node| &node.value) {
                Some(NodeEntry::Root(root)) => Some(root.as_ref()),
                _ => None,
            };
        }
        let sizes = |root: &Root| {
            let journey = &root.journey;
            journey.deals.len() + journey.calls.len() + journey.links.len() + journey.erased.len()
        };
        black_box(roots.map(|root| root.map_or(0, sizes)));
        let visitors = roots.map(|root| root.and_then(|root| root.journey.visitors.first()));
        let hits = visitors.map(|visitor| visitor.and_then(|visitor| visitor.hits.last()));
        black_box(hits.map(|hit| hit.map_or(0, |hit| hit.until)));
    }

    /// Brings a node into memory; tells whether there is one.
    pub(super) fn load_node(&mut self, ident: Ident) -> Result<bool, B::Error> {
        if let Some(entry) = self.nodes.get_mut(&ident) {
            entry.used = self.epoch;
            return Ok(!matches!(entry.value, NodeEntry::Gone));
        }
        let Some(node) = self.backing.node(ident)? else {
            return Ok(false);
        };
        let value = match node {
            Node::Child(parent) => NodeEntry::Child(parent),
            Node::Root(journey) => NodeEntry::Root(Box::new(Root {
                journey: *journey,
                partners: None,
                pending: None,
            })),
        };
        self.nodes.insert(ident, Cached::stored(value, self.epoch));
        Ok(true)
    }

    /// A node, made when it is not known: a client of one identifier.
    pub(super) fn node_mut(
        &mut self,
        tenant: TenantId,
        ident: Ident,
    ) -> Result<&mut Cached<NodeEntry>, B::Error> {
        let used = self.epoch;
        if !self.load_node(ident)? {
            let root = self.new_root(tenant, ident);
            if root.pending.is_some() {
                self.unsettled.push(ident);
            }
            let value = NodeEntry::Root(Box::new(root));
            let entry = Cached {
                value,
                used,
                changed: used,
            };
            let before = self.nodes.insert(ident, entry);
            if before.is_none_or(|before| before.changed != used) {
                self.changes.nodes.push(ident);
            }
        }
        let gone = || Cached::stored(NodeEntry::Gone, used);
        Ok(self.nodes.entry(ident).or_insert_with(gone))
    }

    /// A client of one identifier; one that was erased is about to be settled.
    fn new_root(&mut self, tenant: TenantId, ident: Ident) -> Root {
        let mut journey = Journey::new(tenant);
        journey.members = vec![ident];
        let mut pending = None;
        if self.erasures.until(ident, self.limits.linking).is_some() {
            let pseudonym = (self.limits.linking.pseudonym)(ident);
            journey.erased.push(pseudonym);
            let mut claims = Claims::default();
            claims.members.push(ident);
            let before = Vec::new();
            pending = Some(Box::new(Pending { before, claims }));
        } else {
            let body = RowBody::Identity { client: ident };
            self.books.put_row(RowKey::Identity(tenant, ident), body);
        }
        Root {
            journey,
            partners: None,
            pending,
        }
    }

    /// A root in memory.
    pub(crate) fn root_mut(&mut self, ident: Ident) -> Option<&mut Root> {
        match &mut self.nodes.get_mut(&ident)?.value {
            NodeEntry::Child(_) | NodeEntry::Gone => None,
            NodeEntry::Root(root) => Some(root),
        }
    }

    /// A node that is another than stored from now on.
    pub(super) fn change_node(&mut self, ident: Ident) {
        if let Some(entry) = self.nodes.get_mut(&ident)
            && entry.change(self.epoch)
        {
            self.changes.nodes.push(ident);
        }
    }

    /// A cell that is about to be changed.
    pub(crate) fn cell_mut(&mut self, key: CellKey) -> Result<&mut Cell, B::Error> {
        let chunk = key.chunk();
        if !self.chunks.contains_key(&chunk) {
            let value = self.backing.chunk(chunk)?.unwrap_or_default();
            self.chunks.insert(chunk, Cached::stored(value, self.epoch));
        }
        let used = self.epoch;
        let entry = self
            .chunks
            .entry(chunk)
            .or_insert_with(|| Cached::stored(Chunk::default(), used));
        entry.used = used;
        if entry.change(used) {
            self.changes.chunks.push(chunk);
        }
        if !entry.value.is_changed() {
            self.leaving.chunks.push(chunk);
        }
        Ok(entry.value.cell_mut(key))
    }
}

/// Forgets entries not used in the current epoch, oldest use first by halves,
/// until at most `max` remain or all are in use.
pub(super) fn evict<K: Hash + Eq, V>(
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
