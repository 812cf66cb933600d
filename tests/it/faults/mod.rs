//! Faults on real services: processes that are killed, stopped and moved,
//! services that go away and refuse, disks and logs that lose what they held.
//! Afterwards every view must be what the batch reference says.
//!
//! A seed decides what happens; no test judges how long something took.

mod again;
mod chaos;
mod clickhouse;
mod clock;
pub mod crew;
mod damage;
mod disk;
mod feed;
mod figures;
pub mod gate;
pub mod logs;
mod members;
mod power;
mod space;
mod steps;
mod storm;
mod twins;
