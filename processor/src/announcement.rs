//! The record of `events` that announces a generation to its partition.
//!
//! Figures of a generation begin, in each partition, right after the first
//! record that announces it, so they are a function of the log like all else:
//! whoever folds the log, from whichever state, restates the same facts at the
//! same Lamport time. Generation 1 begins with the log.

use throughline_proto::flat::Malformed;

/// The first byte: a batch of events begins with the number of its layout.
const MARK: u8 = b'G';

/// The value of the record.
pub fn encode(generation: u32) -> Vec<u8> {
    let mut value = vec![MARK];
    value.extend(generation.to_be_bytes());
    value
}

/// The generation that a record announces; `None` when it is another record.
pub fn decode(value: &[u8]) -> Option<Result<u32, Malformed>> {
    let rest = value.strip_prefix(&[MARK])?;
    let bytes = rest.try_into().map(u32::from_be_bytes);
    Some(bytes.map_err(|_| Malformed("a generation that is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_told_from_a_batch() {
        assert!(matches!(decode(&encode(7)), Some(Ok(7))));
        assert!(matches!(decode(&encode(u32::MAX)), Some(Ok(u32::MAX))));
        assert!(decode(b"").is_none() && decode(&[1, 0, 0]).is_none());
        for damaged in [&b"G"[..], b"G\0\0\0", b"G\0\0\0\x01\0"] {
            assert!(matches!(decode(damaged), Some(Err(_))));
        }
    }
}
