//! What probes are told of a dashboard while ClickHouse is away, and by
//! `throughline health`.

use throughline_tests::reference::Settings;

use crate::faults::gate::{Gate, GateKeeper};
use crate::http::{free_address, get};
use crate::installation::Installation;
use crate::process::until;
use crate::services;

#[test]
fn a_dashboard_without_clickhouse_lives_and_is_not_ready() {
    let mut line = Installation::new("probed", &Settings::default());
    line.call(&["schema", "apply"]).succeeds();
    let gate = GateKeeper::before(&services::shared().clickhouse);
    gate.set(Gate::Shut);
    line.config["clickhouse"]["url"] = format!("http://{}", gate.address).into();
    line.config["dashboard"]["listen"] = free_address().into();
    let (mut dashboard, address) = line.start_watched("dashboard", &["dashboard"]);

    // The program itself asks where the settings say that telemetry is served.
    let ask = |arguments: &[&str]| {
        let mut command = line.command(arguments);
        command.env("THROUGHLINE_TELEMETRY__LISTEN", &address);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let becomes = |status: u16, words: &str| {
        until(&format!("/readyz says {status}, {words}"), || {
            get(&address, "/readyz")
                .is_ok_and(|(told, report)| told == status && report.contains(words))
        });
        let (code, said) = ask(&["health"]);
        assert_eq!(code, Some(i32::from(status != 200)), "{said}");
        assert!(said.contains(words), "{said}");
        let (code, said) = ask(&["health", "--live"]);
        assert_eq!(code, Some(0), "{said}");
    };
    becomes(503, "dashboard: waiting: ClickHouse at http://");
    gate.set(Gate::Open);
    becomes(200, "dashboard: ready");
    gate.set(Gate::Shut);
    becomes(503, "dashboard: waiting: ClickHouse at http://");
    dashboard.stop();

    let (code, said) = ask(&["health", "--live"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("does not answer /healthz; does the process run?"),
        "{said}"
    );
    let called = line.call(&["health"]);
    assert!(
        called.err.contains("telemetry.listen is empty"),
        "{}",
        called.err
    );
}
