//! What can go wrong with a snapshot.

use std::ops::Range;

/// What can go wrong with a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The place is none that this program can use.
    #[error("snapshots cannot be kept at {url}: {reason}")]
    Unusable {
        /// What is configured.
        url: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// Object storage is away, or refuses.
    #[error("object storage fails while {context} {path}: {reason}")]
    Storage {
        /// What was being done.
        context: &'static str,
        /// With what.
        path: String,
        /// What the storage says.
        reason: String,
    },
    /// What stands there is not what was written.
    #[error("the snapshot {name} cannot be used: {reason}")]
    Damaged {
        /// Where it stands.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The process is to end.
    #[error("stopped before it was done")]
    Stopped,
    /// The log has lost what is needed, and no snapshot makes up for it.
    #[error(
        "{topic}[{partition}] holds only the offsets {} to {}: its retention has passed what came \
         before, so records are lost to this worker: its {held}, and {snapshots}. Restore the \
         topic, the state or a snapshot from a backup; or, to go on without the lost records, for \
         good and with figures that lack them, delete the state and set \
         `processor.accept_lost_events: true` for one start",
        log.start, log.end
    )]
    Gone {
        /// The broker's name of `events`.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offsets that the log holds.
        log: Range<i64>,
        /// What the worker has.
        held: String,
        /// What object storage has.
        snapshots: String,
    },
    /// A snapshot is of a log that is not there any more.
    #[error(
        "the snapshot {name} goes to offset {offset}, but {topic}[{partition}] ends at {end}: the \
         log was truncated or the topic made anew. Restore the topic; or, if it is another log, \
         move away the snapshots of the one before ({directory})"
    )]
    AnotherLog {
        /// Where it stands.
        name: String,
        /// The offset of the next record to apply to it.
        offset: i64,
        /// The broker's name of `events`.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset that the log's next record will get.
        end: i64,
        /// Where the snapshots of this partition stand.
        directory: String,
    },
}
