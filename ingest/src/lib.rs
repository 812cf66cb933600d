//! Throughline: ingest.
