//! Erasure: of a person who asks for it nothing is left in the state or in the tables, whatever comes later, and no
//! total changes.

use std::collections::BTreeSet;
use std::path::Path;

use fjall::{Database, KeyspaceCreateOptions};
use regex::bytes::{Regex, RegexBuilder};
use throughline_proto::Ident;
use throughline_stream::Outgoing;
use throughline_tests::reference::Reference;

use crate::installation::Installation;
use crate::traffic;

/// What names the person, or what the person did.
const MARK: &str = "ann-7f3a";

/// All that a person may do. Every id has the mark.
const PERSON: [(&str, &str); 11] = [
    (
        "web",
        r#"{"event_id":"ann-7f3a-1","occurred_at":1772323200000,"visitor_id":"ann-7f3a-visitor","url":"https://a.com/?gclid=1","email":"ann-7f3a@example.com"}"#,
    ),
    (
        "web",
        r#"{"event_id":"ann-7f3a-2","occurred_at":1772326200000,"visitor_id":"ann-7f3a-visitor","url":"https://a.com/?yclid=1","event":"lead","user_id":"ann-7f3a-user"}"#,
    ),
    (
        "numbers",
        r#"{"event_id":"ann-7f3a-3","occurred_at":1772326300000,"visitor_id":"ann-7f3a-visitor","number":"+74951234567","leased_until":1772330000000}"#,
    ),
    (
        "calls",
        r#"{"event_id":"ann-7f3a-4","occurred_at":1772326400000,"caller_phone":"+79161237777","dialed_number":"+74951234567","talk_seconds":60,"recording_url":"https://calls/ann-7f3a"}"#,
    ),
    (
        "calls",
        r#"{"event_id":"ann-7f3a-5","occurred_at":1772326500000,"caller_phone":"+79161237777","dialed_number":"+74951234567","direction":"outbound"}"#,
    ),
    (
        "emails",
        r#"{"event_id":"ann-7f3a-6","occurred_at":1772326600000,"email":"ann-7f3a@example.com","event":"clicked","campaign":"spring"}"#,
    ),
    (
        "touches",
        r#"{"event_id":"ann-7f3a-7","occurred_at":1772326700000,"crm_contact_id":"ann-7f3a-crm","user_id":"ann-7f3a-user","source":"fair","medium":"offline"}"#,
    ),
    (
        "deals",
        r#"{"event_id":"ann-7f3a-8","occurred_at":1772326800000,"deal_id":"ann-7f3a-deal","event":"created","crm_contact_id":"ann-7f3a-crm"}"#,
    ),
    (
        "deals",
        r#"{"event_id":"ann-7f3a-9","occurred_at":1772326900000,"deal_id":"ann-7f3a-deal","event":"won","amount":1000,"cost":100,"email":"ann-7f3a@example.com"}"#,
    ),
    (
        "deals",
        r#"{"event_id":"ann-7f3a-10","occurred_at":1772327000000,"deal_id":"ann-7f3a-lost","event":"lost","phone":"+79161237777"}"#,
    ),
    (
        "deals",
        r#"{"event_id":"ann-7f3a-11","occurred_at":1772327100000,"deal_id":"ann-7f3a-deal","event":"refunded","refund_amount":10}"#,
    ),
];

/// The person asks for it.
const ERASURE: &str = r#"{"event_id":"please","occurred_at":1772327200000,"email":"ANN-7F3A@example.com","erase":true}"#;

/// What comes too late, is older than what was forgotten, and is known by that.
const LATE: [(&str, &str); 3] = [
    (
        "web",
        r#"{"event_id":"ann-7f3a-l1","occurred_at":1772320200000,"visitor_id":"ann-7f3a-visitor","url":"https://a.com/?gclid=1"}"#,
    ),
    (
        "calls",
        r#"{"event_id":"ann-7f3a-l2","occurred_at":1772326410000,"caller_phone":"+79161237777","dialed_number":"+74951234567"}"#,
    ),
    (
        "numbers",
        r#"{"event_id":"ann-7f3a-l3","occurred_at":1772326310000,"visitor_id":"ann-7f3a-visitor","number":"+74951234568","leased_until":1772330000000}"#,
    ),
];

/// The person comes again, with a new telephone: it is counted, and nothing is told of it.
const AGAIN: [(&str, &str); 2] = [
    (
        "web",
        r#"{"event_id":"ann-7f3a-a1","occurred_at":1772400200000,"visitor_id":"ann-7f3a-visitor","url":"https://a.com/?gclid=1","phone":"+79161238888"}"#,
    ),
    (
        "deals",
        r#"{"event_id":"ann-7f3a-a2","occurred_at":1772400300000,"deal_id":"ann-7f3a-new","event":"won","amount":50,"phone":"+79161238888"}"#,
    ),
];

/// The views that count, and tell of nobody.
const TOTALS: [&str; 3] = ["channel_hourly", "traffic_hourly", "channel_roi"];

fn send<'a>(line: &Installation, events: impl IntoIterator<Item = &'a (&'a str, &'a str)>) {
    line.send(events.into_iter().map(|(topic, value)| Outgoing {
        topic: (*topic).into(),
        value: Some(value.as_bytes().to_vec()),
        ..Outgoing::default()
    }));
}

#[test]
fn nothing_is_left_of_an_erased_person_and_no_total_changes() {
    let traffic = traffic::small();
    let settings = traffic.plan.settings();
    let received = traffic.plan.received_ms();
    let mut reference = Reference::new(settings.clone());
    for (topic, value) in &traffic.records {
        let _refused = reference.record(topic, value, received);
    }
    let mut line = Installation::new("erasure", &settings);
    line.config["telemetry"]["log_level"] = "debug".into();
    line.call(&["topics", "create"]).succeeds();
    line.send(traffic.outgoing().map(|(_, record)| record));
    for (topic, value) in &PERSON {
        reference.record(topic, value.as_bytes(), received).unwrap();
    }
    send(&line, &PERSON);
    line.run_until_idle();
    line.assert_views(&reference.compute());
    let person = Person::of(&line);
    // Older versions may be merged away by now.
    assert!(person.scan_tables(&line) > 10);
    assert!(person.scan_state(&line.directory.join("store")) > 5);

    reference
        .record("identities", ERASURE.as_bytes(), received)
        .unwrap();
    send(&line, &[("identities", ERASURE)]);
    line.run_until_idle();
    line.assert_views(&reference.compute());
    person.assert_gone(&line);

    // Everything comes again, and something that came too late.
    send(&line, PERSON.iter().chain(&LATE));
    line.run_until_idle();
    line.assert_views(&reference.compute());
    person.assert_gone(&line);
    line.call(&["verify", "--from-log"]).succeeds();

    // A generation is restated from a state in which the person is no more.
    line.config["processor"]["generation"] = 2.into();
    line.run_until_idle();
    line.assert_views(&reference.compute());

    // Who was erased stays so.
    let before = totals(&line);
    send(&line, &AGAIN);
    line.run_until_idle();
    person.assert_gone(&line);
    let views = line.views();
    let shown = reference.compute();
    for view in ["deals", "touchpoints", "identities", "clients", "calls"] {
        assert_eq!(views.of(view).len(), shown.of(view).len(), "{view}");
    }
    assert_ne!(totals(&line), before);
    line.call(&["verify", "--from-log"]).succeeds();
}

fn totals(line: &Installation) -> Vec<String> {
    let all = |view: &&str| line.query(&format!("SELECT * FROM {view} ORDER BY ALL"));
    TOTALS.iter().map(all).collect()
}

/// What tells of the person: the mark, and the hashes of the identifiers.
struct Person(Regex);

impl Person {
    fn of(line: &Installation) -> Self {
        let sql = format!(
            "SELECT identifier FROM identities WHERE client_id IN \
             (SELECT client_id FROM deals WHERE deal_id = '{MARK}-deal')"
        );
        let idents: BTreeSet<String> = line.query(&sql).lines().map(str::to_owned).collect();
        assert_eq!(idents.len(), 7, "{idents:?}");
        let mut texts = vec![format!("(?i:{MARK})")];
        for ident in idents {
            let number = u128::from_str_radix(&ident, 16).unwrap();
            assert_ne!(Ident(number).pseudonym(), Ident(number));
            let bytes = number.to_be_bytes().map(|byte| format!(r"\x{byte:02x}"));
            texts.push(bytes.concat());
            texts.push(ident);
        }
        let regex = RegexBuilder::new(&texts.join("|")).unicode(false).build();
        Self(regex.unwrap())
    }

    /// How often the tables have it, rows that count no more among them.
    fn scan_tables(&self, line: &Installation) -> usize {
        let sql = "SELECT name FROM system.tables WHERE database = currentDatabase() \
                   AND engine NOT LIKE '%View' AND name NOT LIKE 'dead_letter%'";
        let names = line.query(sql);
        assert!(names.lines().count() > 10, "there are few tables: {names}");
        let mut found = 0;
        for name in names.lines() {
            let rows = line.query(&format!("SELECT hex(formatRow('TSVRaw', *)) FROM `{name}`"));
            let digits = |row: &str| {
                let pairs = row.as_bytes().chunks(2);
                let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
                pairs.map(|pair| byte(pair).unwrap()).collect::<Vec<u8>>()
            };
            found += rows
                .lines()
                .filter(|row| self.0.is_match(&digits(row)))
                .count();
        }
        found
    }

    /// How often the state has it, as the store reads it.
    fn scan_state(&self, directory: &Path) -> usize {
        let database = Database::builder(directory).open().unwrap();
        let (mut found, mut entries) = (0, 0);
        for name in database.list_keyspace_names() {
            let keyspace = database
                .keyspace(&name, KeyspaceCreateOptions::default)
                .unwrap();
            for entry in keyspace.iter() {
                let (key, value) = entry.into_inner().unwrap();
                found += usize::from(self.0.is_match(&key) || self.0.is_match(&value));
                entries += 1;
            }
        }
        assert!(entries > 1000, "there is little state: {entries}");
        found
    }

    /// The names of files under a directory that have it.
    fn scan_files(&self, directory: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(self.scan_files(&path));
            } else if self.0.is_match(&std::fs::read(&path).unwrap()) {
                found.push(path.display().to_string());
            }
        }
        found
    }

    fn assert_gone(&self, line: &Installation) {
        assert_eq!(self.scan_tables(line), 0, "rows that tell of the person");
        let store = line.directory.join("store");
        assert_eq!(self.scan_state(&store), 0, "state that tells of the person");
        assert_eq!(self.scan_files(&store), Vec::<String>::new());
    }
}
