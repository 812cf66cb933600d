//! Identifiers as keyed hashes: what leaves this room instead of phones,
//! e-mail addresses and cookies.

use std::fmt;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use throughline_proto::{Ident, IdentKind};
use xxhash_rust::xxh3::xxh3_64;

/// The secret key of the hashes. Whoever has it can try phone numbers.
#[derive(Clone)]
pub struct IdentKey(Hmac<Sha256>);

impl IdentKey {
    /// A key of 256 bits.
    #[expect(clippy::missing_panics_doc, reason = "HMAC takes keys of any length")]
    pub fn new(key: &[u8; 32]) -> Self {
        let mac = Hmac::new_from_slice(key).expect("keys may have any length");
        Self(mac.chain_update("throughline identifier 1\0"))
    }

    /// The identifier of a normalised value: the first 120 bits of the HMAC
    /// over kind, tenant and value, each with its length in front.
    pub fn ident(&self, kind: IdentKind, tenant: &str, value: &[u8]) -> Ident {
        let mut mac = self.0.clone();
        for part in [kind.name().as_bytes(), tenant.as_bytes(), value] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        Ident::new(u128::from_be_bytes(hash), kind)
    }
}

/// Bytes of what is remembered of an identifier's origin.
const KEY_BYTES: usize = 47;

/// More are not remembered, whatever is configured: the cells are all there
/// from the beginning, and this many are 64 MiB.
pub const MAX_CELLS: usize = 1 << 20;

/// Identifiers by their values, with those of the last ones remembered: a
/// visitor comes again and again, and a look is much cheaper than an HMAC.
///
/// Each value has two cells of a cache line's size, and takes that of the two
/// which was not used last. What is too long for a cell is never remembered.
#[derive(Debug)]
pub struct Idents {
    key: IdentKey,
    pairs: Box<[[Cell; 2]]>,
}

/// A remembered identifier.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Cell {
    /// Kind, tenant and value; no kind is 0.
    key: [u8; KEY_BYTES],
    ident: Ident,
}

impl Idents {
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
        }
    }

    /// The identifier of a normalised value.
    pub fn get(&mut self, kind: IdentKind, tenant: &str, value: &[u8]) -> Ident {
        let Some(key) = cell_key(kind, tenant.as_bytes(), value) else {
            return self.key.ident(kind, tenant, value);
        };
        let place = xxh3_64(&key) as usize & (self.pairs.len() - 1);
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

impl fmt::Debug for IdentKey {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_kind_tenant_and_value_all_count_and_do_not_run_together() {
        let (one, two) = (IdentKey::new(&[1; 32]), IdentKey::new(&[2; 32]));
        let all = [
            one.ident(IdentKind::Phone, "a", b"bc"),
            one.ident(IdentKind::Phone, "ab", b"c"),
            one.ident(IdentKind::Phone, "", b"abc"),
            one.ident(IdentKind::Number, "a", b"bc"),
            two.ident(IdentKind::Phone, "a", b"bc"),
        ];
        for (index, ident) in all.iter().enumerate() {
            assert!(
                !all[..index]
                    .iter()
                    .any(|other| other.0 >> 8 == ident.0 >> 8)
            );
        }
        assert_eq!(all[0], one.ident(IdentKind::Phone, "a", b"bc"));
        assert_eq!(all[3].kind(), Some(IdentKind::Number));
    }

    #[test]
    fn what_is_remembered_is_what_was_computed() {
        let key = IdentKey::new(&[7; 32]);
        let mut idents = Idents::new(key.clone(), 8);
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

    #[test]
    fn the_hash_is_the_same_for_good() {
        let ident = IdentKey::new(&[7; 32]).ident(IdentKind::Email, "default", b"ann@example.com");
        assert_eq!(ident.to_string(), "41c23a91daf400f222b43c9886a5c604");
    }
}
