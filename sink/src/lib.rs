//! Throughline: sink.
