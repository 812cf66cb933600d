//! The manifest: what a snapshot is of and which chunks it has, in JSON, so that
//! it can be read without this program.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::name;
use crate::stored::Meta;

/// The layout of manifests and chunks.
const LAYOUT: u32 = 1;

/// What a snapshot is of, and its chunks in the order of their keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    layout: u32,
    /// The broker's name of `events`.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// How many partitions `events` has.
    pub partitions: u32,
    /// The generation of the rules.
    pub generation: u32,
    /// The offset of the next record to apply.
    pub next_offset: i64,
    /// The state's header as it stands in the store, in hexadecimal digits.
    header: String,
    /// How many keys it has.
    pub keys: u64,
    /// Its size before compression.
    pub bytes: u64,
    /// Its chunks.
    pub chunks: Vec<ChunkEntry>,
}

/// One chunk of a snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkEntry {
    /// The fingerprint of what is stored, by which it is called.
    pub fingerprint: String,
    /// The size of what is stored.
    pub stored_bytes: u64,
    /// Its size before compression.
    pub bytes: u64,
    /// How many keys it has.
    pub keys: u64,
}

/// Only what every layout has.
#[derive(Deserialize)]
struct AnyLayout {
    layout: u32,
}

impl Manifest {
    /// A manifest without chunks.
    pub fn new(topic: &str, partition: u32, header: &[u8], meta: &Meta) -> Self {
        Self {
            layout: LAYOUT,
            topic: topic.to_owned(),
            partition,
            partitions: meta.partitions,
            generation: meta.generation,
            next_offset: meta.next_offset,
            header: hexadecimal(header),
            keys: 0,
            bytes: 0,
            chunks: Vec::new(),
        }
    }

    /// Adds the next chunk.
    pub fn add(&mut self, chunk: ChunkEntry) {
        self.keys += chunk.keys;
        self.bytes += chunk.bytes;
        self.chunks.push(chunk);
    }

    /// As it is stored.
    pub fn encode(&self) -> Vec<u8> {
        // Numbers and texts alone: nothing in it can fail to be JSON.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Reads what is stored under this name.
    pub fn decode(file: &str, content: &[u8]) -> Result<Self, String> {
        if name::manifest(content) != file {
            return Err("its manifest is not what was written".to_owned());
        }
        let broken = |error: serde_json::Error| format!("its manifest cannot be read: {error}");
        let any: AnyLayout = serde_json::from_slice(content).map_err(broken)?;
        if any.layout != LAYOUT {
            let layout = any.layout;
            return Err(format!(
                "it has layout {layout}, and this version reads {LAYOUT}"
            ));
        }
        serde_json::from_slice(content).map_err(broken)
    }

    /// The state's header as it stands in the store.
    pub fn header(&self) -> Option<Vec<u8>> {
        let digits = self.header.as_bytes().chunks(2);
        let bytes = digits.map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        bytes.collect()
    }

    /// Clock, position, rules, sums.
    pub fn meta(&self) -> Result<Meta, String> {
        let header = self.header().ok_or("its header is no hexadecimal number")?;
        Meta::decode(&header).map_err(|reason| format!("its header cannot be read: {}", reason.0))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
