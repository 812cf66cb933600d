//! Throughline: channels.
