//! The traffic that tests on real services share, and what must come of it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use throughline_stream::{Header, Outgoing};
use throughline_tests::reference::{Reference, Tables};
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
    fn new(plan: Plan) -> Self {
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

    /// Writes the records into a directory, and gives the files' directory
    /// and what cannot stand in a file: a share of the valid events as
    /// protobuf (some of them in both forms), and values that are no lines.
    pub fn write(&self, directory: &Path) -> Vec<(&'static str, Outgoing)> {
        let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        let mut others = Vec::new();
        for (index, ((topic, value), valid)) in self.records.iter().zip(&self.valid).enumerate() {
            let message = (*valid && index % 4 == 0)
                .then(|| protobuf(topic, value))
                .flatten();
            let in_both = index % 32 == 0;
            if value.is_empty() {
                others.push((*topic, outgoing(value.clone(), None)));
            } else if message.is_none() || in_both {
                let file = files.entry(topic).or_default();
                file.extend_from_slice(value);
                file.push(b'\n');
            }
            if let Some(message) = message {
                others.push((*topic, outgoing(message, Some("application/x-protobuf"))));
            }
        }
        std::fs::create_dir(directory).unwrap();
        for (topic, lines) in files {
            let path = directory.join(format!("{topic}.jsonl"));
            std::fs::File::create(path)
                .unwrap()
                .write_all(&lines)
                .unwrap();
        }
        others
    }

    /// Sends all of it: files by `produce`, the rest from here.
    pub fn send(&self, to: &Installation) {
        let directory = to.directory.join("traffic");
        let others = self.write(&directory);
        // This makes the topics, too.
        to.produce(&directory);
        to.send(others.into_iter().map(|(topic, record)| Outgoing {
            topic: to.topic(topic).into(),
            ..record
        }));
    }
}

fn outgoing(value: Vec<u8>, content_type: Option<&str>) -> Outgoing {
    let header = content_type.map(|content_type| Header {
        name: "content-type".into(),
        value: Some(content_type.into()),
    });
    Outgoing {
        value: Some(value),
        headers: header.into_iter().collect(),
        ..Outgoing::default()
    }
}
