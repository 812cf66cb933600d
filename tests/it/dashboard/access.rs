//! Who is let in, and that nobody sees another tenant's rows, by whatever tricks.

use serde_json::json;
use throughline_stream::metric_names;

use super::served::{Served, encoded};
use crate::http;
use crate::installation::Installation;
use crate::traffic;

/// Every address with figures.
const ADDRESSES: [&str; 14] = [
    "/",
    "/channels",
    "/models",
    "/journeys",
    "/calls",
    "/funnel",
    "/managers",
    "/live",
    "/deal",
    "/events",
    "/api/v1/channels",
    "/api/v1/deals.csv",
    "/api/v1/dead_letters",
    "/channels?format=csv",
];

/// A line with two users and a token, and its dashboard.
fn guarded(name: &str) -> (Installation, Served, String) {
    let traffic = traffic::small();
    let mut line = Installation::new(name, &traffic.plan.settings());
    traffic.send(&line);
    line.run_until_idle();
    let mut hash = line.command(&["dashboard", "password"]);
    hash.stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut child = hash.spawn().unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"correct horse\n").unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let hash = said
        .trim()
        .strip_prefix("password_hash: \"")
        .unwrap()
        .trim_end_matches('"')
        .to_owned();
    let made = line.call(&["dashboard", "token"]).out;
    let after = |prefix: &str| {
        let found = made.lines().find_map(|line| line.strip_prefix(prefix));
        found.unwrap().trim().to_owned()
    };
    let (token, sha256) = (after("token (shown only here):"), after("sha256:"));
    line.config["dashboard"] = json!({
        "secret": "a secret of the tests, long enough to be one",
        "users": {
            "ann": {"password_hash": hash, "role": "marketer", "tenant": "moscow"},
            "olga": {"password_hash": hash, "role": "admin"},
        },
        "tokens": {"reports": {"sha256": sha256, "role": "marketer", "tenant": "moscow"}},
        "requests_per_minute": 1_000_000,
        "logins_per_minute": 1_000,
    });
    let served = Served::start(&line, "dashboard");
    (line, served, token)
}

/// Signs in, and gives the cookie of the session.
fn sign_in(served: &Served, name: &str, password: &str) -> Option<String> {
    let form = served.get("/login", &[]);
    let cookie = form.cookie("throughline_form").unwrap();
    let token = between(&form.body, "name=\"token\" value=\"", "\"");
    let body = format!(
        "name={name}&password={}&token={token}&next=%2F",
        password.replace(' ', "+")
    );
    let answer = served.post("/login", &[("Cookie", &cookie)], &body);
    answer.cookie("throughline")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before)
        .unwrap()
        .1
        .split_once(after)
        .unwrap()
        .0
}

#[test]
fn nobody_sees_anything_without_saying_who_it_is() {
    let (_line, served, token) = guarded("dashboard_guarded");
    let sha256 = {
        let made = served.get("/api/v1/channels", &[]);
        assert_eq!(made.status, 401);
        made.body
    };
    assert!(sha256.contains("Bearer"));
    let bearer = format!("Bearer {token}x");
    let tricks: [&[(&str, &str)]; 7] = [
        &[],
        &[("Authorization", &bearer)],
        &[("Authorization", "Basic b2xnYTpjb3JyZWN0IGhvcnNl")],
        &[("Cookie", "throughline=6f6c6761.9999999999.00.00")],
        &[("X-Forwarded-User", "olga")],
        &[("X-Forwarded-For", "127.0.0.1"), ("Host", "localhost")],
        &[("Cookie", "throughline="), ("X-Original-URL", "/healthz")],
    ];
    for headers in tricks {
        for address in ADDRESSES {
            let answer = served.get(address, headers);
            let is_form = answer.body.contains("action=\"/login\"");
            assert!(
                answer.status == 401 || (answer.status == 200 && is_form),
                "{address} {headers:?}: {}",
                answer.status
            );
            assert!(!answer.body.contains("<data "), "{address} {headers:?}");
        }
    }
    // Addresses that other programs would take for another.
    for address in [
        "//channels",
        "/./channels",
        "/assets/../channels",
        "/assets/x/..%2f..%2fCargo.toml",
        "/%63hannels",
    ] {
        let answer = served.get(address, &[]);
        assert!(!answer.body.contains("<data "), "{address}");
    }
    assert_eq!(sign_in(&served, "ann", "wrong"), None);
    assert_eq!(sign_in(&served, "eve", "correct horse"), None);
    // A form that another site sends: without the cookie, or from its own origin.
    let form = served.get("/login", &[]);
    let (cookie, token) = (
        form.cookie("throughline_form").unwrap(),
        between(&form.body, "name=\"token\" value=\"", "\""),
    );
    let body = format!("name=ann&password=correct+horse&token={token}");
    assert_eq!(
        served.post("/login", &[], &body).cookie("throughline"),
        None
    );
    let foreign = [
        ("Cookie", cookie.as_str()),
        ("Origin", "http://evil.example"),
    ];
    assert_eq!(
        served.post("/login", &foreign, &body).cookie("throughline"),
        None
    );
    let next = format!("{body}&next=%2F%2Fevil.example");
    let answer = served.post("/login", &[("Cookie", &cookie)], &next);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
}

#[test]
fn a_user_sees_the_own_tenant_and_no_row_of_another() {
    let (line, served, token) = guarded("dashboard_fenced");
    let cookie = sign_in(&served, "ann", "correct horse").unwrap();
    let bearer = format!("Bearer {token}");
    served.knows("moscow", &[("Cookie", &cookie)]);
    let of_others = line.query(
        "SELECT deal_id FROM deals WHERE tenant = 'kolkata' AND won_at IS NOT NULL
        AND deal_id NOT IN (SELECT deal_id FROM deals WHERE tenant = 'moscow') LIMIT 1",
    );
    let own = line
        .query("SELECT deal_id FROM deals WHERE tenant = 'moscow' AND won_at IS NOT NULL LIMIT 1");
    let period = "period=2020-01-01..2029-12-31";
    for headers in [
        [("Cookie", cookie.as_str())],
        [("Authorization", bearer.as_str())],
    ] {
        for address in ADDRESSES {
            let gap = if address.contains('?') { '&' } else { '?' };
            let answer = served.get(&format!("{address}{gap}tenant=kolkata"), &headers);
            assert_eq!(answer.status, 403, "{address}");
        }
        assert_eq!(served.get("/api/v1/dead_letters", &headers).status, 403);
        // A deal of another tenant is no deal, by whatever name.
        for id in [
            of_others.as_str(),
            &format!("{own}' OR '1'='1"),
            "' UNION ALL SELECT 1 -- ",
            "\\",
        ] {
            let id = encoded(id);
            let answer = served.get(&format!("/api/v1/deal?{period}&deal={id}"), &headers);
            let document: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(
                (answer.status, document["rows"].as_array().unwrap().len()),
                (200, 0),
                "{id}"
            );
        }
        let answer = served.get(&format!("/api/v1/deal?{period}&deal={own}"), &headers);
        assert!(answer.body.contains(&own), "{}", answer.body);
    }
    // What is asked as one tenant is that tenant's, to the last figure.
    let answer = served.get(
        &format!("/api/v1/channels?{period}"),
        &[("Cookie", &cookie)],
    );
    let document: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let visits = line.query("SELECT sum(visits) FROM traffic_hourly WHERE tenant = 'moscow'");
    assert_eq!(document["total"]["visits"].to_string(), visits);
    // What it did is measured. No question has failed.
    let signed_in = [("Cookie", cookie.as_str())];
    let mut events = served.events("/events", &signed_in);
    assert_eq!(events.next().as_deref(), Some("stamp"));
    let metrics = http::get(&served.telemetry, "/metrics").unwrap().1;
    for (name, ..) in metric_names::ALL {
        let is_ours = name.starts_with("throughline_dashboard_");
        if is_ours && *name != metric_names::DASHBOARD_QUERY_ERRORS_TOTAL {
            assert!(
                !http::metric(&metrics, name).is_empty()
                    || metrics.contains(&format!("{name}_count")),
                "{name}"
            );
        }
    }
    drop(events);
    // Signing out ends the session for good.
    let page = served.get("/", &[("Cookie", &cookie)]).body;
    let csrf = between(
        between(&page, "action=\"/logout\"", "</form>"),
        "value=\"",
        "\"",
    )
    .to_owned();
    let refused = served.post("/logout", &[("Cookie", &cookie)], "token=0");
    assert_eq!(refused.status, 403);
    let out = served.post("/logout", &[("Cookie", &cookie)], &format!("token={csrf}"));
    assert_eq!(out.status, 303);
    assert!(
        !served
            .get("/", &[("Cookie", &cookie)])
            .body
            .contains("<data ")
    );
}

/// ClickHouse itself keeps other tenants' rows out of a question that does not
/// say whose they are, in every view.
#[test]
fn clickhouse_fences_every_view() {
    let traffic = traffic::small();
    let line = Installation::new("dashboard_fence", &traffic.plan.settings());
    traffic.send(&line);
    line.run_until_idle();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let views = line.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name",
    );
    let tables = line.query(
        "SELECT DISTINCT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant'
        AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT IN ('View', 'MaterializedView')) ORDER BY table",
    );
    let fenced = throughline_dashboard::reader::FENCED_TABLES.join("\n");
    assert_eq!(tables, fenced, "a table of tenants without a fence");
    let connection = line.connection();
    for tenant in ["moscow", "nobody", "o'neil\\"] {
        for view in views.lines() {
            let seen = runtime.block_on(fenced_count(&connection, view, tenant));
            let name = tenant.replace('\\', "\\\\").replace('\'', "\\'");
            let expected = if view == "dead_letters" {
                "0".to_owned()
            } else {
                line.query(&format!(
                    "SELECT count() FROM {view} WHERE tenant = '{name}'"
                ))
            };
            assert_eq!(seen.to_string(), expected, "{view} for {tenant}");
        }
    }
}

/// How many rows of a view a question sees within a tenant's fence.
pub async fn fenced_count(
    connection: &throughline_sink::Connection,
    view: &str,
    tenant: &str,
) -> u64 {
    use throughline_dashboard::reader::{Fence, Params, Question, Reader};
    let reader = Reader::new(connection, 1, std::time::Duration::from_mins(1)).unwrap();
    // Questions are written once and stay; so does this one.
    let sql: &'static str = format!("SELECT count() FROM {view}").leak();
    let question = Question { name: "count", sql };
    let fence = Fence::Tenant(tenant.to_owned());
    let rows: Vec<u64> = reader
        .rows(question, &fence, &Params::default())
        .await
        .unwrap();
    rows[0]
}

#[test]
fn what_users_say_never_becomes_sql_or_html() {
    let traffic = traffic::small();
    let mut line = Installation::new("dashboard_injected", &traffic.plan.settings());
    traffic.send(&line);
    line.run_until_idle();
    line.config["dashboard"] = json!({"requests_per_minute": 1_000_000});
    let served = Served::start(&line, "dashboard");
    served.knows("moscow", &[]);
    let before = line.query("SELECT count() FROM deals");
    let tricks = [
        "' OR 1=1 --",
        "'); DROP TABLE deal_versions; --",
        "{tenant:String}",
        "\\' UNION ALL SELECT * FROM deals --",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "%00",
        "\u{202e}",
    ];
    for trick in tricks {
        let value = encoded(trick);
        for name in [
            "tenant",
            "channel",
            "not_campaign",
            "model",
            "versus",
            "sort",
            "deal",
            "period",
            "by",
            "level",
            "x",
        ] {
            for path in [
                "/",
                "/channels",
                "/journeys",
                "/deal",
                "/api/v1/channels",
                "/api/v1/deal",
            ] {
                let answer = served.get(&format!("{path}?{name}={value}"), &[]);
                assert!(
                    [200, 400].contains(&answer.status),
                    "{path} {name} {trick}: {}",
                    answer.status
                );
                // Whatever is said comes back as a text, if at all.
                let is_html = answer
                    .header("content-type")
                    .unwrap()
                    .starts_with("text/html");
                let is_raw =
                    answer.body.contains("<script>alert") || answer.body.contains("<img src=x");
                assert!(!is_html || !is_raw, "{path} {name} {trick}");
            }
        }
    }
    assert_eq!(line.query("SELECT count() FROM deals"), before);
    // An open dashboard answers by this machine's names alone.
    let rebound = served.get("/", &[("Host", "evil.example")]);
    assert_eq!(rebound.status, 421);
    let answer = served.get("/", &[]);
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for (_, path) in answer
        .body
        .match_indices("/assets/")
        .map(|(at, _)| (at, &answer.body[at..]))
    {
        let path = path.split('"').next().unwrap();
        assert_eq!(served.get(path, &[]).status, 200, "{path}");
    }
}

#[test]
fn a_dashboard_that_others_reach_does_not_start_unguarded() {
    let traffic = traffic::small();
    let mut line = Installation::new("dashboard_unguarded", &traffic.plan.settings());
    for (config, said) in [
        (json!({}), "everybody would see everything"),
        (
            json!({"tokens": {"x": {"sha256": "0".repeat(64), "role": "admin"}}}),
            "dashboard.secret is the placeholder",
        ),
    ] {
        line.config["dashboard"] = config;
        let mut command = line.command(&["dashboard"]);
        command.env("THROUGHLINE_DASHBOARD__LISTEN", "0.0.0.0:0");
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn too_many_requests_and_open_pages_are_refused() {
    let traffic = traffic::small();
    let mut line = Installation::new("dashboard_limited", &traffic.plan.settings());
    traffic.send(&line);
    line.run_until_idle();
    line.config["dashboard"] = json!({"requests_per_minute": 40, "max_listeners": 1});
    let served = Served::start(&line, "dashboard");
    let mut events = served.events("/events", &[]);
    assert_eq!(events.next().as_deref(), Some("stamp"));
    assert_eq!(served.get("/events", &[]).status, 503);
    drop(events);
    let statuses: Vec<u16> = (0..60)
        .map(|_| served.get("/api/v1/tenants", &[]).status)
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    let page = http::get(&served.address, "/healthz").unwrap();
    assert_eq!(page.0, 200);
}
