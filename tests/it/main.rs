//! The line against the batch reference: in memory, with crashes, and on real
//! services. One crate, so that it is linked once.

mod configure;
mod crash;
mod memory;
mod rig;
mod rows;
