//! The traffic that tests on real services share, and what must come of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use throughline_stream::{Header, Outgoing};
use throughline_tests::reference::{Reference, Settings, Tables};
use throughline_tests::traffic::Plan;

use crate::encode::protobuf;
use crate::installation::Installation;
use crate::rows::Records;

/// Traffic and its figures.
pub struct Traffic {
    /// How it was made.
    pub plan: Plan,
    /// The records in order.
    pub records: Records,
    /// What is wrong with which of them.
    pub rejected: usize,
    /// Every view.
    pub expected: Tables,
    /// Which records are valid.
    valid: Vec<bool>,
}

/// Traffic of several thousand clients.
pub fn large() -> &'static Traffic {
    static LARGE: OnceLock<Traffic> = OnceLock::new();
    LARGE.get_or_init(|| {
        Traffic::new(Plan {
            clients: 4_000,
            ..Plan::new(1, 30_000)
        })
    })
}

/// Traffic of a hundred clients.
pub fn small() -> &'static Traffic {
    static SMALL: OnceLock<Traffic> = OnceLock::new();
    SMALL.get_or_init(|| Traffic::new(Plan::new(2, 3_000)))
}

impl Traffic {
    /// The traffic of a plan.
    pub fn new(plan: Plan) -> Self {
        let records = plan.records();
        let mut reference = Reference::new(plan.settings());
        let valid: Vec<_> = records
            .iter()
            .map(|(topic, value)| reference.record(topic, value, plan.received_ms()).is_ok())
            .collect();
        Self {
            rejected: valid.iter().filter(|valid| !**valid).count(),
            expected: reference.compute(),
            plan,
            records,
            valid,
        }
    }

    /// What must come of it in other settings, under which the same records
    /// are valid.
    pub fn expected_with(&self, settings: &Settings) -> Tables {
        let mut reference = Reference::new(settings.clone());
        for (topic, value) in &self.records {
            let _ = reference.record(topic, value, self.plan.received_ms());
        }
        reference.compute()
    }

    /// Writes all records that are lines into a directory.
    pub fn write_lines(&self, directory: &Path) {
        let lines = self.records.iter().filter(|(_, value)| !value.is_empty());
        write_files(directory, lines.map(|(topic, value)| (*topic, value)));
    }

    /// Writes records into a directory, and gives those that do not stand in
    /// a file: a share of the valid events as protobuf (some of them in both
    /// forms), and values that are no lines.
    pub fn write(&self, directory: &Path) -> Vec<Outgoing> {
        let mut lines = Vec::new();
        let mut others = Vec::new();
        for (index, (topic, value)) in self.records.iter().enumerate() {
            let message = self.message(index);
            if value.is_empty() {
                others.push(outgoing(topic, value.clone(), None));
            } else if message.is_none() || is_in_both(index) {
                lines.push((*topic, value));
            }
            others.extend(message);
        }
        write_files(directory, lines.into_iter());
        others
    }

    /// All of it in the order of arrival, with the same shares of protobuf;
    /// whether it is valid stands before each.
    pub fn outgoing(&self) -> impl Iterator<Item = (bool, Outgoing)> {
        self.records
            .iter()
            .enumerate()
            .flat_map(|(index, (topic, value))| {
                let message = self.message(index);
                let line = message.is_none() || is_in_both(index);
                let line = line.then(|| outgoing(topic, value.clone(), None));
                let is_valid = self.valid[index];
                let records = line.into_iter().chain(message);
                records.map(move |record| (is_valid, record))
            })
    }

    /// The record as protobuf, if it is one of those.
    fn message(&self, index: usize) -> Option<Outgoing> {
        if !self.valid[index] || !index.is_multiple_of(4) {
            return None;
        }
        let (topic, value) = &self.records[index];
        let message = protobuf(topic, value)?;
        Some(outgoing(topic, message, Some("application/x-protobuf")))
    }

    /// Sends all of it: files by `produce`, the rest from here.
    pub fn send(&self, to: &Installation) {
        let directory = to.directory.join("traffic");
        let others = self.write(&directory);
        // This makes the topics, too.
        to.produce(&directory);
        to.send(others);
    }
}

/// Whether a record that is sent as protobuf is sent as a line, too.
const fn is_in_both(index: usize) -> bool {
    index.is_multiple_of(32)
}

/// Makes a directory with a file for each topic, a record a line.
fn write_files<'a>(directory: &Path, lines: impl Iterator<Item = (&'a str, &'a Vec<u8>)>) {
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for (topic, value) in lines {
        let file = files.entry(topic).or_default();
        file.extend_from_slice(value);
        file.push(b'\n');
    }
    std::fs::create_dir(directory).unwrap();
    for (topic, lines) in files {
        std::fs::write(directory.join(format!("{topic}.jsonl")), lines).unwrap();
    }
}

fn outgoing(topic: &str, value: Vec<u8>, content_type: Option<&str>) -> Outgoing {
    let header = content_type.map(|content_type| Header {
        name: "content-type".into(),
        value: Some(content_type.into()),
    });
    Outgoing {
        topic: topic.into(),
        value: Some(value),
        headers: header.into_iter().collect(),
        ..Outgoing::default()
    }
}
