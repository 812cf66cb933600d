//! How often somebody may do something: so many times a minute, all at once if
//! they like, and then as they come back one by one.

use std::collections::BTreeMap;

/// So many keys are remembered at most.
const MAX_KEYS: usize = 10_000;
/// Parts that a permission is counted in, so that whole numbers suffice.
const PARTS: i64 = 60;

/// Permissions by key.
#[derive(Debug)]
pub struct Limit {
    per_minute: i64,
    keys: BTreeMap<String, Left>,
}

/// What a key has left.
#[derive(Clone, Copy, Debug)]
struct Left {
    /// Permissions, in parts.
    parts: i64,
    /// When that was, seconds since 1970.
    at: i64,
}

impl Limit {
    /// So many permissions a minute for each key.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute: i64::from(per_minute),
            keys: BTreeMap::new(),
        }
    }

    /// Whether a key may once more. `now`: seconds since 1970.
    pub fn admit(&mut self, key: &str, now: i64) -> bool {
        let full = self.per_minute * PARTS;
        if self.keys.len() >= MAX_KEYS && !self.keys.contains_key(key) {
            // Who has not come for a minute has everything again, as a new one has.
            self.keys.retain(|_, left| now - left.at < 60);
            if self.keys.len() >= MAX_KEYS {
                return false;
            }
        }
        let left = self.keys.entry(key.to_owned()).or_insert(Left {
            parts: full,
            at: now,
        });
        let back = (now - left.at).clamp(0, 60) * self.per_minute;
        left.parts = (left.parts + back).min(full);
        left.at = left.at.max(now);
        if left.parts < PARTS {
            return false;
        }
        left.parts -= PARTS;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_come_back_one_by_one() {
        let mut limit = Limit::new(3);
        assert!((0..3).all(|_| limit.admit("a", 1000)));
        assert!(!limit.admit("a", 1000));
        assert!(limit.admit("b", 1000));
        assert!(!limit.admit("a", 1019));
        assert!(limit.admit("a", 1020));
        assert!(!limit.admit("a", 1020));
        assert!((0..3).all(|_| limit.admit("a", 1200)));
        assert!(!limit.admit("a", 1200));
    }

    #[test]
    fn it_remembers_no_more_than_so_many() {
        let mut limit = Limit::new(1);
        for key in 0..2 * MAX_KEYS {
            limit.admit(&key.to_string(), 0);
        }
        assert_eq!(limit.keys.len(), MAX_KEYS);
        assert!(limit.admit("later", 61));
        assert_eq!(limit.keys.len(), 1);
    }
}
