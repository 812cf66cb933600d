//! Which keys identifiers were hashed with, told in a note that does not tell
//! the keys. It stands beside the offsets that ingest commits, so that keys
//! under which everybody would be somebody else are noticed before they are used.

use std::fmt::Write as _;

use hmac::Mac as _;

use super::{IdentKey, IdentKeys};

/// What such a note begins with.
const PREFIX: &str = "keys";
/// Stands for a previous key when there is none.
const NONE: &str = "-";
/// Bytes of a fingerprint.
const FINGERPRINT_BYTES: usize = 8;

/// Why keys cannot follow those of before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyChange {
    /// Nobody would be who they were.
    #[error(
        "identity.key is not the one that identifiers were hashed with before: clients would be split. \
         Use the old one again, or give it as identity.previous_key"
    )]
    Replaced,
    /// Deals, visitors, numbers and costs would begin anew.
    #[error(
        "identity.stable_key (identity.key, where there is none) is not the one that was used before: deals and \
         visits would be split. It never changes; after a rotation it is the key from before the first one"
    )]
    Unstable,
}

impl IdentKey {
    /// Tells the key from others.
    fn fingerprint(&self) -> String {
        let mac = self.0.clone().chain_update("fingerprint");
        let digest = mac.finalize().into_bytes();
        let bytes = digest.iter().take(FINGERPRINT_BYTES);
        bytes.fold(String::new(), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
    }
}

impl IdentKeys {
    /// The note of these keys: current, previous, stable.
    pub fn note(&self) -> String {
        let [current, previous, stable] = self.fingerprints();
        format!("{PREFIX} {current} {previous} {stable}")
    }

    /// Whether these keys may follow those of the notes, of which there is one
    /// for each partition. A partition that has been idle for long has an old
    /// one, so it is enough to follow any. Notes of other kinds say nothing.
    pub fn follow<'a>(&self, notes: impl IntoIterator<Item = &'a str>) -> Result<(), KeyChange> {
        let mut result = Ok(());
        for note in notes {
            let mut words = note.split(' ');
            if words.next() != Some(PREFIX) {
                continue;
            }
            result = self.follow_one(words);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// One of the two keys that are live must be known, or nothing links the
    /// hashes of both.
    fn follow_one<'a>(&self, noted: impl Iterator<Item = &'a str>) -> Result<(), KeyChange> {
        let noted: Vec<_> = noted.collect();
        let [current, previous, stable] = self.fingerprints();
        let is_live = |key: &&str| **key != *NONE && (**key == current || **key == previous);
        if !noted.iter().take(2).any(is_live) {
            return Err(KeyChange::Replaced);
        }
        if noted.get(2) != Some(&stable.as_str()) {
            return Err(KeyChange::Unstable);
        }
        Ok(())
    }

    fn fingerprints(&self) -> [String; 3] {
        let stable = self.stable.as_ref().unwrap_or(&self.current);
        let previous = self.previous.as_ref();
        [
            self.current.fingerprint(),
            previous.map_or_else(|| NONE.to_owned(), IdentKey::fingerprint),
            stable.fingerprint(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys by a digit each: current, previous, stable; 0 is none.
    fn keys([current, previous, stable]: [u8; 3]) -> IdentKeys {
        let key = |digit| (digit > 0).then(|| IdentKey::new(&[digit; 32]));
        IdentKeys {
            current: key(current).unwrap(),
            previous: key(previous),
            stable: key(stable),
        }
    }

    #[test]
    fn keys_follow_those_that_they_share_one_with() {
        for (before, after, expected) in [
            ([1, 0, 0], [1, 0, 0], Ok(())),
            // A rotation, its end, and the next one.
            ([1, 0, 0], [2, 1, 1], Ok(())),
            ([2, 1, 1], [2, 0, 1], Ok(())),
            ([2, 0, 1], [3, 2, 1], Ok(())),
            // A worker that still has the old key, or has it again.
            ([2, 1, 1], [1, 0, 0], Ok(())),
            ([1, 0, 9], [2, 1, 9], Ok(())),
            ([1, 0, 0], [2, 0, 0], Err(KeyChange::Replaced)),
            ([1, 0, 1], [2, 0, 1], Err(KeyChange::Replaced)),
            ([2, 0, 1], [1, 0, 1], Err(KeyChange::Replaced)),
            ([2, 0, 1], [2, 0, 0], Err(KeyChange::Unstable)),
            ([1, 0, 0], [2, 1, 2], Err(KeyChange::Unstable)),
            ([1, 0, 0], [1, 0, 9], Err(KeyChange::Unstable)),
        ] {
            let note = keys(before).note();
            let followed = keys(after).follow([note.as_str()]);
            assert_eq!(followed, expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn one_partition_that_was_not_idle_is_enough() {
        let notes = [[1, 0, 0], [2, 1, 1]].map(|before| keys(before).note());
        let follow = |after| keys(after).follow(notes.iter().map(String::as_str));
        assert_eq!(follow([2, 0, 1]), Ok(()));
        assert_eq!(follow([3, 0, 1]), Err(KeyChange::Replaced));
        assert_eq!(follow([2, 0, 2]), Err(KeyChange::Unstable));
    }

    #[test]
    fn a_note_of_another_kind_says_nothing() {
        let note = keys([1, 0, 0]).note();
        assert_eq!(keys([2, 0, 0]).follow(["", "generation 1"]), Ok(()));
        let followed = keys([2, 0, 0]).follow(["generation 1", &note]);
        assert_eq!(followed, Err(KeyChange::Replaced));
    }
}
