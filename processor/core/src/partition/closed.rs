//! Nodes that take no more links: hubs, and identifiers that were split off.
//! They are known by their pseudonyms, so that a person's need not be removed
//! when the person is erased.

use std::collections::BTreeSet;

use crate::identity::Linking;
use crate::ids::Ident;

/// The closed nodes of a partition. There are few: a hub has many partners.
#[derive(Default)]
pub(super) struct Closed {
    known: BTreeSet<Ident>,
    /// The same in the order in which they were closed, as they are stored.
    order: Vec<Ident>,
}

impl Closed {
    pub(super) fn restore(order: Vec<Ident>) -> Self {
        let known = order.iter().copied().collect();
        Self { known, order }
    }

    pub(super) fn contains(&self, ident: Ident, linking: Linking) -> bool {
        !self.known.is_empty() && self.known.contains(&(linking.pseudonym)(ident))
    }

    pub(super) fn add(&mut self, pseudonym: Ident) {
        if self.known.insert(pseudonym) {
            self.order.push(pseudonym);
        }
    }

    pub(super) fn in_order(&self) -> &[Ident] {
        &self.order
    }
}
