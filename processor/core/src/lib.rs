//! Throughline: core.
