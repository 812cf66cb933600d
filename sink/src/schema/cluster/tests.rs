use super::super::{MIGRATIONS, SCHEMA_MIGRATIONS, print, statements};
use super::*;

fn connection(cluster: &str) -> Connection {
    Connection {
        url: "http://127.0.0.1:1".into(),
        database: "line".into(),
        user: "u".into(),
        password: String::new(),
        tls: crate::TlsFiles::default(),
        cluster: cluster.into(),
        connect_timeout_ms: 100,
        request_timeout_ms: 7_000,
    }
}

fn schema() -> impl Iterator<Item = String> {
    let migrations = MIGRATIONS.iter();
    let all = migrations.flat_map(|migration| statements(migration.sql));
    all.chain([SCHEMA_MIGRATIONS.to_owned()])
}

#[test]
fn a_single_servers_schema_stays_as_it_is() {
    let connection = connection("");
    for statement in schema() {
        assert_eq!(connection.statements(&statement), [statement]);
    }
    assert_eq!(connection.stored("generations"), "generations");
    assert_eq!(connection.on_cluster(), "");
    assert_eq!(connection.on_all_servers("mutations"), "system.mutations");
    assert!(connection.settings().is_empty());
}

#[test]
fn every_statement_is_one_for_all_servers() {
    let connection = connection("all");
    for statement in schema() {
        for sql in connection.statements(&statement) {
            let first = sql.lines().next().unwrap();
            assert!(first.contains(" ON CLUSTER `all`"), "{sql}");
            if first.starts_with("CREATE TABLE") {
                let engines = [
                    "Replicated",
                    "Distributed",
                    "Buffer(currentDatabase(), 'arrivals'",
                ];
                let is_known = |engine: &&str| sql.contains(&format!("\nENGINE = {engine}"));
                assert!(engines.iter().any(is_known), "{sql}");
            }
            assert!(!sql.contains("non_replicated"), "{sql}");
        }
    }
}

/// Every table's shards, and a look at those that are unlike others.
#[test]
fn the_versions_of_a_key_meet_on_one_shard() {
    let connection = connection("all");
    let mut keys = Vec::new();
    for statement in schema() {
        for sql in connection.statements(&statement) {
            if let Some(line) = sql
                .lines()
                .find(|line| line.starts_with("ENGINE = Distributed"))
            {
                let line = line.trim_start_matches("ENGINE = Distributed(`all`, `line`, ");
                keys.push(
                    line.trim_end_matches(')')
                        .replace("_shard, cityHash64(", ": "),
                );
            }
        }
    }
    assert_eq!(
        keys,
        [
            "generations: generation",
            "touchpoint_versions: tenant, touch_id, content_hash",
            "call_versions: tenant, touch_id, content_hash",
            "deal_versions: tenant, deal_id",
            "credit_versions: tenant, deal_id",
            "identity_versions: tenant, identifier",
            "cost_versions: tenant, date, hour, source, medium, campaign, content, term",
            "traffic_cells: tenant, hour, channel, source, medium, campaign, partition",
            "credit_cells: tenant, basis, hour, channel, source, medium, campaign, partition",
            "tenant_versions: tenant, partition",
            "dead_letter_versions: topic, partition, offset",
            "dead_letter_replays: topic, partition, offset",
            "link_versions: tenant, identifier, other, kind",
            "erased_identifiers: tenant, pseudonym",
            "erasure_rows: table_name, is_newest, key, version",
            "arrivals: tenant, subject",
            "recent_touches: tenant, occurred_at, touch",
            "schema_migrations: number, checksum",
        ]
    );
}

#[test]
fn a_table_is_two() {
    let statement = "-- Why.\nCREATE TABLE IF NOT EXISTS things\n(\n    id String COMMENT 'It.',\n    INDEX i id TYPE minmax\n)\n\
         ENGINE = ReplacingMergeTree(version, is_deleted)\nORDER BY (generation, id)\n\
         SETTINGS fsync_after_insert = 1, non_replicated_deduplication_window = 0\nCOMMENT 'Things.'";
    assert_eq!(
        connection("all").statements(statement),
        [
            "CREATE TABLE IF NOT EXISTS things_shard ON CLUSTER `all`\n(\n    id String COMMENT 'It.',\n    INDEX i id TYPE minmax\n)\n\
             ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version, is_deleted)\n\
             ORDER BY (generation, id)\n\
             SETTINGS fsync_after_insert = 1, replicated_deduplication_window = 0\nCOMMENT 'Things.'",
            "CREATE TABLE IF NOT EXISTS things ON CLUSTER `all` AS `line`.things_shard\n\
             ENGINE = Distributed(`all`, `line`, things_shard, cityHash64(id))\nCOMMENT 'Things.'",
        ]
    );
}

#[test]
fn what_has_parts_is_altered_where_they_are() {
    let connection = connection("all");
    assert_eq!(
        connection.statements("ALTER TABLE things ADD COLUMN IF NOT EXISTS\n    a String"),
        [
            "ALTER TABLE things_shard ON CLUSTER `all` ADD COLUMN IF NOT EXISTS\n    a String",
            "ALTER TABLE things ON CLUSTER `all` ADD COLUMN IF NOT EXISTS\n    a String",
        ]
    );
    assert_eq!(
        connection.statements("ALTER TABLE things DROP INDEX IF EXISTS i"),
        ["ALTER TABLE things_shard ON CLUSTER `all` DROP INDEX IF EXISTS i"]
    );
}

#[test]
fn views_are_over_all_shards_unless_they_pass_rows_on() {
    let connection = connection("all");
    assert_eq!(
        connection
            .statements("CREATE OR REPLACE VIEW v\n(a String)\nAS SELECT a FROM things FINAL"),
        ["CREATE OR REPLACE VIEW v ON CLUSTER `all`\n(a String)\nAS SELECT a FROM things FINAL"]
    );
    assert_eq!(
        connection.statements(
            "CREATE MATERIALIZED VIEW IF NOT EXISTS m TO others\nAS SELECT things.a\nFROM things GROUP BY a\nCOMMENT 'From things.'"
        ),
        [
            "CREATE MATERIALIZED VIEW IF NOT EXISTS m ON CLUSTER `all` TO others_shard\nAS SELECT things.a\n\
             FROM things_shard AS things GROUP BY a\nCOMMENT 'From things.'"
        ]
    );
}

#[test]
fn what_is_gathered_in_memory_leaves_for_all_shards() {
    let connection = connection("all");
    assert_eq!(
        connection.statements(
            "CREATE TABLE IF NOT EXISTS others_gathered\n(a String)\nENGINE = Buffer(currentDatabase(), 'others', 1)\nCOMMENT 'x'"
        ),
        [
            "CREATE TABLE IF NOT EXISTS others_gathered ON CLUSTER `all`\n(a String)\nENGINE = Buffer(currentDatabase(), 'others', 1)\nCOMMENT 'x'"
        ]
    );
    assert_eq!(
        connection.statements(
            "CREATE MATERIALIZED VIEW IF NOT EXISTS m TO others_gathered\nAS SELECT a\nFROM things GROUP BY a"
        ),
        [
            "CREATE MATERIALIZED VIEW IF NOT EXISTS m ON CLUSTER `all` TO others_gathered\nAS SELECT a\nFROM things_shard AS things GROUP BY a"
        ]
    );
    assert_eq!(
        connection.statements("DROP VIEW IF EXISTS m"),
        ["DROP VIEW IF EXISTS m ON CLUSTER `all`"]
    );
}

#[test]
fn the_printed_script_is_one_for_the_cluster() {
    let script = print(&connection("all"));
    assert!(
        script.starts_with("CREATE DATABASE IF NOT EXISTS `line` ON CLUSTER `all`;\nUSE `line`;\n")
    );
    assert!(script.contains("CREATE TABLE IF NOT EXISTS deal_versions_shard ON CLUSTER `all`"));
}

#[test]
fn statements_for_all_servers_are_waited_for_as_long_as_others() {
    let settings = connection("all").settings();
    assert!(settings.contains(&("distributed_ddl_task_timeout", "7".to_owned())));
    assert!(settings.contains(&("distributed_foreground_insert", "1".to_owned())));
}
