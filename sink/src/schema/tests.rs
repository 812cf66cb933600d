use super::*;

fn connection(database: &str, cluster: &str) -> Connection {
    Connection {
        url: "http://127.0.0.1:1".into(),
        database: database.into(),
        user: "u".into(),
        password: String::new(),
        tls: crate::TlsFiles::default(),
        cluster: cluster.into(),
        connect_timeout_ms: 100,
        request_timeout_ms: 100,
    }
}

#[test]
fn migrations_are_numbered_without_gaps_and_named_by_their_number() {
    for (index, migration) in MIGRATIONS.iter().enumerate() {
        assert_eq!(migration.number as usize, index + 1);
        assert!(migration.name.starts_with(&format!("{:04}_", index + 1)));
        assert!(migration.sql.ends_with(";\n"), "{}", migration.name);
    }
}

#[test]
fn every_statement_may_run_twice() {
    for migration in MIGRATIONS {
        for statement in statements(migration.sql) {
            let first = statement
                .lines()
                .find(|line| !line.is_empty() && !line.starts_with("--"))
                .unwrap();
            let is_repeatable = ["IF NOT EXISTS", "IF EXISTS", "OR REPLACE", "MODIFY SETTING"]
                .iter()
                .any(|words| first.contains(words));
            assert!(is_repeatable, "{first}");
        }
    }
}

#[test]
fn a_checksum_does_not_depend_on_the_checkout() {
    assert_eq!(checksum("a;\r\nb;\r\n"), checksum("a;\nb;\n"));
    assert_ne!(checksum("a;\n"), checksum("b;\n"));
    assert_eq!(statements("a;\r\nb;\r\n"), ["a", "b"]);
}

#[test]
fn the_printed_script_makes_the_database_first() {
    let script = print(&connection("my`db", ""));
    assert!(script.starts_with("CREATE DATABASE IF NOT EXISTS `my\\`db`;\nUSE `my\\`db`;\n"));
    assert!(script.contains("CREATE VIEW IF NOT EXISTS channel_roi"));
}
