//! Arbitrary bytes into every parser and codec of the line.
//!
//! A target is a plain function over bytes that panics when a property does not
//! hold. The tests replay what is kept in `corpus/`, with small deliberate
//! damage; `make fuzz` lets libFuzzer search for more (`src/main.rs`). What
//! that finds goes into the corpus of its target, and stays there.
//!
//! Beside its own properties, every target must not take much more memory than
//! its input: a length that is only claimed reserves nothing.

mod input;
pub mod seeds;
mod targets;

use peak_alloc::PeakAlloc;

pub use targets::TARGETS;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory that any input may take: tables that are made once, patterns that
/// are compiled.
const FIXED_BYTES: usize = 96 << 20;
/// And for each of its bytes. A byte of a list may stand for a value in memory
/// of some hundred bytes.
const BYTES_PER_BYTE: usize = 4096;

/// Something that reads bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, also of its directory in `corpus/`.
    pub name: &'static str,
    /// Reads the bytes; panics when a property does not hold.
    pub read: fn(&[u8]),
}

impl Target {
    /// The target of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Lets the target read.
    ///
    /// # Panics
    ///
    /// When a property does not hold, or when it took too much memory.
    pub fn check(&self, data: &[u8]) {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        (self.read)(data);
        let taken = MEMORY.peak_usage().saturating_sub(before);
        let limit = FIXED_BYTES + BYTES_PER_BYTE * data.len();
        let length = data.len();
        assert!(
            taken <= limit,
            "{length} bytes of input took {taken} bytes of memory"
        );
    }
}
