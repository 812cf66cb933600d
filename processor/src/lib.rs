//! Throughline: processor.
