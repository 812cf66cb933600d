//! The line with least privilege: users of ClickHouse and what they may do,
//! connections that are encrypted, and rights in Kafka.

mod analysts;
mod kafka;
mod keys;
mod roles;
mod tls;
mod users;
