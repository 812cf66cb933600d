//! The section `clickhouse`.

use std::path::PathBuf;

use throughline_sink::{ClientIdentity, Connection, TlsFiles};

use super::section::{Item, Section};
use super::tree::Value;

/// Which ClickHouse, and as whom.
#[derive(Clone, Debug)]
pub struct ClickHouse {
    /// The connection.
    pub connection: Connection,
    /// Whether the schema is brought up to date at the start.
    pub apply_schema: bool,
}

impl ClickHouse {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        Self {
            connection: Connection {
                url: section.parse("url", url).unwrap_or_default(),
                database: section.parse("database", identifier).unwrap_or_default(),
                user: section.name("user"),
                password: section.text("password"),
                tls: tls(section),
                cluster: section.parse("cluster", cluster).unwrap_or_default(),
                connect_timeout_ms: section.whole("connect_timeout_ms", 1..=600_000),
                request_timeout_ms: section.whole("request_timeout_ms", 1..=3_600_000),
            },
            apply_schema: section.flag("apply_schema"),
        }
    }
}

fn url(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    if text.contains('@') {
        // It is not repeated: a password may stand in it.
        return Err("names a user: set clickhouse.user and clickhouse.password instead".to_owned());
    }
    let host = text.strip_prefix("http://");
    match host.or_else(|| text.strip_prefix("https://")) {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err(format!(
            "`{text}` is not a URL such as http://127.0.0.1:8123"
        )),
    }
}

/// The files for TLS, which are read by whoever connects.
fn tls(section: &Section<'_>) -> TlsFiles {
    let path = |key| Some(section.text(key)).filter(|path| !path.is_empty());
    let (ca, certificate, key) = (path("ca_file"), path("certificate_file"), path("key_file"));
    let wrong = |key, problem| {
        if let Some(item) = section.get(key) {
            section.wrong(&item, problem);
        }
    };
    if section.get("url").is_some_and(|item| !is_https(&item)) {
        for (name, path) in [("ca_file", &ca), ("certificate_file", &certificate)] {
            if path.is_some() {
                wrong(name, "needs a clickhouse.url that begins with https://");
            }
        }
    }
    match (&certificate, &key) {
        (Some(_), None) => wrong("key_file", "is needed with clickhouse.certificate_file"),
        (None, Some(_)) => wrong("certificate_file", "is needed with clickhouse.key_file"),
        _ => {}
    }
    TlsFiles {
        ca: ca.map(PathBuf::from),
        identity: certificate
            .zip(key)
            .map(|(certificate, key)| ClientIdentity {
                certificate: certificate.into(),
                key: key.into(),
            }),
    }
}

fn is_https(item: &Item<'_>) -> bool {
    matches!(&item.node.value, Value::Scalar(url) if url.trim().starts_with("https://"))
}

fn cluster(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.chars().all(legal) {
        return Err(format!(
            "`{text}` is not the name of a cluster: letters, digits, underscores and hyphens; empty for a single server"
        ));
    }
    Ok(text.to_owned())
}

fn identifier(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(legal)
    {
        return Err(format!(
            "`{text}` is not the name of a database: letters, digits and underscores, no digit first"
        ));
    }
    Ok(text.to_owned())
}
