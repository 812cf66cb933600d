//! An analyst reads the rows of one tenant, whatever is asked and however.

use std::collections::BTreeSet;

use super::users::{
    ROLES, USERS, VIEWS, allowed, ask, become_user, between, refused, set, start, statements,
};
use crate::installation::Installation;
use crate::traffic;

/// What is kept from analysts: rejected records hold what producers sent.
const CLOSED: [&str; 1] = ["dead_letters"];

#[test]
fn an_analyst_of_one_tenant_reads_no_row_of_another() {
    let traffic = traffic::small();
    let tenants = &traffic.plan.tenants;
    let users: Vec<_> = tenants
        .iter()
        .map(|tenant| format!("{tenant}__bi"))
        .filter(|user| user != "acme__ann")
        .chain(["stranger".to_owned(), "acme__busy".to_owned()])
        .collect();
    let names: Vec<_> = users.iter().map(String::as_str).collect();
    let clickhouse = start("analysts", &names);
    let address = &clickhouse.address;
    let mut line = Installation::new("throughline_a", &traffic.plan.settings());
    line.clickhouse.clone_from(address);
    line.config["clickhouse"]["url"] = format!("http://{address}").into();
    line.config["clickhouse"]["database"] = "throughline".into();
    become_user(&mut line, "sink");
    traffic.send(&line);
    line.run_until_idle();
    let admin = |sql: &str| {
        let (status, body) = crate::http::post(address, "/", sql).unwrap();
        assert_eq!(status, 200, "{sql}\n{body}");
        body.trim_end().to_owned()
    };
    for statement in statements(VIEWS) {
        admin(&statement);
    }
    assert_complete(&admin);

    let views = admin("SELECT name FROM system.tables WHERE database = 'throughline_bi'");
    for tenant in tenants {
        let user = format!("{tenant}__bi");
        let mut rows = 0;
        for view in views.lines() {
            let counted = "SELECT count() FROM throughline";
            let own = admin(&format!("{counted}.{view} WHERE tenant = '{tenant}'"));
            let seen = allowed(address, &user, &format!("{counted}_bi.{view}"));
            // What is about the last hour may have changed in between.
            if view != "latest_touches" {
                assert_eq!(seen, own, "{view} as {user}");
            }
            let foreign = format!("{counted}_bi.{view} WHERE tenant != '{tenant}'");
            assert_eq!(allowed(address, &user, &foreign), "0", "{view} as {user}");
            rows += own.parse::<u64>().unwrap();
        }
        assert!(rows > 0, "{tenant} has nothing");
        assert_sealed(address, &user, tenant);
    }
    // A name that says no tenant shows none.
    for view in views.lines() {
        let sql = format!("SELECT count() FROM throughline_bi.{view}");
        assert_eq!(allowed(address, "stranger", &sql), "0", "{view}");
    }
    assert_limited(address);
}

/// Every table with a tenant has its policies, every view that analysts may have
/// is one of theirs: both by what the schema is now.
fn assert_complete(admin: &impl Fn(&str) -> String) {
    let with_tenant = admin(
        "SELECT DISTINCT c.table FROM system.columns AS c INNER JOIN system.tables AS t \
         ON t.database = c.database AND t.name = c.table \
         WHERE c.database = 'throughline' AND c.name = 'tenant' AND t.engine NOT LIKE '%View'",
    );
    let with_tenant = set(with_tenant.lines());
    for policy in ["throughline_tenant", "throughline_all"] {
        let head = format!("CREATE ROW POLICY OR REPLACE {policy} ON ");
        let all = statements(ROLES);
        let statement = all.iter().find_map(|one| one.strip_prefix(&head)).unwrap();
        let tables = statement.split_once(" FOR SELECT").unwrap().0.split(", ");
        let tables = set(tables.map(|table| table.strip_prefix("throughline.").unwrap()));
        assert_eq!(
            tables, with_tenant,
            "{policy} in deploy/clickhouse/roles.sql"
        );
    }
    for user in [
        "sink",
        "dashboard",
        "verify",
        "operator",
        "throughline_reader",
    ] {
        let file = between(USERS, &format!("<{user}>"), &format!("</{user}>"));
        let rows = between(file, "<throughline>", "</throughline>");
        let tables = rows
            .split("><filter>")
            .filter_map(|text| text.rsplit_once('<'));
        let tables: BTreeSet<_> = set(tables.map(|(_, table)| table))
            .into_iter()
            .filter(|table| !table.starts_with('/'))
            .collect();
        assert_eq!(tables, with_tenant, "{user} in deploy/clickhouse/users.xml");
    }
    let columns = "SELECT table, name, type FROM system.columns WHERE database =";
    let closed = CLOSED.join("', '");
    let theirs = admin(&format!(
        "{columns} 'throughline_bi' ORDER BY table, position"
    ));
    let all = admin(&format!(
        "{columns} 'throughline' AND table NOT IN ('{closed}') AND table IN \
         (SELECT name FROM system.tables WHERE database = 'throughline' AND engine = 'View') \
         ORDER BY table, position"
    ));
    assert_eq!(theirs, all, "deploy/clickhouse/views.sql");
}

/// What else a reader might try.
fn assert_sealed(address: &str, user: &str, tenant: &str) {
    let denied = [
        "SELECT * FROM throughline.deals",
        "SELECT * FROM throughline.deal_versions",
        "SELECT count() FROM throughline.generations",
        "SELECT * FROM throughline.dead_letters",
        "SELECT * FROM throughline.dead_letter_versions",
        "SELECT * FROM throughline.arrivals_of_deals",
        "SELECT * FROM mergeTreeIndex('throughline', 'deal_versions')",
        "SELECT * FROM mergeTreeAnalyzeIndexes('throughline', 'deal_versions')",
        "SELECT * FROM loop('throughline', 'deal_versions') LIMIT 1",
        "SELECT * FROM remote('127.0.0.1', 'throughline', 'deals')",
        "SELECT * FROM remote('127.0.0.1', 'throughline', 'deals', 'default', '')",
        "SELECT * FROM url('http://127.0.0.1/', 'TSV', 'a String')",
        "SELECT * FROM file('x', 'TSV', 'a String')",
        "SELECT * FROM view(SELECT * FROM throughline.deals)",
        "SELECT * FROM throughline_bi.deals AS a INNER JOIN throughline.deals AS b USING (deal_id)",
        "SELECT (SELECT count() FROM throughline.deals)",
        "SELECT 1 WHERE 1 IN (SELECT 1 FROM throughline.deals)",
        "SELECT * FROM system.parts",
        "SELECT * FROM system.processes",
        "SELECT * FROM system.mutations",
        "SELECT * FROM system.users",
        "SELECT * FROM system.row_policies",
        "CREATE TEMPORARY TABLE x AS SELECT 1",
        "CREATE VIEW throughline_bi.x AS SELECT 1",
        "CREATE DICTIONARY throughline_bi.x (a UInt8) PRIMARY KEY a SOURCE(CLICKHOUSE(DB 'throughline' TABLE 'deals')) LAYOUT(FLAT()) LIFETIME(0)",
        "INSERT INTO throughline_bi.deals (tenant) VALUES ('x')",
        "DROP VIEW throughline_bi.deals",
        "ALTER ROW POLICY throughline_tenant ON throughline.deals USING 1",
        "GRANT SELECT ON throughline.* TO CURRENT_USER",
        "EXECUTE AS default SELECT 1",
        "SELECT 1 SETTINGS readonly = 0",
        "SET readonly = 0",
        "SELECT 1 SETTINGS max_memory_usage = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS max_rows_to_read = 0",
        "SELECT 1 SETTINGS max_result_rows = 2000000",
        "SELECT 1 SETTINGS result_overflow_mode = 'break'",
    ];
    for statement in denied {
        let (status, body) = ask(address, user, statement);
        let is_denied = [
            "ACCESS_DENIED",
            "READONLY",
            "SETTING_CONSTRAINT_VIOLATION",
            "SYNTAX_ERROR",
            "UNKNOWN_TABLE",
            "SUPPORT_IS_DISABLED",
        ];
        assert!(
            status != 200 && is_denied.iter().any(|code| body.contains(code)),
            "{user}: {statement}\n{body}"
        );
    }
    // Nothing that a condition does or fails by runs over rows of others.
    for statement in [
        format!("SELECT count() FROM throughline_bi.deals WHERE throwIf(tenant != '{tenant}') = 0"),
        format!("SELECT sum(throwIf(tenant != '{tenant}')) FROM throughline_bi.touchpoints"),
        format!(
            "SELECT count() FROM throughline_bi.deals SETTINGS additional_table_filters = \
             {{'throughline.deal_versions': 'throwIf(tenant != \\'{tenant}\\') = 0'}}"
        ),
        format!(
            "SELECT count() FROM throughline_bi.deals WHERE throwIf(tenant != '{tenant}') = 0 \
             SETTINGS apply_row_policy_after_final = 0, optimize_move_to_prewhere = 1, \
             optimize_move_to_prewhere_if_final = 1"
        ),
        format!("SELECT sum(throwIf(tenant != '{tenant}')) FROM merge('throughline_bi', 'deal')"),
    ] {
        let (status, body) = ask(address, user, &statement);
        // A filter of one's own may fail, as long as it does not by rows of others.
        let is_own = statement.contains("additional_table_filters");
        let is_thrown = body.contains("FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");
        assert!(
            !is_thrown && (status == 200 || is_own),
            "{statement}\n{body}"
        );
    }
    // Tables that are not the user's do not even show.
    let shown = "SELECT count() FROM system.tables WHERE database = 'throughline'";
    assert_eq!(allowed(address, user, shown), "0");
}

/// What all questions of one user may cost is limited, and each user for itself.
fn assert_limited(address: &str) {
    let limit: u32 = between(USERS, "<queries>", "</queries>").parse().unwrap();
    // What reads no table is not counted.
    let sql = "SELECT count() FROM throughline_bi.freshness";
    let answers = (0..=limit).map(|_| ask(address, "acme__busy", sql));
    let refusal = answers.into_iter().find(|(status, _)| *status != 200);
    let (_, body) = refusal.expect("a quota ends");
    assert!(body.contains("QUOTA_EXCEEDED"), "{body}");
    allowed(address, "acme__ann", sql);
    refused(address, "acme__ann", "SELECT 1 SETTINGS max_threads = 64");
}
