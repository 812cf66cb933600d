//! Rows of an erased person leave ClickHouse: before the program has ended when
//! it is idle, and while it runs.

use crate::installation::Installation;
use crate::process::until;
use crate::traffic;

/// The tables with rows of persons, and the columns that name one.
const NAMED: [(&str, &[&str]); 6] = [
    ("touchpoint_versions", &["client"]),
    ("call_versions", &["client"]),
    ("deal_versions", &["client"]),
    ("credit_versions", &["client"]),
    ("identity_versions", &["client", "identifier"]),
    ("link_versions", &["identifier", "other"]),
];

/// How many rows name one of the identifiers in the table `anns`, each time they do.
fn left(line: &Installation) -> u64 {
    let counts = NAMED.iter().flat_map(|(table, names)| {
        names.iter().map(move |name| {
            format!(
                "(SELECT count() FROM {table} WHERE (tenant, {name}) IN (SELECT tenant, identifier FROM anns))"
            )
        })
    });
    let sum = counts.collect::<Vec<_>>().join(" + ");
    line.query(&format!("SELECT {sum}")).parse().unwrap()
}

#[test]
fn rows_of_an_erased_person_leave_clickhouse() {
    let traffic = traffic::small();
    let mut line = Installation::new("erased_rows", &traffic.plan.settings());
    line.config["sink"] = serde_json::json!({"erasure_sweep_ms": 200, "erasure_delay_ms": 0});
    traffic.send(&line);
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    // Of those who have bought the one with the most identifiers.
    line.query(
        "CREATE TABLE anns ENGINE = MergeTree ORDER BY tuple() AS \
         SELECT tenant, identifier FROM identity_versions FINAL WHERE (tenant, client) IN \
         (SELECT tenant, client FROM identity_versions FINAL \
         WHERE (tenant, client) IN (SELECT tenant, client FROM credit_versions FINAL) \
         GROUP BY tenant, client ORDER BY count() DESC, tenant, client LIMIT 1)",
    );
    line.query("CREATE TABLE late AS touchpoint_versions");
    line.query(
        "INSERT INTO late SELECT * FROM touchpoint_versions \
         WHERE (tenant, client) IN (SELECT tenant, identifier FROM anns)",
    );
    let others = |line: &Installation| {
        let rows = NAMED[..4].iter().map(|(table, _)| {
            format!(
                "SELECT '{table}', count(), sum(cityHash64(*)) FROM {table} FINAL \
                 WHERE (tenant, client) NOT IN (SELECT tenant, identifier FROM anns)"
            )
        });
        line.query(&rows.collect::<Vec<_>>().join(" UNION ALL "))
    };
    let lines = |text: String| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = lines(others(&line));
    assert!(left(&line) > 0);
    line.query(
        "INSERT INTO erased_identifiers (tenant, pseudonym, version) \
         SELECT tenant, concat(substring(SHA256(identifier), 1, 15), substring(identifier, 16, 1)), 1 FROM anns",
    );
    line.start("until_idle", &["sink", "--until-idle"])
        .succeeds();
    assert_eq!(left(&line), 0);
    assert_eq!(lines(others(&line)), before);

    let mut sink = line.start("sink", &["sink"]);
    line.query("INSERT INTO touchpoint_versions SELECT * FROM late");
    until("what came late is gone", || left(&line) == 0);
    sink.stop();
    assert_eq!(lines(others(&line)), before);
}
