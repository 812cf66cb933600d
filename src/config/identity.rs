//! The section `identity`: the secrets that identifiers are hashed with.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use throughline_ingest::{IdentKey, IdentKeys};

use super::Mode;
use super::section::{Item, Section};

/// Where a key is made when none is given.
const DEFAULT_FILE: &str = ".dev/identity.key";

/// A secret of 256 bits.
type Key = [u8; 32];

/// Where the keys come from.
#[derive(Clone)]
pub struct Identity {
    given: Option<Key>,
    file: PathBuf,
    may_make: bool,
    previous: Option<Key>,
    stable: Option<Key>,
}

impl Identity {
    /// Reads the section.
    pub fn read(section: &Section<'_>, mode: Mode) -> Self {
        let given = section.parse("key", |text| optional(text, parse));
        let file = PathBuf::from(section.name("key_file"));
        let production = mode == Mode::Production;
        let elsewhere = file != Path::new(DEFAULT_FILE);
        if production
            && given == Some(None)
            && !(elsewhere && file.exists())
            && let Some(item) = section.get("key")
        {
            section.wrong(
                &item,
                "is required in production: 64 hexadecimal digits here, in \
                 THROUGHLINE_IDENTITY__KEY or in an existing identity.key_file outside .dev",
            );
        }
        let previous = secret(section, "previous_key", "previous_key_file");
        let stable = secret(section, "stable_key", "stable_key_file");
        let identity = Self {
            given: given.flatten(),
            file,
            may_make: !production,
            previous: previous.as_ref().map(|(key, _)| *key),
            stable: stable.map(|(key, _)| key),
        };
        if let Some((key, item)) = previous {
            identity.check_rotation(section, &key, &item);
        }
        identity
    }

    /// A rotation needs two keys that differ, and one that stays.
    fn check_rotation(&self, section: &Section<'_>, previous: &Key, item: &Item<'_>) {
        let stored = || parse(fs::read_to_string(&self.file).ok()?.trim()).ok();
        if self.given.or_else(stored).as_ref() == Some(previous) {
            section.wrong(
                item,
                "is the same as identity.key: it must be the key that was used before that one, or empty",
            );
        }
        let is_absent = |key| section.text(key).trim().is_empty();
        if is_absent("stable_key") && is_absent("stable_key_file") {
            section.wrong(
                item,
                "needs identity.stable_key beside it: the key that was in use before the first rotation",
            );
        }
    }

    /// The keys; in development the current one is made when it is missing.
    pub fn keys(&self) -> io::Result<IdentKeys> {
        let key = |key| IdentKey::new(&key);
        Ok(IdentKeys {
            current: key(self.key()?),
            previous: self.previous.map(key),
            stable: self.stable.map(key),
        })
    }

    fn key(&self) -> io::Result<Key> {
        if let Some(key) = self.given {
            return Ok(key);
        }
        match fs::read_to_string(&self.file) {
            Ok(text) => parse(text.trim()).map_err(|problem| self.broken(&problem)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.may_make => self.make(),
            Err(error) => Err(self.broken(&error.to_string())),
        }
    }

    fn make(&self) -> io::Result<Key> {
        let mut key = [0; 32];
        fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
        let text = hexadecimal(&key);
        if let Some(directory) = self.file.parent() {
            fs::create_dir_all(directory)?;
        }
        // Written beside and linked into place: a process that starts at the
        // same time finds either nothing or the whole key, and the first one wins.
        let draft = self
            .file
            .with_extension(format!("{}.new", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, &self.file);
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => {
                tracing::info!(file = %self.file.display(), "made the key of the identifiers");
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let text = fs::read_to_string(&self.file)?;
                parse(text.trim()).map_err(|problem| self.broken(&problem))
            }
            Err(error) => Err(error),
        }
    }

    fn broken(&self, problem: &str) -> io::Error {
        io::Error::other(format!("the key in {}: {problem}", self.file.display()))
    }
}

impl fmt::Debug for Identity {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("given", &self.given.is_some())
            .field("file", &self.file)
            .field("previous", &self.previous.is_some())
            .field("stable", &self.stable.is_some())
            .finish_non_exhaustive()
    }
}

/// A key that may be absent, and where it was found: given itself, or as the
/// path of a file that holds it.
fn secret<'a>(
    section: &Section<'a>,
    key: &'static str,
    file: &'static str,
) -> Option<(Key, Item<'a>)> {
    let given = section.parse(key, |text| optional(text, parse));
    let stored = section.parse(file, |path| optional(path, read));
    let found = |key: Option<Option<Key>>, name| Some((key.flatten()?, section.get(name)?));
    found(given, key).or_else(|| found(stored, file))
}

/// Nothing for an empty text.
fn optional<T>(
    text: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

/// The key in a file.
fn read(path: &str) -> Result<Key, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    parse(text.trim()).map_err(|problem| format!("{path} {problem}"))
}

/// A key in hexadecimal. The text itself is never repeated in a message.
fn parse(text: &str) -> Result<Key, String> {
    const EXPECTED: &str = "must be 64 hexadecimal digits (`openssl rand -hex 32`)";
    let mut key = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(EXPECTED.to_owned());
    }
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).map_err(|_| EXPECTED)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| EXPECTED)?;
    }
    if is_placeholder(&key) {
        return Err(
            "is a placeholder, not a secret; make one with `openssl rand -hex 32`".to_owned(),
        );
    }
    Ok(key)
}

/// Bytes as text.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a key was typed rather than drawn: few different bytes, or bytes in
/// a row. A random key of 32 bytes has fewer than 12 different ones once in
/// about 10²⁰ times.
fn is_placeholder(key: &Key) -> bool {
    let mut sorted = *key;
    sorted.sort_unstable();
    let different = 1 + sorted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let step = key[1].wrapping_sub(key[0]);
    let in_a_row = key
        .windows(2)
        .all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    different < 12 || in_a_row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_typed_are_refused() {
        let row = hexadecimal(&std::array::from_fn::<u8, 32, _>(|index| index as u8));
        for text in [
            "0".repeat(64),
            "deadbeef".repeat(8),
            "0123456789abcdef".repeat(4),
            row,
        ] {
            assert!(parse(&text).unwrap_err().contains("placeholder"), "{text}");
        }
        for text in ["change-me", "", &"g".repeat(64), &"ä".repeat(32)] {
            assert!(
                parse(text).unwrap_err().contains("64 hexadecimal"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let identity = Identity {
            given: None,
            file: directory.path().join("deep/identity.key"),
            may_make: true,
            previous: None,
            stable: None,
        };
        let key = identity.key().unwrap();
        assert_eq!(identity.key().unwrap(), key);
        let strict = Identity {
            file: directory.path().join("none"),
            may_make: false,
            ..identity
        };
        assert!(strict.key().is_err());
    }
}
