//! The line on a Kafka that asks who it is, and lets each role do what
//! `docs/kafka-access.md` says.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::keys::Keys;
use crate::http::free_address;
use crate::installation::Installation;
use crate::services::{self, OwnKafka};
use crate::traffic;

const ACCESS: &str = include_str!("../../../docs/kafka-access.md");
/// Who has a password there.
const USERS: [&str; 7] = [
    "admin",
    "producer",
    "ingest",
    "processor",
    "sink",
    "dashboard",
    "verify",
];

/// A Kafka that speaks TLS beside its open listener, on which everybody may do everything.
struct Secure {
    kafka: OwnKafka,
    keys: Keys,
    sasl: String,
    ssl: String,
}

impl Secure {
    fn start(name: &str) -> Self {
        let config = services::shared().work.join(format!("{name}-config"));
        let keys = Keys::new(&config);
        let (sasl, ssl) = (free_address(), free_address());
        let mut text = String::new();
        for (key, value) in [
            (
                "listeners",
                format!(
                    "PLAINTEXT://127.0.0.1:@KAFKA_PORT@,CONTROLLER://127.0.0.1:@CONTROLLER_PORT@,SASL_SSL://{sasl},SSL://{ssl}"
                ),
            ),
            (
                "advertised.listeners",
                format!("PLAINTEXT://127.0.0.1:@KAFKA_PORT@,SASL_SSL://{sasl},SSL://{ssl}"),
            ),
            (
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL".to_owned(),
            ),
            ("sasl.enabled.mechanisms", "SCRAM-SHA-512".to_owned()),
            (
                "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required;".to_owned(),
            ),
            ("listener.name.ssl.ssl.client.auth", "required".to_owned()),
            ("ssl.keystore.type", "PEM".to_owned()),
            ("ssl.keystore.location", keys.text("server-store.pem")),
            ("ssl.truststore.type", "PEM".to_owned()),
            ("ssl.truststore.location", keys.text("ca.pem")),
            (
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
            ),
            ("super.users", "User:ANONYMOUS;User:CN=line".to_owned()),
        ] {
            writeln!(text, "{key}={value}").unwrap();
        }
        std::fs::write(config.join("kafka.properties"), text).unwrap();
        let format = USERS.map(|user| {
            let password = password(user);
            format!("--add-scram\nSCRAM-SHA-512=[name={user},password={password}]\n")
        });
        std::fs::write(config.join("kafka-format"), format.concat()).unwrap();
        let kafka = OwnKafka::start_with(name, Some(&config));
        Self {
            kafka,
            keys,
            sasl,
            ssl,
        }
    }

    /// Lets the line be a user by a password.
    fn be(&self, line: &mut Installation, user: &str) {
        line.config["kafka"]["bootstrap_servers"] = self.sasl.as_str().into();
        line.config["kafka"]["client"] = json!({
            "security.protocol": "sasl_ssl",
            "ssl.ca.location": self.keys.text("ca.pem"),
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": password(user),
        });
    }

    /// Lets the line show its certificate.
    fn show_certificate(&self, line: &mut Installation) {
        line.config["kafka"]["bootstrap_servers"] = self.ssl.as_str().into();
        line.config["kafka"]["client"] = json!({
            "security.protocol": "ssl",
            "ssl.ca.location": self.keys.text("ca.pem"),
            "ssl.certificate.location": self.keys.text("line.pem"),
            "ssl.key.location": self.keys.text("line.key"),
        });
    }

    /// Allows what a command of `kafka-acls` does, by Kafka's own protocol
    /// (a request to create ACLs, version 1).
    fn allow(&self, line: &Installation, command: &str) {
        let words: Vec<_> = command.split_whitespace().collect();
        let all = |option: &str| -> Vec<String> {
            let pairs = words.windows(2).filter(|pair| pair[0] == option);
            pairs.map(|pair| pair[1].to_owned()).collect()
        };
        let topics = all("--topic")
            .into_iter()
            .map(|topic| (2, line.topic(&topic)));
        let groups = all("--group").into_iter().map(|group| {
            let role = group.strip_prefix("throughline-").unwrap();
            let is_role = ["ingest", "processor", "sink"].contains(&role);
            let own = line.topic(role).replace('.', "-");
            (3, if is_role { own } else { group })
        });
        let mut entries = Vec::new();
        let mut count: i32 = 0;
        for (kind, name) in topics.chain(groups) {
            for principal in all("--allow-principal") {
                for operation in all("--operation") {
                    let operation: u8 = match operation.as_str() {
                        "Read" => 3,
                        "Write" => 4,
                        "Create" => 5,
                        "Describe" => 8,
                        other => panic!("{other}"),
                    };
                    entries.push(kind);
                    string(&mut entries, &name);
                    entries.push(3);
                    string(&mut entries, &principal);
                    string(&mut entries, "*");
                    entries.extend([operation, 3]);
                    count += 1;
                }
            }
        }
        assert!(count > 0, "{command}");
        let mut request = Vec::from([0, 30, 0, 1, 0, 0, 0, 7]);
        string(&mut request, "test");
        request.extend(count.to_be_bytes());
        request.extend(entries);
        let mut connection = TcpStream::connect(&self.kafka.address).unwrap();
        let length = request.len() as u32;
        connection.write_all(&length.to_be_bytes()).unwrap();
        connection.write_all(&request).unwrap();
        let mut size = [0; 4];
        connection.read_exact(&mut size).unwrap();
        let mut answer = vec![0; u32::from_be_bytes(size) as usize];
        connection.read_exact(&mut answer).unwrap();
        // Number, throttling, count, and of each an error code and no message.
        let results = answer.get(12..).unwrap();
        assert_eq!(results.len(), count as usize * 4, "{command}");
        let fine = results.chunks(4).all(|result| result[..2] == [0, 0]);
        assert!(fine, "{command}: {results:?}");
    }
}

fn string(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u16).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn password(user: &str) -> String {
    format!("hidden-{user}")
}

/// The commands of the document.
fn commands() -> Vec<&'static str> {
    let lines = ACCESS
        .lines()
        .filter(|line| line.starts_with("kafka-acls "));
    lines.collect()
}

/// A call that must end by itself, and what it says.
#[track_caller]
fn says(line: &Installation, name: &str, arguments: &[&str], words: &[&str]) {
    let mut process = line.start(name, arguments);
    let code = process.wait().code();
    let output = process.output();
    assert_eq!(code, Some(1), "{output}");
    for word in words {
        assert!(output.contains(word), "{name}: {word} is not in {output}");
    }
    assert!(!output.contains("hidden-"), "a password: {output}");
}

#[test]
fn the_line_runs_with_passwords_and_exactly_the_rights_that_are_documented() {
    let secure = Secure::start("acl");
    let traffic = traffic::small();
    let mut line = Installation::on(&secure.kafka.address, "acl", &traffic.plan.settings());
    let create = ["topics", "create"];

    secure.be(&mut line, "admin");
    says(
        &line,
        "no_right",
        &create,
        &["no right", "docs/kafka-access.md"],
    );
    let commands = commands();
    for command in commands
        .iter()
        .filter(|command| command.contains("User:admin "))
    {
        secure.allow(&line, command);
    }
    line.call(&create).succeeds();
    line.config["kafka"]["create_topics"] = Value::Bool(false);

    // Who is not let in, and why.
    line.config["kafka"]["client"]["sasl.password"] = "hidden-wrong".into();
    for arguments in [&["run", "--until-idle"][..], &create] {
        says(&line, "wrong_password", arguments, &["sasl.password"]);
    }
    secure.be(&mut line, "admin");
    line.config["kafka"]["client"]["ssl.ca.location"] = secure.keys.text("other-ca.pem").into();
    says(&line, "other_ca", &create, &["ssl.ca.location"]);

    // All but one right of each role, and then that one too.
    let missing = [
        ("ingest", "--operation Read --group", "consumer group"),
        ("ingest", "--operation Write", "topic"),
        ("processor", "--operation Write --topic rollups", "topic"),
        ("sink", "--operation Read --topic", "topic"),
    ];
    let is_missing = |command: &str| {
        missing.iter().any(|(role, right, _)| {
            command.contains(&format!("--allow-principal User:{role} {right}"))
        })
    };
    for command in commands.iter().filter(|command| !is_missing(command)) {
        secure.allow(&line, command);
    }
    secure.be(&mut line, "producer");
    traffic.send(&line);
    for (role, right, what) in missing {
        secure.be(&mut line, role);
        let name = format!("{role}_without");
        says(&line, &name, &[role, "--until-idle"], &["no right", what]);
        let whole = format!("--allow-principal User:{role} {right}");
        for command in commands.iter().filter(|command| command.contains(&whole)) {
            secure.allow(&line, command);
        }
        let complete = missing.iter().filter(|(other, ..)| *other == role).count() == 1
            || right.contains("Write");
        if complete {
            line.start(role, &[role, "--until-idle"]).succeeds();
        }
    }
    line.assert_views(&traffic.expected);
    secure.be(&mut line, "verify");
    line.call(&["verify", "--from-log"]).succeeds();
    secure.be(&mut line, "producer");
    let files = line.directory.join("events");
    std::fs::create_dir(&files).unwrap();
    let event = r#"{"event_id":"late","occurred_at":"2026-01-01T00:00:00Z","visitor_id":"v","url":"https://a.example/"}"#;
    std::fs::write(files.join("web.jsonl"), format!("{event}\n")).unwrap();
    line.produce(&files);
}

#[test]
fn the_line_runs_with_a_certificate_and_not_without() {
    let secure = Secure::start("mtls");
    let traffic = traffic::small();
    let mut line = Installation::on(&secure.kafka.address, "mtls", &traffic.plan.settings());
    secure.show_certificate(&mut line);
    let client = line.config["kafka"]["client"].as_object_mut().unwrap();
    client.remove("ssl.certificate.location");
    client.remove("ssl.key.location");
    let create = ["topics", "create"];
    says(
        &line,
        "no_certificate",
        &create,
        &["ssl.certificate.location"],
    );
    secure.show_certificate(&mut line);
    traffic.send(&line);
    line.run_until_idle();
    line.assert_views(&traffic.expected);
}
