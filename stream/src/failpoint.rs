//! Steps at which a process can be made to die, so that tests can show what a
//! death at that very step does: `FAILPOINT=commit:3` ends the process when it
//! comes to `commit` for the third time, as abruptly as `kill -9` does.
//!
//! The steps stand at the seam that every role works through, so the store of
//! the processor and the inserts of the sink lie between two of them. Builds
//! without debug assertions have none of this.

/// Where a process can be made to die.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Records were read, and nothing was done about them.
    Read,
    /// A record was handed over to the client, and may or may not be written.
    Send,
    /// Everything that was sent is acknowledged.
    Acknowledged,
    /// Everything is done but the commit of the offsets: the store is written,
    /// the rows are inserted.
    Commit,
    /// The offsets are on their way.
    Committed,
    /// Partitions were given to this worker, and it knows where to begin.
    Assigned,
    /// Partitions were taken away, and what was read of them is not finished.
    Revoked,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Send,
        Self::Acknowledged,
        Self::Commit,
        Self::Committed,
        Self::Assigned,
        Self::Revoked,
    ];

    /// Its name in the environment.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Acknowledged => "acknowledged",
            Self::Commit => "commit",
            Self::Committed => "committed",
            Self::Assigned => "assigned",
            Self::Revoked => "revoked",
        }
    }
}

/// The environment's variable. It is none of the configuration's.
pub const VARIABLE: &str = "FAILPOINT";

/// Dies here if that is what the environment asks for.
#[cfg(debug_assertions)]
pub(crate) fn reached(step: Step) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ASKED: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        let asked = std::env::var(VARIABLE).ok()?;
        let (name, times) = asked.split_once(':')?;
        Some((name.to_owned(), AtomicU32::new(times.parse().ok()?)))
    });
    let Some((name, left)) = asked else { return };
    if name == step.name() && left.fetch_sub(1, Ordering::Relaxed) == 1 {
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) const fn reached(_step: Step) {}
