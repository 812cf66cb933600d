//! A condition on the leading columns reaches the primary key through a view.

use crate::line::Line;

/// How many granules a query reads of a table, and how many there are.
fn granules(line: &Line, sql: &str, table: &str) -> (u32, u32) {
    let plan: Vec<String> = line
        .clickhouse
        .rows("explain", &format!("EXPLAIN indexes = 1 {sql}"))
        .unwrap();
    let mut after = plan
        .iter()
        .skip_while(|text| !text.contains("ReadFromMergeTree") || !text.contains(table))
        .filter_map(|text| text.split("Granules: ").nth(1)?.trim().split_once('/'))
        .map(|(read, all)| (read.parse().unwrap(), all.parse().unwrap()));
    after
        .next()
        .unwrap_or_else(|| panic!("no granules of {table} in\n{}", plan.join("\n")))
}

#[track_caller]
fn check(line: &Line, sql: &str, table: &str) {
    let (read, all) = granules(line, sql, table);
    assert!(
        all > 30 && read * 8 < all,
        "{sql} reads {read} of {all} granules"
    );
}

#[test]
fn tenant_and_hour_prune_the_cells() {
    let line = Line::start("pruning");
    for sql in [
        "INSERT INTO traffic_cells (generation, tenant, hour, channel, day, visits, version) \
         SELECT 1, concat('t', toString(number % 4)), toDateTime(3600 * intDiv(number, 4), 'UTC'), 'Direct', \
         toDate(intDiv(number, 96)), 1, 1 FROM numbers(400000)",
        "INSERT INTO credit_cells (generation, tenant, basis, hour, channel, day, models, conversions_ppm, gross, revenue, profit, version) \
         SELECT 1, concat('t', toString(number % 4)), 'touch', toDateTime(3600 * intDiv(number, 4), 'UTC'), 'Direct', \
         toDate(intDiv(number, 96)), ['linear'], [1], [1], [1], [1], 1 FROM numbers(400000)",
        "INSERT INTO tenant_versions (generation, tenant, models, version) VALUES (1, 't1', ['linear'], 1)",
        "INSERT INTO touchpoint_versions (generation, tenant, touch_id, version) \
         SELECT 1, concat('t', toString(number % 4)), toString(sipHash64(number)), 1 FROM numbers(400000)",
    ] {
        line.clickhouse.execute("fill", sql).unwrap();
    }
    let hours = "tenant = 't1' AND hour >= '1973-01-01 00:00:00' AND hour < '1973-02-01 00:00:00'";
    check(
        &line,
        &format!("SELECT * FROM traffic_hourly WHERE {hours}"),
        "traffic_cells",
    );
    check(
        &line,
        &format!(
            "SELECT sum(revenue) FROM channel_hourly WHERE basis = 'touch' AND model = 'linear' AND {hours}"
        ),
        "credit_cells",
    );
    check(
        &line,
        "SELECT * FROM touchpoints WHERE tenant = 't1' AND touch_id = '77'",
        "touchpoint_versions",
    );
    // By the day only the tenant is in the primary key; an index of days does the rest.
    let days = "SELECT count() FROM channel_roi WHERE tenant = 't1' AND day = '1973-01-01'";
    for table in ["traffic_cells", "credit_cells"] {
        let (read, all) = granules(&line, days, table);
        assert!(
            read * 3 < all,
            "{days} reads {read} of {all} granules of {table}"
        );
    }
    line.check(days, &["2"]);
}
