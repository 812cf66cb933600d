//! The gate: who is let in, who is not, and by what tricks not.

use std::time::Duration;

use axum::http::HeaderValue;

use super::*;
use crate::config::{AccessConfig, ApiToken, Proxy, User};
use crate::tenants::{Configured, Tenant};

const NOW: i64 = 1_800_000_000;

fn config() -> Config {
    let marketer = |password: &str, tenant: &str| User {
        password_hash: if password.is_empty() {
            String::new()
        } else {
            hash_password(password).unwrap()
        },
        role: Role::Marketer(tenant.to_owned()),
    };
    let users = [
        ("ann".to_owned(), marketer("correct horse", "acme")),
        ("bob".to_owned(), marketer("", "other")),
    ];
    let token = ApiToken {
        sha256: hexadecimal(&Sha256::digest(b"a token of the api")),
        role: Role::Admin,
    };
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        connection: throughline_sink::Connection {
            url: "http://127.0.0.1:1".to_owned(),
            database: "throughline".to_owned(),
            user: "default".to_owned(),
            password: String::new(),
            tls: throughline_sink::TlsFiles::default(),
            cluster: String::new(),
            connect_timeout_ms: 100,
            request_timeout_ms: 100,
        },
        query_timeout: Duration::from_secs(1),
        max_queries: 1,
        max_listeners: 1,
        live_interval: Duration::from_secs(1),
        access: AccessConfig {
            secret: "a secret of the tests, long enough to be one".to_owned(),
            session: Duration::from_hours(12),
            secure_cookies: false,
            users: users.into_iter().collect(),
            tokens: [("report".to_owned(), token)].into_iter().collect(),
            proxy: Some(Proxy {
                header: "x-forwarded-user".to_owned(),
                from: vec!["10.0.0.1".parse().unwrap()],
            }),
            requests_per_minute: 1000,
            logins_per_minute: 3,
        },
        tenants: Configured {
            defaults: Tenant {
                name: String::new(),
                time_zone: chrono_tz::UTC,
                currency: "RUB".to_owned(),
                models: Vec::new(),
                lookback_days: 90,
                reset_on_conversion: false,
                is_known: false,
            },
            named: std::collections::BTreeMap::new(),
        },
    }
}

fn peer(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 5000)
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn admit(access: &Access, pairs: &[(&'static str, &str)], from: &str) -> Result<Who, Refusal> {
    access.admit(&headers(pairs), peer(from), NOW)
}

#[test]
fn a_session_is_good_until_it_ends() {
    let access = Access::new(&config());
    let cookie = access.sign_in("ann", "correct horse", NOW).unwrap();
    let line = format!("other=1; throughline={cookie}");
    let who = admit(&access, &[("cookie", &line)], "10.9.9.9").unwrap();
    assert_eq!(who.role, Role::Marketer("acme".to_owned()));
    assert!(who.may_see("acme") && !who.may_see("other") && !who.is_admin());
    let later = access.admit(
        &headers(&[("cookie", &line)]),
        peer("10.9.9.9"),
        NOW + 43_200,
    );
    assert_eq!(later, Err(Refusal::Unknown));
    access.sessions().end(who.session.as_ref().unwrap(), NOW);
    assert_eq!(
        admit(&access, &[("cookie", &line)], "10.9.9.9"),
        Err(Refusal::Unknown)
    );
}

#[test]
fn a_session_cannot_be_made_up_or_changed() {
    let access = Access::new(&config());
    let cookie = access.sign_in("ann", "correct horse", NOW).unwrap();
    let parts: Vec<_> = cookie.split('.').collect();
    let (bob, later) = (hexadecimal(b"bob"), (NOW + 1_000_000).to_string());
    let mac = "0".repeat(64);
    for changed in [
        [bob.as_str(), parts[1], parts[2], parts[3]].join("."),
        [parts[0], later.as_str(), parts[2], parts[3]].join("."),
        [parts[0], parts[1], "00", parts[3]].join("."),
        [parts[0], parts[1], parts[2], mac.as_str()].join("."),
        [parts[0], parts[1], parts[2]].join("."),
        format!("{cookie}.x"),
        format!("{cookie}0"),
        "...".to_owned(),
        "é.1.2.3".to_owned(),
        String::new(),
    ] {
        let line = format!("throughline={changed}");
        let Ok(value) = HeaderValue::from_str(&line) else {
            continue;
        };
        let mut headers = HeaderMap::new();
        headers.insert("cookie", value);
        let admitted = access.admit(&headers, peer("10.9.9.9"), NOW);
        assert_eq!(admitted, Err(Refusal::Unknown), "{changed}");
    }
    // A changed password ends the sessions of the user.
    let mut other = config();
    other.access.users.get_mut("ann").unwrap().password_hash = hash_password("new").unwrap();
    let line = format!("throughline={cookie}");
    assert_eq!(
        admit(&Access::new(&other), &[("cookie", &line)], "10.9.9.9"),
        Err(Refusal::Unknown)
    );
}

#[test]
fn a_header_is_believed_from_the_proxy_alone() {
    let access = Access::new(&config());
    let named = [("x-forwarded-user", "bob")];
    assert_eq!(admit(&access, &named, "10.0.0.1").unwrap().name, "bob");
    assert_eq!(admit(&access, &named, "10.0.0.2"), Err(Refusal::Unknown));
    let unknown = [("x-forwarded-user", "eve")];
    assert_eq!(admit(&access, &unknown, "10.0.0.1"), Err(Refusal::Unknown));
    let twice = [("x-forwarded-user", "ann"), ("x-forwarded-user", "bob")];
    assert_eq!(admit(&access, &twice, "10.0.0.1"), Err(Refusal::Unknown));
}

#[test]
fn who_has_no_password_cannot_sign_in() {
    let access = Access::new(&config());
    for (name, password) in [
        ("bob", ""),
        ("bob", "x"),
        ("eve", ""),
        ("ann", "wrong"),
        ("", ""),
    ] {
        assert_eq!(
            access.sign_in(name, password, NOW),
            None,
            "{name} {password}"
        );
    }
}

#[test]
fn a_token_is_known_by_its_hash() {
    let access = Access::new(&config());
    let good = [("authorization", "Bearer a token of the api")];
    assert!(admit(&access, &good, "10.9.9.9").unwrap().is_admin());
    let sha256 = config().access.tokens["report"].sha256.clone();
    let stolen = format!("Bearer {sha256}");
    for value in [
        "Bearer ",
        "Bearer x",
        "Basic a token of the api",
        stolen.as_str(),
    ] {
        let admitted = admit(&access, &[("authorization", value)], "10.9.9.9");
        assert_eq!(admitted, Err(Refusal::Unknown), "{value}");
    }
}

#[test]
fn an_open_dashboard_answers_to_this_machines_own_names_alone() {
    let mut open = config();
    open.access.users.clear();
    open.access.tokens.clear();
    assert!(open.is_open() && open.danger().is_none());
    let access = Access::new(&open);
    for host in ["127.0.0.1:8080", "localhost", "[::1]:8080"] {
        assert!(
            admit(&access, &[("host", host)], "127.0.0.1").is_ok(),
            "{host}"
        );
    }
    for host in [
        "evil.example",
        "127.0.0.1.evil.example:8080",
        "localhost.",
        "",
    ] {
        let admitted = admit(&access, &[("host", host)], "127.0.0.1");
        assert_eq!(admitted, Err(Refusal::WrongHost), "{host}");
    }
    open.listen = "0.0.0.0:8080".parse().unwrap();
    assert!(
        open.danger()
            .unwrap()
            .contains("everybody would see everything")
    );
}

#[test]
fn a_placeholder_is_no_secret_to_others() {
    let mut config = config();
    config.listen = "10.0.0.5:8080".parse().unwrap();
    assert_eq!(config.danger(), None);
    for secret in ["change-me", "short"] {
        config.access.secret = secret.to_owned();
        assert!(
            config.danger().unwrap().contains("dashboard.secret"),
            "{secret}"
        );
    }
}

#[test]
fn tries_are_counted_by_name_and_by_address() {
    let access = Access::new(&config());
    assert!((0..3).all(|_| access.may_try("ann", peer("10.1.1.1"), NOW)));
    assert!(!access.may_try("ann", peer("10.1.1.2"), NOW), "the name");
    assert!(!access.may_try("bob", peer("10.1.1.1"), NOW), "the address");
    assert!(access.may_try("cid", peer("10.1.1.3"), NOW));
}

#[test]
fn a_form_comes_from_a_page_of_ours() {
    for (origin, is_own) in [
        (None, true),
        (Some("http://127.0.0.1:8080"), true),
        (Some("http://evil.example"), false),
        (Some("null"), false),
    ] {
        let mut pairs = vec![("host", "127.0.0.1:8080")];
        pairs.extend(origin.map(|origin| ("origin", origin)));
        assert_eq!(is_own_origin(&headers(&pairs)), is_own, "{origin:?}");
    }
    let sessions = Sessions::new(&config().access);
    assert_ne!(sessions.form_token("a"), sessions.form_token("b"));
}
