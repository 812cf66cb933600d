//! Identifiers as keyed hashes: what leaves this room instead of phones,
//! e-mail addresses and cookies.
//!
//! Keys rotate. What says who somebody is (users, phones, e-mail addresses,
//! contacts of the CRM) is hashed with the current key; while a previous key is
//! known, each such identifier is linked with its hash under that one, so that
//! one client stays one. Everything else keeps its hash for good, by a stable
//! key: deals, dialed numbers and the keys of costs, since their state stands
//! at their nodes, and visitors, since visits and leases name them.

mod note;
mod remembered;

use std::fmt;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use throughline_proto::{Ident, IdentKind};

pub use note::KeyChange;
pub use remembered::MAX_CELLS;
use remembered::Remembered;

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

/// The keys of an installation.
#[derive(Clone, Debug)]
pub struct IdentKeys {
    /// What identifiers are hashed with that rotate.
    pub current: IdentKey,
    /// The current key of before, while identifiers are known by it.
    pub previous: Option<IdentKey>,
    /// What everything else is hashed with; `None`: the current key, which was
    /// never rotated.
    pub stable: Option<IdentKey>,
}

impl IdentKeys {
    /// One key, which was never rotated.
    pub const fn new(key: IdentKey) -> Self {
        Self {
            current: key,
            previous: None,
            stable: None,
        }
    }
}

/// Whether the hash of an identifier changes when the key rotates.
const fn rotates(kind: IdentKind) -> bool {
    match kind {
        IdentKind::User | IdentKind::Phone | IdentKind::Email | IdentKind::CrmContact => true,
        IdentKind::Visitor | IdentKind::Deal | IdentKind::Number | IdentKind::CostKey => false,
    }
}

/// The hashes of one identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hashes {
    /// Its node.
    pub node: Ident,
    /// The node it had under the previous key, if that was another.
    pub previous: Option<Ident>,
    /// Its hash under the key that never rotates.
    pub stable: Ident,
}

/// Hashes identifiers with the keys of an installation.
#[derive(Debug)]
pub struct Idents {
    current: Remembered,
    previous: Option<Remembered>,
    stable: Option<Remembered>,
}

impl Idents {
    /// Remembers about `capacity` identifiers for each key, at most [`MAX_CELLS`].
    pub fn new(keys: IdentKeys, capacity: usize) -> Self {
        let remembered = |key| Remembered::new(key, capacity);
        Self {
            current: remembered(keys.current),
            previous: keys.previous.map(remembered),
            stable: keys.stable.map(remembered),
        }
    }

    /// Says that the hashes of a normalised value will be asked for soon.
    pub fn announce(&mut self, kind: IdentKind, tenant: &str, value: &[u8]) {
        let stable = self.stable.as_mut().unwrap_or(&mut self.current);
        stable.announce(kind, tenant, value);
    }

    /// Brings near what is remembered of the announced values.
    pub fn fetch(&mut self) {
        self.stable.as_mut().unwrap_or(&mut self.current).fetch();
    }

    /// The hashes of a normalised value.
    pub fn hashes(&mut self, kind: IdentKind, tenant: &str, value: &[u8]) -> Hashes {
        let stable = self.stable(kind, tenant, value);
        if !rotates(kind) {
            return Hashes {
                node: stable,
                previous: None,
                stable,
            };
        }
        let node = match &self.stable {
            Some(_) => self.current.get(kind, tenant, value),
            None => stable,
        };
        let previous = self.previous.as_mut();
        Hashes {
            node,
            previous: previous.map(|previous| previous.get(kind, tenant, value)),
            stable,
        }
    }

    /// The hash of a normalised value under the key that never rotates.
    pub fn stable(&mut self, kind: IdentKind, tenant: &str, value: &[u8]) -> Ident {
        let stable = self.stable.as_mut().unwrap_or(&mut self.current);
        stable.get(kind, tenant, value)
    }
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
    fn the_hash_is_the_same_for_good() {
        let ident = IdentKey::new(&[7; 32]).ident(IdentKind::Email, "default", b"ann@example.com");
        assert_eq!(ident.to_string(), "41c23a91daf400f222b43c9886a5c604");
    }
}
