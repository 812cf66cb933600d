//! The section `clickhouse`.

use throughline_sink::Connection;

use super::section::Section;

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
    if text.starts_with("https://") {
        return Err(format!(
            "`{text}` asks for TLS, which the client does not speak: use http:// within a private network"
        ));
    }
    match text.strip_prefix("http://") {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err(format!(
            "`{text}` is not a URL such as http://127.0.0.1:8123"
        )),
    }
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
