//! Every user of ClickHouse can do what it is for, and nothing else.

use serde_json::json;

use super::users::{
    ROLES, USERS, allowed, become_user, between, password, refused, start, statements,
};
use crate::dashboard::served::Served;
use crate::installation::Installation;
use crate::process::until;
use crate::traffic;

/// The pages that are asked for.
const PAGES: [&str; 7] = [
    "/",
    "/channels",
    "/models",
    "/journeys",
    "/calls",
    "/funnel",
    "/managers",
];

#[test]
fn each_user_can_do_its_work_and_nothing_else() {
    let traffic = traffic::small();
    let clickhouse = start("roles", &[]);
    let mut line = Installation::new("throughline", &traffic.plan.settings());
    line.clickhouse.clone_from(&clickhouse.address);
    line.config["clickhouse"]["url"] = format!("http://{}", clickhouse.address).into();
    line.config["sink"] = json!({"erasure_sweep_ms": 200, "erasure_delay_ms": 0});

    // The roles before the sink never speak to ClickHouse.
    line.config["clickhouse"]["user"] = "nobody".into();
    traffic.send(&line);
    for role in ["ingest", "processor"] {
        line.start(role, &[role, "--until-idle"]).succeeds();
    }
    become_user(&mut line, "sink");
    line.call(&["schema", "apply"]).succeeds();
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    line.assert_views(&traffic.expected);

    become_user(&mut line, "verify");
    line.call(&["verify", "--from-log"]).succeeds();
    become_user(&mut line, "operator");
    let listed = line.call(&["dead-letters", "list", "--count"]);
    listed.succeeds();
    become_user(&mut line, "dashboard");
    let served = Served::start(&line, "dashboard");
    served.knows("default", &[]);
    for page in PAGES {
        let answer = served.get(&format!("{page}?tenant=default"), &[]);
        assert!(
            answer.status == 200,
            "{page}: {} {}",
            answer.status,
            answer.body
        );
        assert!(!answer.body.contains("ACCESS_DENIED"), "{page}");
    }

    // A person is erased: no row of it is left in any table.
    become_user(&mut line, "sink");
    let person = line.query(
        "SELECT concat('tenant = ''', tenant, ''' AND client = unhex(''', lower(hex(client)), ''')') FROM identity_versions \
         WHERE client IN (SELECT client FROM touchpoint_versions) ORDER BY identifier LIMIT 1 FORMAT TSVRaw",
    );
    let rows = |line: &Installation| {
        let of = |table| format!("(SELECT count() FROM {table} WHERE {person})");
        let (names, touches) = (of("identity_versions"), of("touchpoint_versions"));
        line.query(&format!("SELECT {names} + {touches}"))
    };
    assert_ne!(rows(&line), "0");
    line.query(&format!(
        "INSERT INTO erased_identifiers (tenant, pseudonym, version) \
         SELECT tenant, concat(substring(SHA256(identifier), 1, 15), substring(identifier, 16, 1)), 1 \
         FROM identity_versions WHERE {person}"
    ));
    let mut sink = line.start("erasing", &["sink"]);
    until("the person's rows are gone", || rows(&line) == "0");
    sink.stop();
    // A password is in no output.
    assert!(!sink.output().contains(&password("sink")));

    for (user, statements) in REFUSED {
        for statement in *statements {
            refused(&clickhouse.address, user, statement);
        }
    }
    allowed(
        &clickhouse.address,
        "operator",
        "SELECT count() FROM throughline.dead_letters",
    );
}

/// What users try in vain.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "sink",
        &[
            "DROP TABLE throughline.deal_versions",
            "TRUNCATE TABLE throughline.deal_versions",
            "DROP DATABASE throughline",
            "ALTER TABLE throughline.deal_versions DROP COLUMN stage",
            "CREATE TABLE default.x (a UInt8) ENGINE = MergeTree ORDER BY a",
            "CREATE USER x",
            "GRANT SELECT ON *.* TO sink",
            "SELECT * FROM system.users",
            "SELECT * FROM url('http://127.0.0.1/', 'TSV', 'a String')",
        ],
    ),
    (
        "dashboard",
        &[
            "INSERT INTO throughline.generations VALUES (9, now64(3))",
            "ALTER TABLE throughline.deal_versions DELETE WHERE 1",
            "SELECT * FROM throughline.erasure_rows",
            "SELECT * FROM throughline.schema_migrations",
            "CREATE TABLE throughline.x (a UInt8) ENGINE = MergeTree ORDER BY a",
            "SELECT * FROM system.processes",
        ],
    ),
    (
        "verify",
        &[
            "INSERT INTO throughline.generations VALUES (9, now64(3))",
            "ALTER TABLE throughline.deal_versions DELETE WHERE 1",
            "SELECT * FROM throughline.dead_letters",
            "SELECT * FROM throughline.dead_letter_versions",
            "DROP DATABASE throughline",
            "CREATE DATABASE other",
        ],
    ),
    (
        "operator",
        &[
            "INSERT INTO throughline.generations VALUES (9, now64(3))",
            "ALTER TABLE throughline.dead_letter_versions DELETE WHERE 1",
        ],
    ),
];

/// The statements and the file give every user the same rights.
#[test]
fn users_in_files_have_the_rights_of_the_roles() {
    for (user, role) in [
        ("sink", "throughline_sink"),
        ("dashboard", "throughline_dashboard"),
        ("verify", "throughline_verify"),
        ("operator", "throughline_operator"),
        ("acme__ann", "throughline_analyst"),
        ("throughline_reader", "throughline_reader"),
    ] {
        let rights: Vec<_> = statements(ROLES)
            .into_iter()
            .filter_map(|statement| {
                let right = statement.strip_suffix(role)?;
                let right = right
                    .strip_suffix(" TO ")
                    .or(right.strip_suffix(" FROM "))?;
                let is_right = right.starts_with("GRANT ") || right.starts_with("REVOKE ");
                is_right.then(|| right.to_owned())
            })
            .collect();
        assert!(!rights.is_empty(), "{role}");
        let file = between(USERS, &format!("<{user}>"), &format!("</{user}>"));
        let queries = file.split("<query>").skip(1);
        let found: Vec<_> = queries
            .map(|query| query.split_once("</query>").unwrap().0)
            .collect();
        assert_eq!(found, rights, "{user}");
    }
}
