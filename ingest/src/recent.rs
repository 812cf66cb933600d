//! A bounded memory of recent keys.
//!
//! Two generations: when the younger is full the older is forgotten. Cheaper
//! than a list of uses, bounded as strictly, and it forgets nothing that was
//! used within the last half of its capacity.

use std::borrow::Borrow;
use std::hash::Hash;

use rustc_hash::FxHashMap;

/// A map that holds at most `capacity` entries.
#[derive(Debug)]
pub struct RecentMap<K, V> {
    young: FxHashMap<K, V>,
    old: FxHashMap<K, V>,
    half: usize,
}

impl<K: Hash + Eq, V: Clone> RecentMap<K, V> {
    /// An empty map; a capacity below 2 is taken as 2.
    pub fn new(capacity: usize) -> Self {
        Self {
            young: FxHashMap::default(),
            old: FxHashMap::default(),
            half: (capacity / 2).max(1),
        }
    }

    /// What is remembered of the key.
    pub fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    /// Remembers a key.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recent_half_survives_and_the_whole_is_bounded() {
        let mut map = RecentMap::new(10);
        for key in 0..1000_u32 {
            map.insert(key, key * 2);
            assert!(map.len() <= 10);
            assert_eq!(
                map.get(&key.saturating_sub(2)),
                Some(key.saturating_sub(2) * 2)
            );
        }
        assert_eq!(map.get(&1), None);
    }
}
