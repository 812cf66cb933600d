//! Hashes under one key, with those of the last identifiers remembered: a
//! visitor comes again and again, and a look is much cheaper than an HMAC.

use std::hint::black_box;

use throughline_proto::{Ident, IdentKind};
use xxhash_rust::xxh3::xxh3_64;

use super::IdentKey;

/// Bytes of what is remembered of an identifier's origin.
const KEY_BYTES: usize = 47;

/// More are not remembered, whatever is configured: the cells are all there
/// from the beginning, and this many are 64 MiB.
pub const MAX_CELLS: usize = 1 << 20;

/// Identifiers by their values, with those of the last ones remembered.
///
/// Each value has two cells of a cache line's size, and takes that of the two
/// which was not used last. What is too long for a cell is never remembered.
#[derive(Debug)]
pub struct Remembered {
    key: IdentKey,
    pairs: Box<[[Cell; 2]]>,
    /// Pairs that are about to be looked at.
    announced: Vec<usize>,
}

/// A remembered identifier.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Cell {
    /// Kind, tenant and value; no kind is 0.
    key: [u8; KEY_BYTES],
    ident: Ident,
}

impl Remembered {
    /// Remembers about `capacity` identifiers, at most [`MAX_CELLS`].
    pub fn new(key: IdentKey, capacity: usize) -> Self {
        let pairs = capacity.min(MAX_CELLS).div_ceil(2).next_power_of_two();
        let nothing = Cell {
            key: [0; KEY_BYTES],
            ident: Ident(0),
        };
        Self {
            key,
            pairs: vec![[nothing; 2]; pairs].into(),
            announced: Vec::new(),
        }
    }

    /// Says that a value will be asked for soon.
    pub fn announce(&mut self, kind: IdentKind, tenant: &str, value: &[u8]) {
        if let Some(key) = cell_key(kind, tenant.as_bytes(), value) {
            self.announced.push(self.place(&key));
        }
    }

    /// Brings the cells of all announced values near. The table is larger than
    /// the processor's caches, so that a look at a cell takes longer than all
    /// else that an event needs; looks that do not depend on each other are
    /// taken at once.
    pub fn fetch(&mut self) {
        let looks = self.announced.drain(..);
        black_box(looks.fold(0, |seen, place| seen ^ self.pairs[place][0].key[0]));
    }

    fn place(&self, key: &[u8; KEY_BYTES]) -> usize {
        xxh3_64(key) as usize & (self.pairs.len() - 1)
    }

    /// The identifier of a normalised value.
    pub fn get(&mut self, kind: IdentKind, tenant: &str, value: &[u8]) -> Ident {
        let Some(key) = cell_key(kind, tenant.as_bytes(), value) else {
            return self.key.ident(kind, tenant, value);
        };
        let place = self.place(&key);
        let pair = &mut self.pairs[place];
        if pair[0].key == key {
            return pair[0].ident;
        }
        // The cell in front is the one used last.
        pair.swap(0, 1);
        if pair[0].key != key {
            let ident = self.key.ident(kind, tenant, value);
            pair[0] = Cell { key, ident };
        }
        pair[0].ident
    }
}

/// All of what makes an identifier, or `None` when it has no room.
fn cell_key(kind: IdentKind, tenant: &[u8], value: &[u8]) -> Option<[u8; KEY_BYTES]> {
    let (head, room) = (2 + tenant.len(), KEY_BYTES - 1);
    let end = head + value.len();
    if end > room {
        return None;
    }
    let mut key = [0; KEY_BYTES];
    key[0] = kind as u8;
    key[1] = tenant.len() as u8;
    key[2..head].copy_from_slice(tenant);
    key[head..end].copy_from_slice(value);
    // A value that ends in NUL is another than the one without it.
    key[room] = value.len() as u8;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_computed() {
        let key = IdentKey::new(&[7; 32]);
        let mut idents = Remembered::new(key.clone(), 8);
        let long = "x".repeat(60);
        let values = ["a", "a\0", "", "ab", &long];
        let numbers: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let values = values.into_iter().chain(numbers.iter().map(String::as_str));
        let values: Vec<&str> = values.collect();
        for _ in 0..3 {
            for (value, tenant) in values
                .iter()
                .flat_map(|value| [(value, "t"), (value, "ta")])
            {
                for kind in [IdentKind::Visitor, IdentKind::User, IdentKind::User] {
                    let known = key.ident(kind, tenant, value.as_bytes());
                    assert_eq!(idents.get(kind, tenant, value.as_bytes()), known);
                }
            }
        }
    }
}
