//! A store whose making was cut off.
//!
//! A process that dies while it makes its store leaves some of the files of an
//! empty one, which cannot be opened and are not made again either. Nothing was
//! ever written to it, so they may go.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

/// Where the store keeps its keyspaces.
const KEYSPACES: &str = "keyspaces";
/// The first of them is the store's own; it is there before any other.
const OWN_KEYSPACE: &str = "0";
/// The files beside its journals; the last two are the name that the program
/// gives the directory, which may outlast others when the power fails.
const FILES: [&str; 4] = ["lock", "version", "instance", "instance.new"];

/// Removes what is left of a store that never had a keyspace of a partition.
/// Tells whether there was one.
pub fn remove(path: &Path) -> io::Result<bool> {
    if !is_unfinished(path)? {
        return Ok(false);
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(true)
}

/// Whether all that is there are files of a store without partitions.
fn is_unfinished(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_journal = Path::new(&name).extension() == Some(OsStr::new("jnl"));
        if name == KEYSPACES {
            for keyspace in fs::read_dir(entry.path())? {
                if keyspace?.file_name() != OWN_KEYSPACE {
                    return Ok(false);
                }
            }
        } else if !is_journal && !FILES.iter().any(|file| name == *file) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use throughline_proto::flat::Flat as _;

    use super::*;
    use crate::store::{Changing as _, FjallStore, Store as _, StoreOptions};

    fn open(path: &Path) -> Result<FjallStore, String> {
        let options = StoreOptions {
            path: path.to_owned(),
            cache_bytes: 1 << 20,
        };
        FjallStore::open(&options).map_err(|error| error.to_string())
    }

    #[test]
    fn a_store_that_was_never_finished_is_made_anew() {
        // As a process leaves it that dies before, or right after, the last file is there.
        for files in [
            &["0.jnl"][..],
            &["lock", "0.jnl"],
            &["lock", "0.jnl", "version"],
            &["lock", "0.jnl", "version", "instance"],
        ] {
            let directory = tempfile::tempdir().unwrap();
            for file in files {
                fs::write(directory.path().join(file), b"").unwrap();
            }
            fs::create_dir(directory.path().join(KEYSPACES)).unwrap();
            let store = open(directory.path()).unwrap();
            assert_eq!(store.next_offset(3).unwrap(), None, "{files:?}");
        }
    }

    #[test]
    fn what_holds_anything_stays() {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path()).unwrap();
        let (backing, _) = store.open(3).unwrap();
        let mut batch = store.batch();
        let mut value = Vec::new();
        7_u64.put(&mut value);
        backing.put(b"key", &value, &mut batch);
        store.commit(batch).unwrap();
        drop((backing, store));
        let version = directory.path().join("version");
        let as_it_was = fs::read(&version).unwrap();
        fs::write(&version, b"?").unwrap();
        assert!(open(directory.path()).is_err());
        assert!(directory.path().join("0.jnl").metadata().unwrap().len() > 0);

        // Whatever byte of its journal is changed, it is opened or refused.
        fs::write(&version, as_it_was).unwrap();
        let journal = directory.path().join("0.jnl");
        let written = fs::read(&journal).unwrap();
        let length = written.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        assert!(open(directory.path()).is_ok());
        let mut refusals = 0;
        for index in 0..length {
            let mut damaged = written.clone();
            damaged[index] ^= 2;
            fs::write(&journal, &damaged).unwrap();
            if let Err(refused) = open(directory.path()) {
                assert!(refused.contains("delete that directory"), "{refused}");
                refusals += 1;
                fs::write(&journal, &written).unwrap();
            }
        }

        assert!(refusals > 0, "{length} bytes");

        let foreign = tempfile::tempdir().unwrap();
        fs::write(foreign.path().join("version"), b"").unwrap();
        fs::write(foreign.path().join("letter.txt"), b"dear").unwrap();
        assert!(open(foreign.path()).is_err());
        assert!(foreign.path().join("letter.txt").exists());
    }
}
