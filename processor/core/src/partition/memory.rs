//! What a partition holds in memory of its state.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::cell::{Cell, CellKey};
use crate::derive::{Derived, derive};
use crate::ids::{Ident, TenantId};
use crate::journey::Journey;

use super::{Backing, Cached, Claims, Node, NodeEntry, Partition, Root};

impl<B: Backing> Partition<B> {
    /// Brings a node into memory; tells whether there is one.
    pub(super) fn load_node(&mut self, ident: Ident) -> Result<bool, B::Error> {
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
    pub(super) fn node_mut(
        &mut self,
        tenant: TenantId,
        ident: Ident,
    ) -> Result<&mut NodeEntry, B::Error> {
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
