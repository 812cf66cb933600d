//! Scenarios over the memory broker.
