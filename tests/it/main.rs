//! The line against the batch reference: in memory, with crashes, and on real
//! services. One crate, so that it is linked once.

mod configure;
mod crash;
mod encode;
mod http;
mod installation;
mod memory;
mod process;
mod rig;
mod rows;
mod services;
mod traffic;
mod whole;
mod written;
