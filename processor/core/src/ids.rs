//! Newtypes for everything that is counted or looked up by number.

use std::fmt;

/// An identifier's 128 bits. Their order is the identity order `≺`: a client's
/// id is the least of its identifiers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(pub u128);

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A tenant, interned in its partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TenantId(pub u32);

/// A string, interned in its partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StrId(pub u32);

impl StrId {
    /// The empty string, which every partition knows.
    pub const EMPTY: Self = Self(0);
}

/// A tenant's (channel, source, medium, campaign), interned in its partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DimId(pub u32);

/// Where a touch came from. Content and term are kept beside the dimension,
/// since their combinations are too many to be interned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Source {
    /// Tenant, channel, source, medium and campaign.
    pub dim: DimId,
    /// The advertisement.
    pub content: StrId,
    /// The keyword.
    pub term: StrId,
}

/// A partition of a raw topic, interned in its partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OriginId(pub u32);

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The hour since the epoch that a moment (epoch milliseconds) falls in, UTC.
pub const fn hour_of(at: i64) -> i32 {
    at.div_euclid(HOUR_MS) as i32
}
