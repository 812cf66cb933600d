//! The name that a directory of state has, by which the consumer group knows
//! its process again.
//!
//! Only the process that has the directory's lock may ask for it, so no two
//! have one name, unless somebody copies the directory.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::config::hexadecimal;

/// The file in the directory.
const FILE: &str = "instance";
/// Where it is written before it has its name.
const DRAFT: &str = "instance.new";
/// How many bytes a name is drawn from.
const BYTES: usize = 6;

/// The name of a directory: drawn the first time, the same ever after.
pub fn of(directory: &Path) -> anyhow::Result<String> {
    let file = directory.join(FILE);
    let name = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(directory),
        read => read,
    };
    let name = name.with_context(|| {
        format!(
            "the name of the state in {} cannot be read or written",
            file.display()
        )
    })?;
    let is_digit = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    ensure!(
        name.len() == 2 * BYTES && name.bytes().all(is_digit),
        "{} must hold {} hexadecimal digits and nothing else: delete the file, and another name is drawn",
        file.display(),
        2 * BYTES
    );
    Ok(name)
}

fn make(directory: &Path) -> io::Result<String> {
    let mut drawn = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut drawn)?;
    let name = hexadecimal(&drawn);
    // Whatever happens, there is the whole name or none.
    let draft = directory.join(DRAFT);
    let mut file = File::create(&draft)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, directory.join(FILE))?;
    File::open(directory)?.sync_all()?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_name_and_no_two_have_one() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        // As a process leaves it that died while it drew a name.
        fs::write(one.path().join(DRAFT), "12").unwrap();
        let name = of(one.path()).unwrap();
        assert_eq!(name.len(), 12);
        assert_eq!(of(one.path()).unwrap(), name);
        assert_ne!(of(other.path()).unwrap(), name);
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_its_place() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["", "0123456789aB", "0123456789ab\n"] {
            let file = directory.path().join(FILE);
            fs::write(&file, name).unwrap();
            let error = format!("{:#}", of(directory.path()).unwrap_err());
            assert!(error.contains(&*file.to_string_lossy()), "{error}");
            assert!(error.contains("delete the file"), "{error}");
        }
        let error = format!("{:#}", of(&directory.path().join("none")).unwrap_err());
        assert!(error.contains("cannot be read or written"), "{error}");
    }
}
