//! Phones and e-mail addresses are nowhere behind ingest, while the key of
//! their hashes is rotated under traffic: neither in topics nor in the state,
//! the tables, the logs or the metrics. (Raw topics and dead letters hold the
//! producers' bytes.)

use std::collections::BTreeSet;
use std::path::Path;

use fjall::{Database, KeyspaceCreateOptions};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;
use throughline_proto::topics::{self, RawTopic};
use throughline_stream::Outgoing;
use throughline_stream::metric_names;
use throughline_tests::rotation;

use crate::http::get;
use crate::installation::{Group, Installation};
use crate::process::until;
use crate::rows::Records;
use crate::traffic;

/// The key, and the one that it is rotated to.
const KEYS: [&str; 2] = [
    "8a52cf1d63b0e974a1fd3c2b5e60977f41d80c6be3925af71608bd4e97c3a25f",
    "19e07bd4a8f25c3360bd9187ecf4512a7d3eb60895c1fa42d6087be3914fac5d",
];
/// What names a person in clear.
const PERSONAL: [&str; 3] = ["phone", "caller_phone", "email"];
/// A shorter row of digits is no telephone number, but may be anything.
const MIN_DIGITS: usize = 10;
/// An expression for some hundreds of texts.
const REGEX_BYTES: usize = 16 << 20;

/// Finds every phone and address of the records, in any of their spellings.
struct Secrets(Regex);

impl Secrets {
    fn of(records: &Records) -> Self {
        let mut texts = BTreeSet::new();
        for (_, value) in records {
            match serde_json::from_slice(value) {
                Ok(Value::Array(events)) => events.iter().for_each(|event| add(event, &mut texts)),
                Ok(event) => add(&event, &mut texts),
                Err(_) => {}
            }
        }
        assert!(texts.len() > 100, "there are few secrets: {}", texts.len());
        let texts: Vec<_> = texts.iter().map(|text| regex::escape(text)).collect();
        let regex = RegexBuilder::new(&texts.join("|"))
            .case_insensitive(true)
            .unicode(false)
            .size_limit(REGEX_BYTES)
            .build();
        Self(regex.unwrap())
    }

    fn find<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        self.0.find(bytes).map(|found| found.as_bytes())
    }

    #[track_caller]
    fn assert_absent(&self, place: &str, bytes: &[u8]) {
        if let Some(found) = self.find(bytes) {
            panic!("{} is in {place}", String::from_utf8_lossy(found));
        }
    }
}

/// Adds an event's phones and addresses: as they are given, and phones as
/// digits with and without the country's.
fn add(event: &Value, texts: &mut BTreeSet<String>) {
    for field in PERSONAL {
        let Some(text) = event.get(field).and_then(Value::as_str) else {
            continue;
        };
        let text = text.trim();
        if text.contains('@') {
            texts.insert(text.to_lowercase());
            continue;
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= MIN_DIGITS {
            texts.insert(text.to_owned());
            texts.insert(digits[digits.len() - MIN_DIGITS..].to_owned());
        }
    }
}

#[test]
fn no_phone_or_address_is_behind_ingest_and_a_rotated_key_changes_no_view() {
    let traffic = traffic::small();
    let secrets = Secrets::of(&traffic.records);
    let mut line = Installation::new("privacy", &traffic.plan.settings());
    line.config["telemetry"]["log_level"] = "debug".into();
    line.config["identity"]["key"] = KEYS[0].into();
    line.call(&["topics", "create"]).succeeds();
    let records: Vec<Outgoing> = traffic.outgoing().map(|(_, record)| record).collect();
    let (before, after) = records.split_at(records.len() / 2);
    line.send(before.to_vec());
    line.run_until_idle();

    line.config["identity"]["key"] = KEYS[1].into();
    line.config["identity"]["previous_key"] = KEYS[0].into();
    line.config["identity"]["stable_key"] = KEYS[0].into();
    line.send(after.to_vec());
    let (mut run, address) = line.start_watched("rotated", &["run"]);
    until("all is done", || {
        let is_done = |group| line.left(group) == 0;
        Group::ALL.into_iter().all(is_done)
    });
    let told = ["/metrics", "/readyz"].map(|path| (path, get(&address, path).unwrap().1));
    run.stop();
    // What the roles sent to one another at the end.
    line.run_until_idle();

    let mut views = line.views();
    let keys = KEYS.map(|key| unhex(key).try_into().unwrap());
    rotation::rename(&mut views, &traffic.expected, &keys);
    let differences = traffic.expected.compare(&views);
    assert!(differences.is_empty(), "{}", differences.join("\n"));

    for (path, page) in &told {
        secrets.assert_absent(path, page.as_bytes());
    }
    let links = told[0].1.lines().find_map(|line| {
        let value = line.strip_prefix(metric_names::INGEST_KEY_LINKS)?;
        value.trim().parse::<f64>().ok()
    });
    assert!(links.unwrap() > 100.0, "{links:?} links between the keys");
    scan_topics(&line, &secrets);
    scan_tables(&line, &secrets);
    scan_state(&line.directory.join("store"), &secrets);
    let logs = scan_files(&line.directory, "log", &secrets);
    assert!(logs > 1, "there are no logs");
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

fn scan_topics(line: &Installation, secrets: &Secrets) {
    let mut found_raw = false;
    for topic in RawTopic::ALL {
        let records = line.records(topic.name());
        let mut values = records.iter().filter_map(|record| record.value.as_ref());
        found_raw |= values.any(|value| secrets.find(value).is_some());
    }
    assert!(found_raw, "what is looked for was never there");
    for topic in [topics::EVENTS, topics::ROLLUPS] {
        let records = line.records(topic);
        assert!(!records.is_empty(), "{topic} is empty");
        for record in records {
            for bytes in [&record.key, &record.value].into_iter().flatten() {
                secrets.assert_absent(topic, bytes);
            }
        }
    }
}

fn scan_tables(line: &Installation, secrets: &Secrets) {
    let sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE 'dead_letter%'";
    let names = line.query(sql);
    assert!(names.lines().count() > 15, "there are few tables: {names}");
    for name in names.lines() {
        // Some columns are no text.
        let rows = line.query(&format!("SELECT hex(formatRow('TSVRaw', *)) FROM `{name}`"));
        for row in rows.lines() {
            secrets.assert_absent(name, &unhex(row));
        }
    }
}

/// Looks at the files, and at what they hold when it is not compressed.
fn scan_state(directory: &Path, secrets: &Secrets) {
    assert!(scan_files(directory, "", secrets) > 0, "there is no state");
    let database = Database::builder(directory).open().unwrap();
    let mut entries = 0;
    for name in database.list_keyspace_names() {
        let keyspace = database
            .keyspace(&name, KeyspaceCreateOptions::default)
            .unwrap();
        for entry in keyspace.iter() {
            let (key, value) = entry.into_inner().unwrap();
            secrets.assert_absent("a key of the state", &key);
            secrets.assert_absent("a value of the state", &value);
            entries += 1;
        }
    }
    assert!(entries > 1000, "there is little state: {entries}");
}

/// Looks at all files under a directory with an ending; gives how many.
fn scan_files(directory: &Path, ending: &str, secrets: &Secrets) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += if ending.is_empty() {
                scan_files(&path, ending, secrets)
            } else {
                0
            };
        } else if path.to_string_lossy().ends_with(ending) {
            let bytes = std::fs::read(&path).unwrap();
            secrets.assert_absent(&path.display().to_string(), &bytes);
            files += 1;
        }
    }
    files
}
