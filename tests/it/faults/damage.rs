//! A store that is cut off, or in which bytes are not what they were: either
//! it is refused, and a new one is built from the log, or nothing changes.

use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;
use throughline_processor::{FjallStore, ProcessorError, StoreOptions};
use throughline_tests::traffic::Plan;

use crate::rig::Rig;
use crate::rows;

/// Events of a plan.
const EVENTS: usize = 250;
/// Of so many bytes is asked at once whether they are zeros.
const PAGE: usize = 4096;

/// What happens to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// Its end is gone: a write that was torn, or never came to the disk.
    Cut,
    /// One bit is another.
    Flip,
    /// A sector holds zeros.
    Zero,
}

/// What came of a store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fate {
    Used,
    Refused,
    Panicked,
}

#[test]
fn a_store_that_is_cut_off_resumes_before_the_cut() {
    for seed in 0..5 {
        let fate = check(seed, Damage::Cut, false);
        assert_eq!(fate, Fate::Used, "seed {seed}");
    }
}

#[test]
fn a_damaged_store_is_refused_or_changes_no_row() {
    let mut fates = std::collections::BTreeMap::new();
    for seed in 0..8 {
        for damage in [Damage::Flip, Damage::Zero] {
            let fate = check(seed, damage, seed % 2 == 0);
            *fates.entry(fate).or_insert(0) += 1;
        }
    }
    println!("damaged stores: {fates:?}");
    assert!(fates.contains_key(&Fate::Refused), "{fates:?}");
    assert!(!fates.contains_key(&Fate::Panicked), "{fates:?}");
}

/// Works off a plan; in the middle the store is damaged. Whatever comes of it,
/// the rows are those of the reference.
fn check(seed: u64, damage: Damage, in_tables: bool) -> Fate {
    let plan = Plan::new(seed, EVENTS);
    let records = plan.records();
    let (expected, _) = rows::expected(&plan, &records);
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        path: directory.path().join("store"),
        cache_bytes: 8 << 20,
    };
    let mut rig = Rig::new(&plan);
    let mut rng = Rng::with_seed(seed);
    let (before, after) = records.split_at(records.len() / 2);
    for (topic, value) in before {
        rig.put(topic, value);
    }
    rig.ingest();
    // Dies with work undone.
    rig.process(FjallStore::open(&options).unwrap(), Some(rng.usize(20..60)));
    if in_tables {
        write_tables(&options.path);
    }
    let hurt = harm(&options.path, damage, &mut rng);
    for (topic, value) in after {
        rig.put(topic, value);
    }
    rig.ingest();
    let life =
        || -> Result<(), ProcessorError> { rig.try_process(FjallStore::open(&options)?, None) };
    let fate = match catch_unwind(AssertUnwindSafe(life)) {
        Ok(Ok(())) => Fate::Used,
        Ok(Err(error)) => {
            let error = error.to_string();
            println!("seed {seed}, {damage:?}, {hurt}: {error}");
            assert!(
                error.contains("are restored from their snapshots"),
                "{error}"
            );
            Fate::Refused
        }
        Err(_) => Fate::Panicked,
    };
    if fate != Fate::Used {
        // The way out: another store, from the log.
        std::fs::remove_dir_all(&options.path).unwrap();
        rig.process(FjallStore::open(&options).unwrap(), None);
    }
    let case = format!("seed {seed}, {damage:?} of {hurt}, {fate:?}");
    rows::assert_equal(&expected, &rows::actual(&rig.tables()), &case);
    fate
}

/// Moves what stands in the store's journal to its tables, which a store does
/// by itself when it is larger than any test's.
fn write_tables(store: &Path) {
    let database = fjall::Database::builder(store).open().unwrap();
    for name in database.list_keyspace_names() {
        let keyspace = database
            .keyspace(&name, fjall::KeyspaceCreateOptions::default)
            .unwrap();
        keyspace.rotate_memtable_and_wait().unwrap();
    }
}

/// Does harm to one of the store's files, where it holds something; says which.
fn harm(store: &Path, damage: Damage, rng: &mut Rng) -> String {
    let mut files = Vec::new();
    list(store, &mut files);
    files.sort();
    if matches!(damage, Damage::Cut) {
        files.retain(|file| file.extension().is_some_and(|end| end == "jnl"));
    }
    let file = rng.choice(&files).unwrap();
    let bytes = std::fs::read(file).unwrap();
    // A journal is longer than what was written to it.
    let written = bytes
        .chunks(PAGE)
        .rposition(|page| page != &[0; PAGE][..page.len()]);
    let place = rng.usize(..(written.unwrap_or(0) * PAGE + PAGE).min(bytes.len()));
    let opened = std::fs::File::options().write(true).open(file).unwrap();
    match damage {
        Damage::Cut => opened.set_len(place as u64).unwrap(),
        Damage::Flip => {
            let flipped = bytes[place] ^ (1 << rng.u8(..8));
            opened.write_all_at(&[flipped], place as u64).unwrap();
        }
        Damage::Zero => {
            let sector = place & !511;
            let zeros = vec![0; (bytes.len() - sector).min(512)];
            opened.write_all_at(&zeros, sector as u64).unwrap();
        }
    }
    let name = file.strip_prefix(store).unwrap();
    format!("{} at {place}", name.display())
}

/// All files with something in them.
fn list(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), files);
        } else if entry.metadata().unwrap().len() > 0 {
            files.push(entry.path());
        }
    }
}
