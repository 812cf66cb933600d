//! Which worker of this process has which partition.
//!
//! Zombies are harmless because each folds the log into a store of its own. The
//! workers of one process share a store, so of two that have one partition (one
//! was given it, the other has lost it and does not know yet) the later must
//! wait: a worker that wrote on would mix its state with the other's. It waits
//! for as long as the loser takes to hear of its loss or to end; what that
//! stores until then is the fold of one log as before.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The partitions that workers of this process have.
#[derive(Debug, Default)]
pub struct Leases {
    taken: Mutex<BTreeSet<u32>>,
    given_back: Condvar,
}

/// One worker's hold on a partition, for as long as this value lives.
#[derive(Debug)]
pub struct Lease {
    partition: u32,
    leases: Arc<Leases>,
}

impl Leases {
    /// Waits until nobody has the partition, and takes it. Whoever takes
    /// several takes them in the order of their numbers, and has no others, so
    /// that no two wait for each other.
    pub fn take(self: &Arc<Self>, partition: u32) -> Lease {
        let mut taken = self.lock();
        while !taken.insert(partition) {
            taken = self
                .given_back
                .wait(taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Lease {
            partition,
            leases: Arc::clone(self),
        }
    }

    /// The partitions that are taken now.
    pub fn taken(&self) -> BTreeSet<u32> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.lock().remove(&self.partition);
        self.leases.given_back.notify_all();
    }
}
