//! The dashboard on a real ClickHouse: its figures, who may see them, and how it
//! is to people before a browser.

mod access;
mod browser;
mod figures;
mod health;
mod html;
mod served;
mod truth;
