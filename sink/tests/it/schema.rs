//! The schema itself: applied once by whoever comes first, and described.

use std::thread;

use throughline_sink::{ClickHouse, SinkError, schema};

use crate::line::Line;
use crate::service::Service;

/// The views of the contract.
const VIEWS: [&str; 20] = [
    "channel_hourly",
    "traffic_hourly",
    "channel_roi",
    "deals",
    "deal_events",
    "deal_stages",
    "credits",
    "touchpoints",
    "calls",
    "clients",
    "identities",
    "links",
    "costs",
    "dead_letters",
    "channel_parts",
    "traffic_parts",
    "journeys",
    "tenants",
    "freshness",
    "latest_touches",
];

#[test]
fn migrations_are_applied_once() {
    let line = Line::start("once");
    assert!(schema::apply(&line.clickhouse, 5).unwrap().is_empty());
    // The first generation stays active.
    assert_eq!(schema::active_generation(&line.clickhouse).unwrap(), 1);
    line.check(
        "SELECT number, name, length(checksum) FROM schema_migrations",
        &[
            "1 | 0001_tables | 64",
            "2 | 0002_views | 64",
            "3 | 0003_replays | 64",
            "4 | 0004_links | 64",
            "5 | 0005_erasure | 64",
            "6 | 0006_deals | 64",
            "7 | 0007_dashboard | 64",
            "8 | 0008_journeys | 64",
            "9 | 0009_arrivals | 64",
        ],
    );
    line.clickhouse.check().unwrap();
}

#[test]
fn processes_may_apply_the_schema_at_once() {
    let service = Service::shared();
    let connection = service.connection(&format!("at_once_{}", std::process::id()));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let connection = connection.clone();
            thread::spawn(move || schema::apply(&ClickHouse::new(&connection).unwrap(), 1))
        })
        .collect();
    for worker in workers {
        worker.join().unwrap().unwrap();
    }
    let clickhouse = ClickHouse::new(&connection).unwrap();
    assert_eq!(schema::active_generation(&clickhouse).unwrap(), 1);
    clickhouse.check().unwrap();
    clickhouse
        .execute(
            "clean up",
            &format!("DROP DATABASE `{}`", connection.database),
        )
        .unwrap();
}

#[test]
fn an_edited_migration_is_an_error() {
    let line = Line::start("edited");
    line.clickhouse
        .execute(
            "pretend that another text was applied",
            "INSERT INTO schema_migrations VALUES (2, '0002_views', 'other', now64(3))",
        )
        .unwrap();
    let error = schema::apply(&line.clickhouse, 1).unwrap_err();
    assert!(
        matches!(
            error,
            SinkError::EditedMigration {
                name: "0002_views",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_newer_database_keeps_working() {
    let line = Line::start("newer");
    line.clickhouse
        .execute(
            "pretend that a newer program was here",
            "INSERT INTO schema_migrations VALUES (9999, '9999_future', 'x', now64(3))",
        )
        .unwrap();
    assert!(schema::apply(&line.clickhouse, 1).unwrap().is_empty());
}

#[test]
fn every_table_view_and_column_has_a_comment() {
    let line = Line::start("comments");
    line.check(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''",
        &[],
    );
    // What hands rows on to a table has that table's columns.
    line.check(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''
         AND table NOT IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView')",
        &[],
    );
    line.check(
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND engine = 'View'",
        &[&VIEWS.len().to_string()],
    );
}

#[test]
fn views_have_the_columns_of_the_contract() {
    let line = Line::start("columns");
    let columns = |view: &str| {
        line.clickhouse
            .scalar::<String>(
                "read the columns",
                &format!(
                    "SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns \
                     WHERE database = currentDatabase() AND table = '{view}' ORDER BY position)"
                ),
            )
            .unwrap()
    };
    for (view, expected) in [
        (
            "channel_hourly",
            "tenant, model, basis, hour, channel, source, medium, campaign, conversions_ppm, gross, revenue, profit",
        ),
        (
            "traffic_hourly",
            "tenant, hour, channel, source, medium, campaign, visits, calls, missed_calls, leads, email_clicks, other_touches, spend, impressions, clicks",
        ),
        (
            "channel_roi",
            "tenant, model, basis, day, channel, conversions, gross, revenue, profit, spend, visits, calls, leads, cac, cpl, roas, roi",
        ),
        (
            "deals",
            "tenant, deal_id, client_id, status, stage, pipeline, manager_id, created_at, won_at, gross, refunds, revenue, cost, profit, created_touch_id, created_channel, created_source, created_medium, created_campaign",
        ),
        (
            "deal_events",
            "tenant, deal_id, client_id, position, event_id, event, occurred_at, stage, pipeline, manager_id, origin_topic, origin_partition, origin_offset",
        ),
        ("identities", "tenant, identifier, kind, client_id"),
    ] {
        assert_eq!(columns(view), expected, "{view}");
    }
    for (view, first) in [
        (
            "touchpoints",
            "tenant, touch_id, client_id, kind, occurred_at, channel, source, medium, campaign, content, term",
        ),
        (
            "dead_letters",
            "topic, partition, offset, reason, field, message, key, value, headers, rejected_at, replay_of, replayed_at",
        ),
    ] {
        assert!(columns(view).starts_with(first), "{view}");
    }
    let credits = columns("credits");
    for name in "tenant, deal_id, model, touch_id, touch_at, won_at, channel, source, medium, campaign, content, term, kind, credit_ppm, gross, revenue, profit".split(", ") {
        assert!(credits.split(", ").any(|column| column == name), "{name}");
    }
    line.check(
        "SELECT DISTINCT type FROM system.columns WHERE database = currentDatabase() \
         AND table IN ('channel_hourly', 'traffic_hourly', 'channel_roi', 'deals', 'credits', 'clients', 'costs') \
         AND name IN ('gross', 'revenue', 'profit', 'spend', 'refunds', 'cost')",
        &["Decimal(18, 4)"],
    );
}
