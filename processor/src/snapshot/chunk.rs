//! A chunk: keys and values in order, each with its length, compressed.

use fjall::Slice;

use crate::store::Entry;

/// A chunk is full when it has so many bytes before compression. One entry may
/// be larger; it then is a chunk of its own.
pub const CHUNK_BYTES: usize = 4 << 20;
/// By how much LZ4 compresses at most: no more memory is taken for a chunk than
/// can come of it, whatever a manifest says.
const MOST_RATIO: usize = 255;

/// Collects entries.
#[derive(Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    keys: u64,
}

impl Chunk {
    /// Adds an entry.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        for part in [key, value] {
            self.bytes.extend((part.len() as u32).to_le_bytes());
        }
        self.bytes.extend(key);
        self.bytes.extend(value);
        self.keys += 1;
    }

    /// Whether an entry of this size would make it too large.
    pub fn is_full_for(&self, key: &[u8], value: &[u8]) -> bool {
        self.keys > 0 && self.bytes.len() + key.len() + value.len() > CHUNK_BYTES
    }

    /// How many keys it has.
    pub const fn keys(&self) -> u64 {
        self.keys
    }

    /// Its size before compression.
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// As it is written. It is empty afterwards.
    pub fn take(&mut self) -> Vec<u8> {
        let compressed = lz4_flex::block::compress(&self.bytes);
        self.bytes.clear();
        self.keys = 0;
        compressed
    }
}

/// Reads a chunk that had this size before compression. The content's
/// fingerprint has been checked: what is wrong here was written wrong.
pub fn read(compressed: &[u8], bytes: usize) -> Result<Vec<Entry>, &'static str> {
    if bytes / MOST_RATIO > compressed.len() {
        return Err("a chunk is said to be larger than it can be");
    }
    let content = lz4_flex::block::decompress(compressed, bytes)
        .map_err(|_| "a chunk cannot be decompressed")?;
    let cut = "a chunk ends within an entry";
    let mut rest = content.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (key_length, more) = rest.split_first_chunk().ok_or(cut)?;
        let (value_length, more) = more.split_first_chunk().ok_or(cut)?;
        let length = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) as usize;
        let (key, more) = more.split_at_checked(length(key_length)).ok_or(cut)?;
        let (value, more) = more.split_at_checked(length(value_length)).ok_or(cut)?;
        entries.push((Slice::from(key), Slice::from(value)));
        rest = more;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_that_is_not_what_it_says_is_refused() {
        let mut chunk = Chunk::default();
        chunk.add(b"key", b"value");
        let bytes = chunk.bytes();
        let written = chunk.take();
        let entries = read(&written, bytes).unwrap();
        assert!(entries.len() == 1 && *entries[0].0 == *b"key" && *entries[0].1 == *b"value");
        assert!(read(&written, usize::MAX).is_err());
        assert!(read(&written, bytes - 1).is_err());
        assert!(read(&written[..written.len() - 1], bytes).is_err());
        for end in 1..bytes {
            let cut = lz4_flex::block::compress(
                &[3, 0, 0, 0, 5, 0, 0, 0, b'k', b'e', b'y'][..end.min(11)],
            );
            assert!(read(&cut, end.min(11)).is_err(), "{end}");
        }
    }
}
