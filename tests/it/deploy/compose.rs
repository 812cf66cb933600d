//! `compose.yaml` and what it mounts.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::process::program;

use super::{assert_accepted, at, read, yaml};

/// The services that are this program.
const ROLES: [&str; 4] = ["dashboard", "ingest", "processor", "sink"];

fn compose() -> Value {
    yaml::parse(&read("compose.yaml"))
}

fn services(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"].as_object().unwrap().iter()
}

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().into_iter().flatten();
    list.map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn commands_and_health_checks_of_the_roles_are_understood() {
    let compose = compose();
    let is_role = |service: &Value| {
        service["image"]
            .as_str()
            .unwrap()
            .starts_with("throughline:")
    };
    let roles: Vec<_> = services(&compose)
        .filter(|(_, service)| is_role(service))
        .collect();
    let names: Vec<_> = roles.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ROLES);
    for (name, service) in roles {
        assert_eq!(texts(&service["command"]), [name.as_str()]);
        assert_accepted(&texts(&service["command"]));
        let health = texts(&service["healthcheck"]["test"]);
        assert_eq!(health[..2], ["CMD", "throughline"]);
        assert_accepted(&health[2..]);
    }
}

#[test]
fn services_have_versions_a_health_check_no_rights_and_no_open_ports() {
    let compose = compose();
    for (name, service) in services(&compose) {
        let (_, tag) = service["image"].as_str().unwrap().split_once(':').unwrap();
        assert!(
            tag.trim_start_matches('v')
                .starts_with(|c: char| c.is_ascii_digit()),
            "{name}: {tag}"
        );
        assert!(!texts(&service["healthcheck"]["test"]).is_empty(), "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(
            texts(&service["security_opt"]),
            ["no-new-privileges:true"],
            "{name}"
        );
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} publishes {port}");
        }
        if ROLES.contains(&name.as_str()) {
            assert_eq!(service["read_only"], true, "{name}");
            assert_eq!(service["tmpfs"], "/tmp", "{name}");
        }
    }
}

#[test]
fn what_services_wait_for_and_mount_is_there() {
    let compose = compose();
    for (name, service) in services(&compose) {
        for (needed, how) in service["depends_on"].as_object().into_iter().flatten() {
            assert!(
                compose["services"][needed].is_object(),
                "{name} waits for {needed}"
            );
            assert_eq!(how["condition"], "service_healthy");
        }
        for mount in texts(&service["volumes"]) {
            let from = mount.split(':').next().unwrap();
            if from.starts_with("./") {
                assert!(
                    at(from).is_file(),
                    "{name} mounts {from}: there is no such file"
                );
                assert!(mount.ends_with(":ro"), "{name} may write to {from}");
            } else {
                assert!(
                    compose["volumes"].get(from).is_some(),
                    "{name}: no volume {from}"
                );
            }
        }
    }
}

#[test]
fn prometheus_asks_every_role_where_it_serves_and_knows_the_mounted_rules() {
    let compose = compose();
    let prometheus = yaml::parse(&read("deploy/prometheus.yaml"));
    let mut targets = texts(&prometheus["scrape_configs"][0]["static_configs"][0]["targets"]);
    targets.sort_unstable();
    let served = ROLES.map(|role| {
        let listen = &compose["services"][role]["environment"]["THROUGHLINE_TELEMETRY__LISTEN"];
        let (_, port) = listen.as_str().unwrap().rsplit_once(':').unwrap();
        format!("{role}:{port}")
    });
    assert_eq!(targets, served);
    let mounts = texts(&compose["services"]["prometheus"]["volumes"]);
    for rules in texts(&prometheus["rule_files"]) {
        assert!(
            mounts.iter().any(|mount| mount.contains(rules)),
            "{rules} is not mounted"
        );
    }
    let configured = mounts
        .iter()
        .find(|mount| mount.starts_with("./deploy/prometheus.yaml:"));
    let inside = configured.unwrap().split(':').nth(1).unwrap();
    let flag = format!("--config.file={inside}");
    assert!(texts(&compose["services"]["prometheus"]["command"]).contains(&flag.as_str()));
}

/// The variables of the example, by name, with their values.
fn example() -> BTreeMap<String, String> {
    let text = read("deploy/example.env");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What `config check` says of a role's environment.
fn check(role: &str, secrets: &BTreeMap<String, String>) -> (bool, String) {
    let mut command = Command::new(program());
    command.env_clear().env("THROUGHLINE_MODE", "production");
    let compose = compose();
    let settings = compose["services"][role]["environment"].as_object();
    for (name, value) in settings.unwrap() {
        command.env(name, value.as_str().unwrap());
    }
    let output = command.envs(secrets).args(["config", "check"]).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

#[test]
fn every_variable_is_a_setting_and_what_is_left_empty_is_asked_for() {
    let users = r#"{olga: {password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$UHbKFXVvG9jxFxAoLm8B8g7QMOS5RDtUR8Sy7UbjCk4", role: admin}}"#;
    let mut filled = example();
    for (name, value) in &mut filled {
        assert_eq!(value, "", "{name}: a secret that everybody knows");
        *value = match name.as_str() {
            "THROUGHLINE_IDENTITY__KEY" => "6f1c93a7d2e8405b".repeat(3) + "0d4be95a17c3f826",
            "THROUGHLINE_DASHBOARD__USERS" => users.to_owned(),
            _ => "fedcba9876543210".repeat(3),
        };
    }
    for role in ROLES {
        let (is_sound, said) = check(role, &filled);
        assert!(is_sound, "{role}: {said}");
        let (is_sound, said) = check(role, &example());
        assert!(!is_sound && said.contains("identity.key"), "{role}: {said}");
    }
    filled.insert("THROUGHLINE_KAFKA__NOPE".to_owned(), "1".to_owned());
    let (is_sound, said) = check("ingest", &filled);
    assert!(
        !is_sound && said.contains("THROUGHLINE_KAFKA__NOPE"),
        "{said}"
    );
}
