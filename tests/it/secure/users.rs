//! A ClickHouse with the users of `deploy/clickhouse/users.xml`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::http::post;
use crate::installation::Installation;
use crate::services::{self, OwnClickHouse};

/// What a deployment is given.
pub const ROLES: &str = include_str!("../../../deploy/clickhouse/roles.sql");
pub const VIEWS: &str = include_str!("../../../deploy/clickhouse/views.sql");
pub const USERS: &str = include_str!("../../../deploy/clickhouse/users.xml");
/// The server's users beside them: one that may do everything.
const ADMIN: &str = include_str!("../../../dev/conf/clickhouse-users.xml");

/// The users of the line in ClickHouse.
pub const SERVICES: [&str; 4] = ["sink", "dashboard", "verify", "operator"];

/// Starts one with the analyst of the file and copies of that user under other names.
pub fn start(name: &str, analysts: &[&str]) -> OwnClickHouse {
    let config = services::shared().work.join(format!("{name}-config"));
    std::fs::create_dir(&config).unwrap();
    let acme = between(USERS, "<acme__ann>", "</acme__ann>");
    let mut users = between(USERS, "<users>", "</users>").to_owned();
    for analyst in analysts {
        writeln!(users, "<{analyst}>{acme}</{analyst}>").unwrap();
    }
    let mut all = ADMIN.to_owned();
    for (section, more) in [
        ("profiles", between(USERS, "<profiles>", "</profiles>")),
        ("quotas", between(USERS, "<quotas>", "</quotas>")),
        ("users", users.as_str()),
    ] {
        let end = format!("</{section}>");
        all = all.replacen(&end, &format!("{more}{end}"), 1);
    }
    std::fs::write(config.join("clickhouse-users.xml"), all).unwrap();
    let variables: Vec<_> = SERVICES
        .iter()
        .chain(&["acme_ann"])
        .map(|user| {
            let variable = format!("{}_PASSWORD_SHA256", user.to_uppercase());
            (variable, hash(&password(user)))
        })
        .collect();
    OwnClickHouse::with_users(name, &config, &variables)
}

/// What stands between two words.
pub fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap();
    rest.split_once(end).unwrap().0
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// The password of a user; analysts have one.
pub fn password(user: &str) -> String {
    let known = SERVICES.iter().find(|known| **known == user);
    format!("hidden-{}", known.unwrap_or(&"acme_ann"))
}

/// The statements of a script.
pub fn statements(script: &str) -> Vec<String> {
    let lines = script.lines().filter(|line| !line.starts_with("--"));
    let text: Vec<_> = lines.collect();
    let all = text.join("\n");
    let each = all.split(';').map(str::trim);
    each.filter(|statement| !statement.is_empty())
        .map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Lets the line work as a user.
pub fn become_user(line: &mut Installation, user: &str) {
    line.config["clickhouse"]["user"] = user.into();
    line.config["clickhouse"]["password"] = password(user).into();
}

/// Status and answer of a statement by a user.
pub fn ask(address: &str, user: &str, sql: &str) -> (u16, String) {
    let path = format!("/?user={user}&password={}", password(user));
    let (status, body) = post(address, &path, sql).unwrap();
    (status, body.trim_end().to_owned())
}

/// The answer of a statement that a user may make.
#[track_caller]
pub fn allowed(address: &str, user: &str, sql: &str) -> String {
    let (status, body) = ask(address, user, sql);
    assert_eq!(status, 200, "{user}: {sql}\n{body}");
    body
}

/// Sees that a user may not do something.
#[track_caller]
pub fn refused(address: &str, user: &str, sql: &str) {
    let (status, body) = ask(address, user, sql);
    let is_refused = ["ACCESS_DENIED", "READONLY", "SETTING_CONSTRAINT_VIOLATION"]
        .iter()
        .any(|code| body.contains(code));
    assert!(
        status != 200 && is_refused,
        "{user}: {sql}\n{status} {body}"
    );
}

/// The words of a list.
pub fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}
