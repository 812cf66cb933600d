//! Sessions: a cookie that says who it is, until when, and that we said so.
//!
//! Nothing of a session is stored, so that several dashboards know each other's
//! and a restart ends none. A session ends when its time is over, when the
//! user's password changes or the user is gone, and when the user signs out:
//! that is remembered, by as many as come until the session would have ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{hexadecimal, is_same};
use crate::config::{AccessConfig, User};

/// So many ended sessions are remembered; the soonest over are forgotten first.
const MAX_ENDED: usize = 100_000;
/// Bytes of a random number that tells sessions apart.
const NONCE_BYTES: usize = 16;

/// A session that was found good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The user's name.
    pub user: String,
    /// When it ends, seconds since 1970.
    pub until: i64,
    nonce: String,
}

/// Makes sessions and tells good ones.
pub struct Sessions {
    key: Vec<u8>,
    lasts: Duration,
    is_secure: bool,
    /// Sessions that were ended, by their ends.
    ended: Mutex<BTreeSet<(i64, String)>>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    /// Sessions that are signed with the configured secret.
    pub fn new(config: &AccessConfig) -> Self {
        Self {
            key: config.secret.as_bytes().to_vec(),
            lasts: config.session,
            is_secure: config.secure_cookies,
            ended: Mutex::default(),
        }
    }

    /// The name of the cookie. The prefix makes browsers see to it that it was
    /// set over TLS, and by this host.
    pub const fn cookie_name(&self) -> &'static str {
        if self.is_secure {
            "__Host-throughline"
        } else {
            "throughline"
        }
    }

    /// The value of a cookie for a new session.
    pub fn begin(&self, user: &str, password_hash: &str, now: i64) -> String {
        let session = Session {
            user: user.to_owned(),
            until: now + self.lasts.as_secs() as i64,
            nonce: random(),
        };
        let mac = self.sign(&session, password_hash);
        let name = hexadecimal(user.as_bytes());
        format!("{name}.{}.{}.{mac}", session.until, session.nonce)
    }

    /// The session of a cookie, if it is one of ours and not over.
    pub fn read(&self, cookie: &str, users: &BTreeMap<String, User>, now: i64) -> Option<Session> {
        let mut parts = cookie.split('.');
        let (name, until) = (parts.next()?, parts.next()?);
        let (nonce, mac) = (parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let session = Session {
            user: String::from_utf8(bytes_of(name)?).ok()?,
            until: until.parse().ok()?,
            nonce: nonce.to_owned(),
        };
        let user = users.get(&session.user)?;
        let expected = self.sign(&session, &user.password_hash);
        let is_ours = is_same(mac.as_bytes(), expected.as_bytes());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ended = ended.contains(&(session.until, session.nonce.clone()));
        (is_ours && session.until > now && !is_ended).then_some(session)
    }

    /// Ends a session before its time.
    pub fn end(&self, session: &Session, now: i64) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|(until, _)| *until > now);
        if ended.len() >= MAX_ENDED {
            ended.pop_first();
        }
        ended.insert((session.until, session.nonce.clone()));
    }

    /// The header that sets a cookie; without a value, that removes it.
    pub fn set_cookie(&self, value: Option<&str>) -> String {
        let seconds = value.map_or(0, |_| self.lasts.as_secs());
        self.cookie(self.cookie_name(), value.unwrap_or_default(), seconds)
    }

    /// The name of the cookie that belongs to the form for signing in.
    pub const FORM_COOKIE: &'static str = "throughline_form";

    /// A random number for a form, and the header that sets its cookie.
    pub fn form(&self) -> (String, String) {
        let nonce = random();
        let header = self.cookie(Self::FORM_COOKIE, &nonce, 3600);
        (self.form_token(&nonce), header)
    }

    /// What a form must send with a cookie's number: another site can know neither.
    pub fn form_token(&self, nonce: &str) -> String {
        self.mac(&[b"form", nonce.as_bytes()])
    }

    /// What a form must send within a session.
    pub fn token(&self, session: &Session) -> String {
        self.mac(&[b"csrf", session.user.as_bytes(), session.nonce.as_bytes()])
    }

    fn cookie(&self, name: &str, value: &str, seconds: u64) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    fn sign(&self, session: &Session, password_hash: &str) -> String {
        self.mac(&[
            b"session",
            session.user.as_bytes(),
            &session.until.to_be_bytes(),
            session.nonce.as_bytes(),
            password_hash.as_bytes(),
        ])
    }

    fn mac(&self, parts: &[&[u8]]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        hexadecimal(&mac.finalize().into_bytes())
    }
}

/// A random number that nobody can guess, hexadecimal.
///
/// # Panics
///
/// When the system has no random numbers to give.
pub fn random() -> String {
    let mut bytes = [0; NONCE_BYTES];
    #[expect(
        clippy::expect_used,
        reason = "without randomness nothing here is safe"
    )]
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    hexadecimal(&bytes)
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}
