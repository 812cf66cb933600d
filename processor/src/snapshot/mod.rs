//! Snapshots: the state of a partition in object storage, so that a worker that
//! has lost its disk, or is given a partition of another's, need not fold the
//! whole log again.
//!
//! A snapshot is the whole state as a checkpoint left it. It is read from the
//! store while the fold goes on, and written in chunks that are named by their
//! content; the manifest that lists them comes last, so what is half written is
//! not seen. Names say partition, generation and offset: the newest snapshot is
//! the one of the highest offset, whenever and by whomever it was written.
//!
//! ```text
//! events/3-of-8/g1-00000000000000012345/0f…a1.chunk
//!                                      /7c…09.chunk
//!                                      /manifest-5d…3e.json
//! ```
//!
//! Nothing here decides what is true: the log does. A snapshot that is damaged,
//! or of other terms, is passed by with a warning, and an older one or the log
//! itself takes its place.

mod chunk;
mod error;
mod keep;
mod maker;
mod manifest;
mod name;
mod place;
mod restore;
mod save;
mod start;

#[cfg(test)]
mod tests;

pub use error::SnapshotError;
pub use maker::{Maker, Schedule};
pub use place::{Location, Place};
pub use restore::{Newest, Restored, restore_into};
pub use save::{Saved, save};
pub use start::{Begin, Starter};
