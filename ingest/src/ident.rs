//! Identifiers as keyed hashes: what leaves this room instead of phones,
//! e-mail addresses and cookies.

use std::fmt;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use throughline_proto::{Ident, IdentKind};

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
