//! Where a worker begins in a partition that it is given.

use std::ops::Range;
use std::sync::Arc;

use throughline_stream::Stop;

use super::error::SnapshotError;
use super::place::Place;
use super::restore::{self, Newest, Terms};
use crate::error::ProcessorError;
use crate::rules::Attribution;
use crate::store::FjallStore;
use crate::worker::Config;

/// Where to begin in a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begin {
    /// At this offset: the store holds the state before it.
    At(i64),
    /// The same, and the record before it is in the log.
    After(i64),
    /// At the log's beginning.
    Beginning,
    /// It cannot be told now: object storage is away, or the process is to end.
    Later(String),
}

/// Finds where to begin, and restores what is missing first.
pub struct Starter {
    /// Where the state is, or is restored to.
    pub store: FjallStore,
    /// Where the snapshots are.
    pub place: Place,
    /// What a worker is configured by.
    pub config: Config,
    /// The rules of the state.
    pub rules: Arc<Attribution>,
    /// Whether a log that has lost its beginning may be taken for a whole one.
    pub accept_lost_events: bool,
    /// When to end.
    pub stop: Stop,
}

impl Starter {
    /// Where to begin in a partition whose log holds these offsets. A state
    /// that goes on within the log is used; else the newest snapshot that does
    /// is restored; else the log begins at its first record, or it is refused.
    pub fn begin(&self, partition: u32, log: &Range<i64>) -> Result<Begin, ProcessorError> {
        let goes_on = |offset: &i64| *offset >= log.start;
        let begin = |offset: i64| {
            if offset > log.start {
                Begin::After(offset)
            } else {
                Begin::At(offset)
            }
        };
        if let Some(offset) = self.store.next_offset(partition)?.filter(goes_on) {
            return Ok(begin(offset));
        }
        let into = self.store.restoring(partition);
        // Another worker of this process may have had it meanwhile.
        let held = into.next_offset()?;
        if let Some(offset) = held.filter(goes_on) {
            return Ok(begin(offset));
        }
        let terms = Terms {
            config: &self.config,
            rules: &self.rules,
        };
        let newest = restore::replace(&into, &self.place, terms, partition, Some(log), &self.stop);
        match newest {
            Ok(Newest::Restored(restored)) => {
                tracing::info!(
                    partition,
                    snapshot = restored.name,
                    offset = restored.next_offset,
                    records_after = log.end - restored.next_offset,
                    keys = restored.keys,
                    bytes = restored.bytes,
                    seconds = restored.took.as_secs_f64(),
                    "restored a snapshot; the log after it follows"
                );
                Ok(begin(restored.next_offset))
            }
            Ok(Newest::None { refused, too_old }) => {
                self.without(partition, log, held, refused, too_old)
            }
            Err(ProcessorError::Snapshot(
                error @ (SnapshotError::Storage { .. } | SnapshotError::Stopped),
            )) => Ok(Begin::Later(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// What to do without a snapshot.
    fn without(
        &self,
        partition: u32,
        log: &Range<i64>,
        held: Option<i64>,
        refused: usize,
        too_old: Option<(String, i64)>,
    ) -> Result<Begin, ProcessorError> {
        let is_whole = log.start == 0 || self.accept_lost_events;
        if held.is_none() && is_whole {
            let records = log.end - log.start;
            if log.start > 0 {
                let first = log.start;
                tracing::warn!(
                    partition,
                    first,
                    records,
                    "building the state from what is left of the log: figures lack the events before it"
                );
            } else if records > 0 {
                tracing::info!(
                    partition,
                    records,
                    "no state and no snapshot: building the state from the log's beginning"
                );
            }
            return Ok(Begin::Beginning);
        }
        let held = match held {
            Some(offset) => format!("state goes on at offset {offset}, which is not in the log"),
            None => "state is not there".to_owned(),
        };
        let directory = self.place.shown_directory(partition);
        let snapshots = match (too_old, refused) {
            (Some((name, offset)), _) => {
                format!(
                    "its newest snapshot ({name}) ends at offset {offset}, before the log begins"
                )
            }
            (None, 0) => format!("there is no snapshot of it in {directory}"),
            (None, _) => format!(
                "none of the {refused} snapshots in {directory} can be used (see the warnings before)"
            ),
        };
        Err(SnapshotError::Gone {
            topic: self.place.topic().to_owned(),
            partition,
            log: log.clone(),
            held,
            snapshots,
        }
        .into())
    }
}
