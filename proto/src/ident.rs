//! Identifiers as they travel: keyed hashes that carry their kind.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A 128-bit identifier: 120 bits of a keyed hash, then 8 bits of kind.
///
/// Its order as a number is the identity order `≺`: random, because the hash
/// is keyed, and the same wherever the key is the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(pub u128);

/// What an identifier identifies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum IdentKind {
    /// A browser's cookie.
    Visitor = 1,
    /// A login of the tenant's own system.
    User = 2,
    /// A telephone number in E.164.
    Phone = 3,
    /// An e-mail address, trimmed and lower-cased.
    Email = 4,
    /// A contact of the CRM.
    CrmContact = 5,
    /// A deal of the CRM.
    Deal = 6,
    /// A dialed telephone number; a node, not an identity.
    Number = 7,
    /// The key of an ad cost; a node, not an identity.
    CostKey = 8,
}

impl IdentKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Visitor,
        Self::User,
        Self::Phone,
        Self::Email,
        Self::CrmContact,
        Self::Deal,
        Self::Number,
        Self::CostKey,
    ];

    /// The name in the views and in the key material of the hash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor_id",
            Self::User => "user_id",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::CrmContact => "crm_contact_id",
            Self::Deal => "deal_id",
            Self::Number => "number",
            Self::CostKey => "cost",
        }
    }
}

impl Ident {
    /// An identifier from a hash (of which the lowest 8 bits are dropped) and a kind.
    pub const fn new(hash: u128, kind: IdentKind) -> Self {
        Self(hash & !0xff | kind as u128)
    }

    /// What is left of an identifier when its person is erased: nothing leads
    /// back from it, yet who has the identifier knows it again. The first 120
    /// bits of SHA-256 over the 16 bytes (highest first), then the kind.
    #[must_use]
    pub fn pseudonym(self) -> Self {
        let digest = Sha256::digest(self.0.to_be_bytes());
        let mut bytes = [0; 16];
        for (byte, digest) in bytes.iter_mut().zip(digest) {
            *byte = digest;
        }
        Self(u128::from_be_bytes(bytes) & !0xff | self.0 & 0xff)
    }

    /// What it identifies; `None` for bits that no kind has.
    pub fn kind(self) -> Option<IdentKind> {
        IdentKind::ALL
            .into_iter()
            .find(|kind| *kind as u8 == self.0 as u8)
    }
}

impl fmt::Display for Ident {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_kept_and_the_bits_survive_the_wire() {
        for kind in IdentKind::ALL {
            let ident = Ident::new(u128::MAX / 3, kind);
            assert_eq!(ident.kind(), Some(kind));
        }
    }
}
