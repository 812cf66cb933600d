//! Attribution of files, without any service: the same ingest and the same
//! fold as on a cluster, over a topic in memory, and the contract's views over
//! their rows.

pub mod line;
pub mod load;
pub mod names;
pub mod tables;
pub mod view;
pub mod views;

pub use line::Line;
pub use load::Load;
pub use tables::Tables;
pub use view::{Format, Value, View};
pub use views::ViewName;
