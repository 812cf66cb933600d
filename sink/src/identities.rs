//! Clients' identifiers and the links between them, as an operator asks for
//! them. What a user says reaches ClickHouse as bound values only.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::client::{ClickHouse, Param};
use crate::error::SinkError;

/// An identifier and the client it belongs to.
#[derive(Row, Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Identifier {
    /// Its keyed hash, 32 hexadecimal digits.
    pub identifier: String,
    /// What it is.
    pub kind: String,
    /// The client.
    pub client_id: String,
}

/// Two identifiers that events named together.
#[derive(Row, Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// The keyed hash of one, 32 hexadecimal digits.
    pub identifier: String,
    /// That of the other.
    pub other_identifier: String,
    /// Both are one identifier, hashed with two keys.
    pub alias: bool,
    /// `counts`, or why it does not: `split`, `hub`.
    pub state: String,
}

/// What a tenant's identifiers are.
#[derive(Clone, Copy, Debug)]
pub struct Identities<'a> {
    clickhouse: &'a ClickHouse,
    tenant: &'a str,
}

impl<'a> Identities<'a> {
    /// Those of a tenant.
    pub const fn of(clickhouse: &'a ClickHouse, tenant: &'a str) -> Self {
        Self { clickhouse, tenant }
    }

    /// Those that are known among the given hashes.
    pub fn known(self, hashes: &[String]) -> Result<Vec<Identifier>, SinkError> {
        self.clickhouse.rows_with(
            "look up identifiers",
            "SELECT identifier, toString(kind) AS kind, client_id FROM identities \
             WHERE tenant = {tenant:String} AND identifier IN {hashes:Array(String)} \
             ORDER BY identifier",
            &[self.bound(), ("hashes", Param::Texts(hashes.to_vec()))],
        )
    }

    /// The identifiers of a client, so many at most.
    pub fn of_client(self, client: &str, limit: u64) -> Result<Vec<Identifier>, SinkError> {
        self.clickhouse.rows_with(
            "look up the identifiers of a client",
            "SELECT identifier, toString(kind) AS kind, client_id FROM identities \
             WHERE tenant = {tenant:String} AND client_id = {client:String} \
             ORDER BY kind, identifier LIMIT {limit:UInt64}",
            &[
                self.bound(),
                ("client", Param::Text(client.to_owned())),
                ("limit", Param::Number(limit as i64)),
            ],
        )
    }

    /// The links that identifiers have, so many at most.
    pub fn links(self, hashes: &[String], limit: u64) -> Result<Vec<Link>, SinkError> {
        self.clickhouse.rows_with(
            "look up links",
            "SELECT identifier, other_identifier, alias, toString(state) AS state FROM links \
             WHERE tenant = {tenant:String} \
             AND (identifier IN {hashes:Array(String)} OR other_identifier IN {hashes:Array(String)}) \
             ORDER BY identifier, other_identifier, alias LIMIT {limit:UInt64}",
            &[
                self.bound(),
                ("hashes", Param::Texts(hashes.to_vec())),
                ("limit", Param::Number(limit as i64)),
            ],
        )
    }

    fn bound(self) -> (&'static str, Param) {
        ("tenant", Param::Text(self.tenant.to_owned()))
    }
}
