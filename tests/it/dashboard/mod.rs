//! The dashboard on a real ClickHouse: its figures, who may see them, and how it
//! is to people before a browser.

pub mod access;
mod browser;
mod figures;
mod health;
mod html;
pub mod served;
mod truth;
