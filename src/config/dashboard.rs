//! The section `dashboard`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use throughline_dashboard::access::is_password_hash;
use throughline_dashboard::config::{AccessConfig, ApiToken, Proxy, Role, User};

use super::section::{Item, Section};

/// The dashboard, and who may see what.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Where it is served; nowhere without it.
    pub listen: Option<SocketAddr>,
    /// Who may see what.
    pub access: AccessConfig,
    /// How long a question to ClickHouse may take.
    pub query_timeout: Duration,
    /// So many questions at once.
    pub max_queries: usize,
    /// So many open pages at once.
    pub max_listeners: usize,
    /// How often a page is brought up to date at most.
    pub live_interval: Duration,
}

impl Dashboard {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        Self {
            listen: section.listen("127.0.0.1:8080"),
            access: AccessConfig {
                secret: section.text("secret"),
                session: Duration::from_hours(section.whole("session_hours", 1..=8760)),
                secure_cookies: section.flag("secure_cookies"),
                users: users(section),
                tokens: tokens(section),
                proxy: proxy(section),
                requests_per_minute: section.whole("requests_per_minute", 1..=1_000_000),
                logins_per_minute: section.whole("logins_per_minute", 1..=1_000_000),
            },
            query_timeout: section.millis("query_timeout_ms", 100..=600_000),
            max_queries: section.whole("max_queries", 1..=1000),
            max_listeners: section.whole("max_listeners", 1..=100_000),
            live_interval: section.millis("live_interval_ms", 100..=3_600_000),
        }
    }
}

fn users(dashboard: &Section<'_>) -> BTreeMap<String, User> {
    let mut all = BTreeMap::new();
    for (name, item) in dashboard.entries("users") {
        let section = dashboard.under(&item);
        let password_hash = section
            .get("password_hash")
            .and_then(|item| section.parse_item(&item, password_hash));
        let user = User {
            password_hash: password_hash.unwrap_or_default(),
            role: role(&section, &item),
        };
        all.insert(name.to_owned(), user);
    }
    all
}

fn tokens(dashboard: &Section<'_>) -> BTreeMap<String, ApiToken> {
    let mut all = BTreeMap::new();
    for (name, item) in dashboard.entries("tokens") {
        let section = dashboard.under(&item);
        let token = ApiToken {
            sha256: section.parse("sha256", sha256).unwrap_or_default(),
            role: role(&section, &item),
        };
        all.insert(name.to_owned(), token);
    }
    all
}

/// What somebody may see: a tenant, or everything.
fn role(section: &Section<'_>, item: &Item<'_>) -> Role {
    let is_admin = section.choice("role", &[("marketer", false), ("admin", true)]);
    let tenant = section
        .get("tenant")
        .and_then(|item| section.parse_item(&item, super::section::not_empty));
    match (is_admin, tenant) {
        (true, None) => Role::Admin,
        (false, Some(tenant)) => Role::Marketer(tenant),
        (true, Some(_)) => {
            section.wrong(
                item,
                "an admin sees every tenant: `tenant` has no place here",
            );
            Role::Admin
        }
        (false, None) => {
            section.wrong(item, "a marketer needs a `tenant`");
            Role::Marketer(String::new())
        }
    }
}

fn proxy(dashboard: &Section<'_>) -> Option<Proxy> {
    let section = dashboard.section("trusted_header")?;
    let header = section.text("name").to_ascii_lowercase();
    let mut from = Vec::new();
    for item in section.list("from") {
        from.extend(section.parse_item(&item, address));
    }
    (!header.is_empty()).then_some(Proxy { header, from })
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address such as 10.0.0.1"))
}

fn password_hash(text: &str) -> Result<String, String> {
    if is_password_hash(text) {
        Ok(text.to_owned())
    } else {
        Err("is not an argon2 hash; `throughline dashboard password` makes one".to_owned())
    }
}

fn sha256(text: &str) -> Result<String, String> {
    let text = text.to_ascii_lowercase();
    if text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(
            "is not a SHA-256 of 64 hexadecimal digits; `throughline dashboard token` makes one"
                .to_owned(),
        )
    }
}
