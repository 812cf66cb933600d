//! Nodes that take no more links: hubs, and identifiers that were split off.

use std::collections::BTreeSet;

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

    pub(super) fn contains(&self, ident: Ident) -> bool {
        self.known.contains(&ident)
    }

    pub(super) fn add(&mut self, ident: Ident) {
        if self.known.insert(ident) {
            self.order.push(ident);
        }
    }

    pub(super) fn in_order(&self) -> &[Ident] {
        &self.order
    }
}
