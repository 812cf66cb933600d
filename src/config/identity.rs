//! The section `identity`: the secret that identifiers are hashed with.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Mode;
use super::section::Section;

/// Where a key is made when none is given.
const DEFAULT_FILE: &str = ".dev/identity.key";

/// Where the key comes from.
#[derive(Clone)]
pub struct Identity {
    given: Option<[u8; 32]>,
    file: PathBuf,
    may_make: bool,
}

impl Identity {
    /// Reads the section.
    pub fn read(section: &Section<'_>, mode: Mode) -> Self {
        let given = section.parse("key", |text| match text.trim() {
            "" => Ok(None),
            text => parse(text).map(Some),
        });
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
        Self {
            given: given.flatten(),
            file,
            may_make: !production,
        }
    }

    /// The key; in development it is made when it is missing.
    pub fn key(&self) -> io::Result<[u8; 32]> {
        if let Some(key) = self.given {
            return Ok(key);
        }
        match fs::read_to_string(&self.file) {
            Ok(text) => parse(text.trim()).map_err(|problem| self.broken(&problem)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.may_make => self.make(),
            Err(error) => Err(self.broken(&error.to_string())),
        }
    }

    fn make(&self) -> io::Result<[u8; 32]> {
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
            .finish_non_exhaustive()
    }
}

/// A key in hexadecimal. The text itself is never repeated in a message.
fn parse(text: &str) -> Result<[u8; 32], String> {
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

fn hexadecimal(key: &[u8; 32]) -> String {
    key.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a key was typed rather than drawn: few different bytes, or bytes in
/// a row. A random key of 32 bytes has fewer than 12 different ones once in
/// about 10²⁰ times.
fn is_placeholder(key: &[u8; 32]) -> bool {
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
        let row = hexadecimal(&std::array::from_fn(|index| index as u8));
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
