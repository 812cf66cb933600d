//! Every target on its seeds, on what was found, and on both with a little damage.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use throughline_fuzz::{TARGETS, Target, seeds};

/// Damaged copies of an input, each changed in one place or two.
const COPIES: usize = 24;

/// A generator of numbers that is the same everywhere (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) % limit.max(1) as u64) as usize
    }
}

/// 2^60 as the flat layout writes it: as a length, more than there can be.
const HUGE: [u8; 9] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];

fn damaged(input: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(2) {
        let at = dice.below(bytes.len());
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, dice.below(256) as u8),
            2 => drop(bytes.splice(at..at, HUGE)),
            3 => drop(bytes.splice(at..(at + 1).min(bytes.len()), HUGE)),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
    bytes
}

fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let Ok(entries) = std::fs::read_dir(directory.join(target.name)) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("a directory that can be read").path());
    let mut paths: Vec<PathBuf> = paths.collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("a file that can be read");
        (path.display().to_string(), bytes)
    };
    paths.into_iter().map(read).collect()
}

/// One test, since memory is counted for the whole process. All failures are
/// told at once, each with the input that it is seen on.
#[test]
fn every_target_withstands_what_was_found() {
    let mut dice = Dice(1);
    let mut failures = Vec::new();
    for target in TARGETS {
        let seeds = seeds::of(target.name);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        let seeds = seeds.into_iter().enumerate();
        let seeds = seeds.map(|(index, seed)| (format!("seed {index}"), seed));
        for (name, input) in seeds.chain(corpus(target)) {
            let copies: Vec<_> = (0..COPIES).map(|_| damaged(&input, &mut dice)).collect();
            for input in std::iter::once(input).chain(copies) {
                if catch_unwind(|| target.check(&input)).is_err() {
                    failures.push(format!("{} by {name}: {input:?}", target.name));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_corpus_belongs_to_targets() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in std::fs::read_dir(directory).expect("the corpus") {
        let name = entry.expect("a directory").file_name();
        let name = name.to_string_lossy();
        assert!(Target::named(&name).is_some(), "there is no target {name}");
    }
}
