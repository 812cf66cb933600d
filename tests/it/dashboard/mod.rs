//! The dashboard on a real ClickHouse: its figures, and who may see them.

mod access;
mod figures;
mod html;
mod served;
mod truth;
