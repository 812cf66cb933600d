//! `dbt/` by dbt itself: its tests pass on what a line wrote, each of them fails on
//! what is wrong, and a project takes the package in as its README says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use throughline_sink::schema::dictionary::views;
use throughline_tests::live::services::root;
use throughline_tests::reference::Settings;

use crate::installation::Installation;

/// The command `dbt`, as `make test-dbt` says.
const PROGRAM: &str = "THROUGHLINE_TEST_DBT";

/// Views with something wrong, and the tests that must find it: the view, what it
/// shows instead of `whole.<view>`, and their names.
const FAULTS: [(&str, &str, &[&str]); 8] = [
    // A deal is lost from one model.
    (
        "credits",
        "SELECT * FROM whole.credits WHERE (deal_id, model) != (SELECT min((deal_id, model)) FROM whole.credits)",
        &[
            "channels_have_the_credit_of_their_touches",
            "every_deal_is_shared_out",
        ],
    ),
    (
        "credits",
        "SELECT * REPLACE (if(touch_id = '', '', touch_id || '0') AS touch_id) FROM whole.credits",
        &["every_credited_touch_exists"],
    ),
    (
        "deals",
        "SELECT * FROM whole.deals WHERE deal_id NOT IN (SELECT min(deal_id) FROM whole.deals WHERE won_at IS NOT NULL)",
        &["only_won_deals_have_credit"],
    ),
    // The least that money can differ by, in one row.
    (
        "deals",
        "SELECT * REPLACE (if(deal_id = (SELECT min(deal_id) FROM whole.deals WHERE won_at IS NOT NULL), \
             profit + toDecimal64('0.0001', 4), profit) AS profit) FROM whole.deals",
        &["every_deal_is_shared_out"],
    ),
    (
        "channel_roi",
        "SELECT * REPLACE (revenue + toDecimal64('0.0001', 4) AS revenue) FROM whole.channel_roi",
        &["channels_have_the_credit_of_their_touches"],
    ),
    (
        "costs",
        "SELECT * REPLACE (cost + toDecimal64('0.0001', 4) AS cost) FROM whole.costs",
        &["channels_have_the_cost_of_their_campaigns"],
    ),
    (
        "clients",
        "SELECT * FROM whole.clients WHERE won_deals = 0",
        &["every_row_has_a_client"],
    ),
    (
        "links",
        "SELECT * FROM whole.links UNION ALL (SELECT * FROM whole.links LIMIT 1)",
        &["every_row_stands_once"],
    ),
];

/// dbt with a profile for the ClickHouse of a line.
struct Dbt {
    program: PathBuf,
    /// Where it writes, and where its profile is.
    directory: PathBuf,
}

impl Dbt {
    fn new(line: &Installation) -> Self {
        let program = std::env::var_os(PROGRAM)
            .unwrap_or_else(|| panic!("{PROGRAM} is not set: `make test-dbt` sets it"));
        let directory = line.directory.join("dbt");
        std::fs::create_dir(&directory).unwrap();
        let (host, port) = line.clickhouse.split_once(':').unwrap();
        let port: u16 = port.parse().unwrap();
        let output = json!({
            "type": "clickhouse", "host": host, "port": port, "user": "default", "schema": "dbt_marts",
        });
        let profiles = json!({"throughline": {"target": "test", "outputs": {"test": output}}});
        // JSON is YAML.
        std::fs::write(directory.join("profiles.yml"), profiles.to_string()).unwrap();
        Self {
            program: program.into(),
            directory,
        }
    }

    /// Calls it in a project; gives whether it succeeded, and what it said.
    fn call(&self, project: &Path, vars: &Value, arguments: &[&str]) -> (bool, String) {
        let at = |name: &str| self.directory.join(name);
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .args(["--profile", "throughline", "--no-use-colors"])
            .arg("--vars")
            .arg(vars.to_string())
            .arg("--project-dir")
            .arg(project)
            .arg("--profiles-dir")
            .arg(&self.directory)
            .env("DBT_TARGET_PATH", at("target"))
            .env("DBT_LOG_PATH", at("log"))
            .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            .current_dir(&self.directory);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said)
    }

    /// The same, and it succeeds.
    fn succeeds(&self, project: &Path, vars: &Value, arguments: &[&str]) {
        let (succeeded, said) = self.call(project, vars, arguments);
        assert!(succeeded, "dbt {arguments:?}:\n{said}");
    }

    /// The names of the tests that the last call ran, and of those that found something.
    fn results(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let results = std::fs::read(self.directory.join("target/run_results.json")).unwrap();
        let results: Value = serde_json::from_slice(&results).unwrap();
        let results = results["results"].as_array().unwrap().iter();
        let mut ran = BTreeSet::new();
        let mut failed = BTreeSet::new();
        for result in results {
            let id = result["unique_id"].as_str().unwrap();
            let name = id.rsplit('.').next().unwrap().to_owned();
            match result["status"].as_str().unwrap() {
                "pass" | "success" => {}
                "fail" => assert!(failed.insert(name.clone())),
                // A statement that cannot run has found nothing.
                other => panic!("{name}: {other}: {}", result["message"]),
            }
            ran.insert(name);
        }
        (ran, failed)
    }
}

/// The tests of the package.
fn tests() -> BTreeSet<String> {
    let files = std::fs::read_dir(root().join("dbt/tests")).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        })
        .collect()
}

/// A database whose views are those of another one, but for one view.
fn show(line: &Installation, whole: &str, database: &str, view: &str, sql: &str) {
    line.query(&format!("DROP DATABASE IF EXISTS {database} SYNC"));
    line.query(&format!("CREATE DATABASE {database}"));
    for known in views() {
        let name = known.name;
        let shown = if name == view {
            sql.replace("whole.", &format!("{whole}."))
        } else {
            format!("SELECT * FROM {whole}.{name}")
        };
        line.query(&format!("CREATE VIEW {database}.{name} AS {shown}"));
    }
}

/// The first code of the README's section in a language.
fn example<'a>(readme: &'a str, begins: &str) -> &'a str {
    let (_, code) = readme.split_once(begins).unwrap();
    code.split_once("\n```").unwrap().0
}

#[test]
#[ignore = "`make test-dbt` runs it"]
fn what_the_line_writes_passes_and_what_is_wrong_is_found() {
    let line = Installation::new("dbt", &Settings::default());
    let directory = line.directory.join("traffic");
    let path = directory.to_str().unwrap();
    line.call(&["generate", path, "--events", "40000"])
        .succeeds();
    line.produce(&directory);
    line.run_until_idle();
    let dbt = Dbt::new(&line);
    let package = root().join("dbt");
    let whole = json!({"throughline_database": "dbt"});
    dbt.succeeds(&package, &whole, &["test"]);
    assert_eq!(dbt.results(), (tests(), BTreeSet::new()));
    for tenant in ["default", r"o'neil \ sons"] {
        let vars = json!({"throughline_database": "dbt", "throughline_tenant": tenant});
        dbt.succeeds(&package, &vars, &["test"]);
    }
    dbt.succeeds(&package, &whole, &["source", "freshness"]);
    let fresh = std::fs::read_to_string(dbt.directory.join("target/sources.json")).unwrap();
    let fresh: Value = serde_json::from_str(&fresh).unwrap();
    assert_eq!(fresh["results"][0]["status"], "pass", "{fresh}");
    let slow = json!({"throughline_database": "dbt", "throughline_error_minutes": 0});
    let (succeeded, said) = dbt.call(&package, &slow, &["source", "freshness"]);
    assert!(!succeeded, "{said}");

    let broken = json!({"throughline_database": "dbt_broken"});
    let mut found = BTreeSet::new();
    for (view, sql, finders) in FAULTS {
        show(&line, "dbt", "dbt_broken", view, sql);
        let (succeeded, said) = dbt.call(&package, &broken, &["test"]);
        assert!(!succeeded, "{view}: {sql}\n{said}");
        let finders: BTreeSet<_> = finders.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(dbt.results(), (tests(), finders.clone()), "{view}: {sql}");
        found.extend(finders);
    }
    assert_eq!(found, tests(), "each test finds some fault");

    // As the README says it.
    let readme = std::fs::read_to_string(package.join("README.md")).unwrap();
    let project = line.directory.join("shop");
    std::fs::create_dir_all(project.join("models")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(project.join(name), text).unwrap();
    let taken = json!({"packages": [{"local": package}]});
    write("packages.yml", &taken.to_string());
    let vars = example(&readme, "# dbt_project.yml: what differs\n");
    write(
        "dbt_project.yml",
        &format!("name: shop\nversion: 0.1.0\n{vars}\n"),
    );
    let model = example(&readme, "-- models/revenue_by_week.sql\n");
    write(
        "models/revenue_by_week.sql",
        &model.replace("'acme'", "'default'"),
    );
    dbt.succeeds(&project, &whole, &["deps"]);
    dbt.succeeds(&project, &whole, &["build"]);
    let made = line.query("SELECT count() > 0, sum(revenue) FROM dbt_marts.revenue_by_week");
    let known = line.query(
        "SELECT true, sum(revenue) FROM channel_roi WHERE tenant = 'default' AND model = 'linear' AND basis = 'conversion'",
    );
    assert_eq!(made, known.replace("true", "1"));
    let (ran, failed) = dbt.results();
    assert!(ran.is_superset(&tests()), "{ran:?}");
    assert!(failed.is_empty(), "{failed:?}");
}
