//! The line on a cluster of two shards: the same views as on one server, whichever
//! of its servers is asked.

use std::time::Duration;

use throughline_dashboard::reader::FENCED_TABLES;
use throughline_sink::{ClickHouse, Eraser, Outdated, schema};
use throughline_stream::Stop;
use throughline_tests::live::cluster::{Cluster, NAME};

use crate::dashboard::access::fenced_count;
use crate::installation::Installation;
use crate::process::until;
use crate::traffic;

/// A line on two shards, with traffic that has arrived.
fn arrived(name: &str) -> (Cluster, Installation) {
    let traffic = traffic::small();
    let cluster = Cluster::start(name, 2);
    let mut line = Installation::new(name, &traffic.plan.settings());
    line.use_cluster(cluster.relay(true), NAME);
    traffic.send(&line);
    line.run_until_idle();
    cluster.query(name, "OPTIMIZE TABLE arrivals_gathered");
    line.assert_views(&traffic.expected);
    (cluster, line)
}

/// The tables that hold rows of persons or figures.
fn tables() -> impl Iterator<Item = &'static str> {
    let all = FENCED_TABLES.into_iter();
    all.filter(|table| table.ends_with("_versions") || table.ends_with("_cells"))
}

fn counts(cluster: &Cluster, database: &str, from: &str) -> Vec<u64> {
    let counts = cluster.query(database, &format!("SELECT count() FROM {from}"));
    counts.iter().map(|count| count.parse().unwrap()).collect()
}

/// One number of all rows of a view.
fn content(view: &str) -> String {
    // When a row arrived is another moment each time.
    let but = if view == "freshness" {
        " EXCEPT arrived_at"
    } else {
        ""
    };
    format!("SELECT count(), sum(sipHash64(toString(tuple(*{but})))) FROM {view}")
}

#[test]
#[ignore = "`make test-cluster` runs it"]
fn two_shards_show_what_one_server_shows() {
    let (cluster, line) = arrived("cluster_views");
    for table in tables() {
        let on_shards = counts(&cluster, "cluster_views", &format!("{table}_shard"));
        assert!(!on_shards.contains(&0), "{table}: {on_shards:?}");
        let all = counts(&cluster, "cluster_views", table);
        assert_eq!(all, [on_shards.iter().sum::<u64>(); 2], "{table}");
    }

    // The same rows on one server, and every view there.
    let single = Installation::new("cluster_single", &traffic::small().plan.settings());
    single.call(&["schema", "apply"]).succeeds();
    let stored = line.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'Distributed' \
         AND name NOT IN ('arrivals', 'recent_touches', 'generations', 'schema_migrations')",
    );
    for table in stored.lines() {
        single.query(&format!(
            "INSERT INTO {table} SELECT * FROM remote('{}', 'cluster_views', '{table}')",
            cluster.native()
        ));
    }
    single.write_arrivals();
    let views = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name";
    let views = single.query(views);
    assert_eq!(views.lines().count(), 20);
    for view in views.lines() {
        let expected = single.query(&content(view));
        for found in cluster.query("cluster_views", &content(view)) {
            assert_eq!(found, expected, "{view}");
        }
    }
}

/// Of a question that does not say whose rows it is about, ClickHouse keeps
/// those of others back on every shard.
#[test]
#[ignore = "`make test-cluster` runs it"]
fn the_fence_stands_on_every_shard() {
    let (_cluster, line) = arrived("cluster_fence");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let connection = line.connection();
    let views = line.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'",
    );
    let mut seen = 0;
    for view in views.lines() {
        for tenant in ["moscow", "nobody"] {
            let found = runtime.block_on(fenced_count(&connection, view, tenant));
            let expected = if view == "dead_letters" {
                "0".to_owned()
            } else {
                line.query(&format!(
                    "SELECT count() FROM {view} WHERE tenant = '{tenant}'"
                ))
            };
            assert_eq!(found.to_string(), expected, "{view} for {tenant}");
            seen += found;
        }
    }
    assert!(seen > 0);
}

#[test]
#[ignore = "`make test-cluster` runs it"]
fn what_is_lost_or_invented_on_a_shard_is_found_and_mended() {
    let (cluster, mut line) = arrived("cluster_verify");
    // What is compared stands beside the tables of one server.
    line.use_cluster(cluster.relay(false), NAME);
    line.call(&["verify", "--from-log"]).succeeds();
    cluster.query(
        "cluster_verify",
        "ALTER TABLE deal_versions_shard DELETE WHERE cityHash64(deal_id) % 3 = 0 SETTINGS mutations_sync = 2",
    );
    line.query(
        "INSERT INTO touchpoint_versions (generation, tenant, touch_id, version) SETTINGS distributed_foreground_insert = 1 \
         SELECT 1, 'moscow', concat('none:', toString(number)), 65536 FROM numbers(10)",
    );
    let invented = "touchpoint_versions_shard WHERE startsWith(touch_id, 'none:')";
    assert!(!counts(&cluster, "cluster_verify", invented).contains(&0));
    let called = line.call(&["verify", "--from-log"]);
    assert_eq!(called.code, Some(1), "{}\n{}", called.out, called.err);
    line.call(&["verify", "--from-log", "--repair"]).succeeds();
    line.assert_views(&traffic::small().expected);
    assert_eq!(counts(&cluster, "cluster_verify", invented), [0, 0]);
    assert_eq!(
        counts(&cluster, "cluster_verify", "erasure_rows_shard"),
        [0, 0]
    );
}

#[test]
#[ignore = "`make test-cluster` runs it"]
fn rows_of_the_erased_and_of_old_generations_leave_every_shard() {
    let (cluster, line) = arrived("cluster_deleted");
    let connection = line.connection();
    // Of those with a deal, everybody whose name begins so.
    let chosen = "WHERE reinterpretAsUInt8(substring(client, 2, 1)) % 4 = 0";
    let named: Vec<_> = ["touchpoint_versions", "deal_versions", "identity_versions"]
        .into_iter()
        .map(|table| format!("{table}_shard {chosen}"))
        .collect();
    for from in &named {
        assert!(
            !counts(&cluster, "cluster_deleted", from).contains(&0),
            "{from}"
        );
    }
    line.query(&format!(
        "INSERT INTO erased_identifiers (tenant, pseudonym, version) SETTINGS distributed_foreground_insert = 1 \
         SELECT DISTINCT tenant, concat(substring(SHA256(client), 1, 15), substring(client, 16, 1)), 1 \
         FROM (SELECT tenant, client FROM identity_versions {chosen} \
         UNION ALL SELECT tenant, client FROM touchpoint_versions {chosen} \
         UNION ALL SELECT tenant, client FROM deal_versions {chosen})"
    ));
    let eraser = Eraser::new(&connection, Duration::ZERO, Duration::ZERO, Stop::new()).unwrap();
    let deleted = eraser.pass().unwrap();
    assert!(deleted["touchpoint_versions"] > 0, "{deleted:?}");
    for from in &named {
        assert_eq!(counts(&cluster, "cluster_deleted", from), [0, 0], "{from}");
    }
    assert_eq!(
        counts(&cluster, "cluster_deleted", "erasure_rows_shard"),
        [0, 0]
    );

    let clickhouse = ClickHouse::new(&connection).unwrap();
    schema::activate(&clickhouse, 2).unwrap();
    let outdated = Outdated::new(&connection, 0, Stop::new()).unwrap();
    for table in tables().filter(|table| *table != "link_versions") {
        assert!(counts(&cluster, "cluster_deleted", table)[0] > 0, "{table}");
    }
    outdated.look().unwrap();
    for table in tables().filter(|table| *table != "link_versions") {
        let from = format!("{table}_shard");
        until("the shards are empty", || {
            counts(&cluster, "cluster_deleted", &from) == [0, 0]
        });
    }
    assert!(counts(&cluster, "cluster_deleted", "link_versions")[0] > 0);
}

#[test]
#[ignore = "`make test-cluster` runs it"]
fn a_schema_is_applied_by_several_at_once_and_dropped_everywhere() {
    let cluster = Cluster::start("cluster_schema", 2);
    let mut line = Installation::new("cluster_schema", &traffic::small().plan.settings());
    line.use_cluster(cluster.relay(true), NAME);
    let connection = line.connection();
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let connection = connection.clone();
            std::thread::spawn(move || schema::apply(&ClickHouse::new(&connection).unwrap(), 3))
        })
        .collect();
    for worker in workers {
        worker.join().unwrap().unwrap();
    }
    let clickhouse = ClickHouse::new(&connection).unwrap();
    assert!(schema::apply(&clickhouse, 4).unwrap().is_empty());
    assert_eq!(schema::active_generation(&clickhouse).unwrap(), 3);
    schema::drop(&clickhouse).unwrap();
    let left = "SELECT count() FROM system.databases WHERE name = 'cluster_schema'";
    assert_eq!(cluster.query("system", left), ["0", "0"]);
}
