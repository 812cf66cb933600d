//! What a snapshot is called.

use std::fmt;

/// What a snapshot's directory says: of two, the newer is the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    /// The generation of the rules.
    pub generation: u32,
    /// The offset of the next record to apply.
    pub next_offset: i64,
}

impl Name {
    /// Reads a directory's name; `None` where it is no snapshot's.
    pub fn parse(text: &str) -> Option<Self> {
        let (generation, offset) = text.strip_prefix('g')?.split_once('-')?;
        let name = Self {
            generation: generation.parse().ok()?,
            next_offset: offset.parse().ok()?,
        };
        (name.to_string() == text).then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "g{}-{:020}", self.generation, self.next_offset)
    }
}

/// The fingerprint by which content is named and checked.
pub fn fingerprint(content: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(content))
}

/// What a chunk with this content is called.
pub fn chunk(fingerprint: &str) -> String {
    format!("{fingerprint}.chunk")
}

/// What a manifest with this content is called.
pub fn manifest(content: &[u8]) -> String {
    format!("manifest-{}.json", fingerprint(content))
}

/// Whether an object is called like a manifest.
pub fn is_manifest(file: &str) -> bool {
    file.starts_with("manifest-")
}
