//! Attribution of files, without any service: the same ingest and the same
//! fold as on a cluster, over topics in memory, and the contract's views over
//! their rows.

pub mod line;
pub mod tables;
pub mod view;
pub mod views;

pub use line::Line;
pub use tables::Tables;
pub use view::{Format, Value, View};
pub use views::ViewName;
