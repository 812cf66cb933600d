//! The vocabulary of the line: what travels in its topics, and the newtypes
//! that every room shares. No behaviour beyond conversions and the calendar
//! lives here.

pub mod events;
pub mod flat;
pub mod hours;
pub mod ident;
pub mod money;
pub mod rollups;
pub mod topics;

pub use ident::{Ident, IdentKind};

/// What producers send, in protobuf.
pub mod raw {
    #![allow(
        missing_docs,
        clippy::pedantic,
        reason = "generated; documented in raw.proto"
    )]
    include!(concat!(env!("OUT_DIR"), "/throughline.raw.v1.rs"));
}

/// The one rule by which a node finds its partition of `events`.
///
/// It uses the lowest bits of the hash, while the identity order compares the
/// highest first: were they the same bits, the roots (the lowest identifiers)
/// would crowd into few partitions.
pub fn home_partition(ident: Ident, partitions: u32) -> u32 {
    (((ident.0 >> 8) as u64) % u64::from(partitions.max(1))) as u32
}
