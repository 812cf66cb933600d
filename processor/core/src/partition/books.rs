//! What a record changes outside the journeys: rows, cells and sums.

use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::cell::Deltas;
use crate::row::{Row, RowBody, RowKey};

use super::{Conservation, Counters};

/// What is written down while a record is applied.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// The Lamport time of the record.
    pub(crate) lamport: u64,
    /// The record's rows; of one key the last one counts.
    pub(crate) rows: Vec<Row>,
    /// What the record changes in cells.
    pub(crate) deltas: Deltas,
    /// The sums that must agree.
    pub(crate) conservation: Conservation,
    /// What was done since the last checkpoint.
    pub(crate) counters: Counters,
}

impl Books {
    /// Writes down a row.
    pub(crate) fn put_row(&mut self, key: RowKey, body: RowBody) {
        let lamport = self.lamport;
        self.rows.push(Row { key, lamport, body });
    }

    /// Forgets everything that is said of figures. Links are of no generation,
    /// nor is that somebody was erased.
    pub(crate) fn forget(&mut self) {
        let lasts = |row: &Row| matches!(row.key, RowKey::Link(..) | RowKey::Erased(..));
        self.rows.retain(lasts);
        self.deltas.clear();
        self.conservation = Conservation::default();
    }

    /// Leaves the last of the record's rows of each key.
    pub(crate) fn close_rows(&mut self) {
        let mut keys = FxHashSet::with_capacity_and_hasher(self.rows.len(), FxBuildHasher);
        let rows = self.rows.iter().rev();
        let are_last: Vec<bool> = rows.map(|row| keys.insert(&row.key)).collect();
        let mut are_last = are_last.into_iter().rev();
        self.rows.retain(|_| are_last.next().unwrap_or(true));
    }
}
