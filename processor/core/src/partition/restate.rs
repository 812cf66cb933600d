//! A new generation of figures from the state: the facts stay, and everything
//! that follows from them is settled anew, by the rules that the partition has.
//!
//! From the first record on that announces the generation, the partition writes
//! the generation's rows; before it, only the facts are kept. There, it is
//! restated in bounded steps between which its state may be stored: the old
//! cells go, then every cost and every journey is settled as if it had just
//! come, and at last the new cells, whole by then, are handed over. No record is
//! applied in between, so all rows carry the Lamport time of that one record.

use crate::cell::{Cell, CellKey, ChunkKey};
use crate::ids::Ident;
use crate::names::Names;

use super::{Backing, Cached, Claims, Conservation, Partition, Pending};

/// What of the state is to be settled anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Restated {
    /// The journey at a node, if it is a root.
    Node(Ident),
    /// An ad cost.
    Cost(Ident),
    /// Figures of persons whose facts are forgotten.
    Kept(ChunkKey),
}

impl<B: Backing> Partition<B> {
    /// From now on records change the facts alone: there are no rows, and cells
    /// and sums are of no use until the partition is restated.
    pub const fn keep_facts_only(&mut self) {
        self.facts_only = true;
    }

    /// Lets a record pass that has no messages.
    pub fn tick(&mut self) {
        self.books.lamport += 1;
        self.books.rows.clear();
    }

    /// Begins to restate the partition. Its stored cells have to go before
    /// anything is settled; what is kept of forgotten persons stays.
    pub fn begin_restating(&mut self) {
        self.chunks.retain(|chunk, _| chunk.kind.is_kept());
        self.books.conservation = Conservation::default();
        self.go_on_restating();
    }

    /// Goes on where [`Self::begin_restating`] and what followed was stored.
    pub fn go_on_restating(&mut self) {
        self.facts_only = false;
        self.names.restate(self.rules.as_ref());
        self.announced_tenants = 0;
    }

    /// Settles a piece of the state anew; its rows are those of one record. To
    /// be called once for each.
    pub fn restate(&mut self, pieces: impl Iterator<Item = Restated>) -> Result<(), B::Error> {
        self.books.rows.clear();
        self.announce_tenants();
        for piece in pieces {
            match piece {
                Restated::Node(ident) => self.restate_node(ident)?,
                Restated::Cost(ident) => self.settle_cost(ident)?,
                Restated::Kept(chunk) => self.restate_kept(chunk)?,
            }
        }
        self.book()?;
        self.books.close_rows();
        Ok(())
    }

    fn restate_node(&mut self, ident: Ident) -> Result<(), B::Error> {
        if !self.load_node(ident)? {
            return Ok(());
        }
        let Some(root) = self.root_mut(ident) else {
            return Ok(());
        };
        let floor = root.journey.floor;
        // Of erased clients the generation has no rows that would have to go.
        let members = match root.journey.erased[..] {
            [] => root.journey.members.clone(),
            _ => Vec::new(),
        };
        let claims = Claims {
            members,
            ..Claims::default()
        };
        let before = Vec::new();
        root.pending = Some(Box::new(Pending { before, claims }));
        // What was counted when it came is not counted once more.
        let conflicting = self.books.counters.conflicting_events;
        self.settle_root(ident);
        self.books.counters.conflicting_events = conflicting;
        if self
            .root_mut(ident)
            .is_some_and(|root| root.journey.floor != floor)
        {
            self.change_node(ident);
        }
        Ok(())
    }

    /// All cells of a chunk that are not zero, and the names they refer to.
    pub fn whole_chunk(
        &mut self,
        key: ChunkKey,
    ) -> Result<(&Names, impl Iterator<Item = (CellKey, &Cell)>), B::Error> {
        if !self.chunks.contains_key(&key) {
            let value = self.backing.chunk(key)?.unwrap_or_default();
            self.chunks.insert(key, Cached::stored(value, self.epoch));
        }
        let cells = self.chunks.get(&key).into_iter();
        let cells = cells.flat_map(move |entry| entry.value.all(key));
        let cells = cells.filter(|(_, cell)| !cell.slots.is_empty());
        Ok((&self.names, cells))
    }
}
