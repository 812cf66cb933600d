//! What the dashboard can be told. Plain data: the defaults stand in the
//! configuration file, which the composition root reads.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use throughline_sink::Connection;

use crate::tenants::Configured;

/// The dashboard's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where pages and the API are served.
    pub listen: SocketAddr,
    /// Which ClickHouse, and as whom.
    pub connection: Connection,
    /// How long a question to ClickHouse may take.
    pub query_timeout: Duration,
    /// So many questions are asked at once.
    pub max_queries: usize,
    /// So many pages are kept up to date at once.
    pub max_listeners: usize,
    /// A page is brought up to date no more often than this.
    pub live_interval: Duration,
    /// Who may see what.
    pub access: AccessConfig,
    /// The tenants as they are configured.
    pub tenants: Configured,
}

/// Who may see what.
#[derive(Clone)]
pub struct AccessConfig {
    /// The secret that sessions are signed with.
    pub secret: String,
    /// How long a session lasts.
    pub session: Duration,
    /// Whether cookies are only sent over TLS.
    pub secure_cookies: bool,
    /// The users by name.
    pub users: BTreeMap<String, User>,
    /// The tokens of the API by name.
    pub tokens: BTreeMap<String, ApiToken>,
    /// A proxy that says who the user is.
    pub proxy: Option<Proxy>,
    /// So many requests a user, or an address without a user, may make a minute.
    pub requests_per_minute: u32,
    /// So many times a minute one may try to sign in, by name and by address.
    pub logins_per_minute: u32,
}

impl fmt::Debug for AccessConfig {
    /// Everything but secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessConfig")
            .field("session", &self.session)
            .field("users", &self.users.keys().collect::<Vec<_>>())
            .field("tokens", &self.tokens.keys().collect::<Vec<_>>())
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The argon2 hash of the password in PHC notation; empty: only the proxy
    /// says that it is this user.
    pub password_hash: String,
    /// What the user may see.
    pub role: Role,
}

/// A token of the API.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The SHA-256 of the token, hexadecimal.
    pub sha256: String,
    /// What its holder may see.
    pub role: Role,
}

/// What somebody may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Role {
    /// Every tenant, and the line itself.
    Admin,
    /// One tenant.
    Marketer(String),
}

/// A proxy that has asked the user already, and says in a header who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proxy {
    /// The header.
    pub header: String,
    /// The addresses that the proxy speaks from; from others the header is not believed.
    pub from: Vec<IpAddr>,
}

/// What stands in the configuration until somebody sets a secret.
pub const PLACEHOLDER_SECRET: &str = "change-me";
/// A secret has so many bytes at least.
pub const MIN_SECRET_BYTES: usize = 32;

impl Config {
    /// Whether everybody who reaches the dashboard is let in as an admin.
    pub fn is_open(&self) -> bool {
        let access = &self.access;
        access.users.is_empty() && access.tokens.is_empty()
    }

    /// Why it must not be started like this, if so: what only this machine
    /// reaches may be open, anything else may not.
    pub fn danger(&self) -> Option<String> {
        if self.listen.ip().is_loopback() {
            return None;
        }
        let address = self.listen;
        if self.is_open() {
            return Some(format!(
                "dashboard.listen is {address}, which others reach, and dashboard.users and dashboard.tokens are empty: everybody would see everything. Name users (`throughline dashboard password` makes their hashes), or listen on 127.0.0.1"
            ));
        }
        let secret = &self.access.secret;
        (secret == PLACEHOLDER_SECRET || secret.len() < MIN_SECRET_BYTES).then(|| {
            format!(
                "dashboard.listen is {address}, which others reach, and dashboard.secret is the placeholder or shorter than {MIN_SECRET_BYTES} bytes: anybody could sign a session. Set THROUGHLINE_DASHBOARD__SECRET (openssl rand -hex 32), or listen on 127.0.0.1"
            )
        })
    }
}
