//! The dashboard of a whole line.

mod browser;
