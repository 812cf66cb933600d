//! Who asks, and what they may see.
//!
//! Somebody is known by a session (after signing in), by a token of the API, or
//! by a proxy that is believed. Where no user and no token is configured, the
//! dashboard is open, which it only may be to this machine.

mod limit;
mod password;
mod session;

use std::net::SocketAddr;
use std::sync::Mutex;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use sha2::{Digest as _, Sha256};

pub use limit::Limit;
pub use password::{hash_password, is_password_hash};
pub use session::{Session, Sessions, random};

use crate::config::{Config, Role};

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// The name, for the page and the logs.
    pub name: String,
    /// What may be seen.
    pub role: Role,
    /// The session, when there is one to end.
    pub session: Option<Session>,
}

impl Who {
    /// Whether this is somebody who may see every tenant.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Whether a tenant may be seen.
    pub fn may_see(&self, tenant: &str) -> bool {
        match &self.role {
            Role::Admin => true,
            Role::Marketer(own) => own == tenant,
        }
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Nobody known.
    Unknown,
    /// A request by another name than this machine's own, to a dashboard that is
    /// open to this machine: a page of somebody else's may have sent it.
    WrongHost,
    /// Too many requests.
    TooMany,
}

/// The gate.
#[derive(Debug)]
pub struct Access {
    config: Config,
    sessions: Sessions,
    requests: Mutex<Limit>,
    logins: Mutex<Limit>,
}

impl Access {
    /// The gate of a configuration.
    pub fn new(config: &Config) -> Self {
        let access = &config.access;
        Self {
            sessions: Sessions::new(access),
            requests: Mutex::new(Limit::new(access.requests_per_minute)),
            logins: Mutex::new(Limit::new(access.logins_per_minute)),
            config: config.clone(),
        }
    }

    /// The sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Whether people can sign in by name and password.
    pub fn has_passwords(&self) -> bool {
        let mut users = self.config.access.users.values();
        users.any(|user| !user.password_hash.is_empty())
    }

    /// Who asks, when they may ask now. `now`: seconds since 1970.
    pub fn admit(&self, headers: &HeaderMap, peer: SocketAddr, now: i64) -> Result<Who, Refusal> {
        let who = self.identify(headers, peer, now);
        let key = match &who {
            Ok(who) => format!("user {}", who.name),
            Err(_) => format!("address {}", peer.ip()),
        };
        if !limited(&self.requests, &key, now) {
            return Err(Refusal::TooMany);
        }
        who
    }

    fn identify(&self, headers: &HeaderMap, peer: SocketAddr, now: i64) -> Result<Who, Refusal> {
        let access = &self.config.access;
        if self.config.is_open() {
            return if names_this_machine(headers) {
                Ok(Who {
                    name: "admin".to_owned(),
                    role: Role::Admin,
                    session: None,
                })
            } else {
                Err(Refusal::WrongHost)
            };
        }
        let by_proxy = access
            .proxy
            .as_ref()
            .filter(|proxy| proxy.from.contains(&peer.ip()));
        if let Some(proxy) = by_proxy {
            let mut names = headers.get_all(proxy.header.as_str()).iter();
            // Two of them: one may be the client's own.
            if let (Some(name), None) = (names.next(), names.next())
                && let Ok(name) = name.to_str()
                && let Some(user) = access.users.get(name)
            {
                return Ok(Who {
                    name: name.to_owned(),
                    role: user.role.clone(),
                    session: None,
                });
            }
        }
        if let Some(token) = bearer(headers) {
            return self.by_token(token).ok_or(Refusal::Unknown);
        }
        let cookie = cookie(headers, self.sessions.cookie_name());
        let session = cookie.and_then(|text| self.sessions.read(text, &access.users, now));
        let session = session.ok_or(Refusal::Unknown)?;
        let user = access.users.get(&session.user).ok_or(Refusal::Unknown)?;
        Ok(Who {
            name: session.user.clone(),
            role: user.role.clone(),
            session: Some(session),
        })
    }

    fn by_token(&self, token: &str) -> Option<Who> {
        let sha256 = hexadecimal(&Sha256::digest(token.as_bytes()));
        let tokens = self.config.access.tokens.iter();
        let mut found = None;
        for (name, known) in tokens {
            // All are looked at, so that the time tells nothing.
            if is_same(known.sha256.as_bytes(), sha256.as_bytes()) {
                found = Some(Who {
                    name: format!("token {name}"),
                    role: known.role.clone(),
                    session: None,
                });
            }
        }
        found
    }

    /// Whether somebody may try to sign in now, by this name from this address.
    pub fn may_try(&self, name: &str, peer: SocketAddr, now: i64) -> bool {
        let by_address = limited(&self.logins, &format!("address {}", peer.ip()), now);
        let by_name = limited(&self.logins, &format!("user {name}"), now);
        by_address && by_name
    }

    /// A new session, when the password is the user's. It takes a while on purpose.
    pub fn sign_in(&self, name: &str, password: &str, now: i64) -> Option<String> {
        let users = &self.config.access.users;
        let user = users
            .get(name)
            .filter(|user| !user.password_hash.is_empty());
        let is_right = password::verify(password, user.map(|user| user.password_hash.as_str()));
        user.filter(|_| is_right)
            .map(|user| self.sessions.begin(name, &user.password_hash, now))
    }
}

fn limited(limit: &Mutex<Limit>, key: &str, now: i64) -> bool {
    let mut limit = limit
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    limit.admit(key, now)
}

/// Whether a request was sent to this machine by a name that only it has: a name
/// that somebody else lets point here is not one.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Whether a request that changes something was sent by a page of our own, as
/// far as the browser says.
pub fn is_own_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN) else {
        return true;
    };
    let sender = origin.split_once("://").map(|(_, host)| host);
    sender.is_some() && sender == text(HOST)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter();
    all.filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Bytes in hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether two texts are the same, in a time that depends on their lengths alone.
pub fn is_same(one: &[u8], two: &[u8]) -> bool {
    one.len() == two.len() && one.iter().zip(two).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests;
