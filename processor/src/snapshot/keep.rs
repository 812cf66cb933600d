//! What is kept of old snapshots.

use throughline_stream::Stop;

use super::error::SnapshotError;
use super::place::{Found, Place};

impl Found {
    /// Whether all of it was written.
    pub(super) fn is_complete(&self) -> bool {
        !self.manifests.is_empty()
    }
}

/// Deletes all but the newest `keep` snapshots of a partition, and what is left
/// of older ones that were never complete. A failure is left to the next time.
pub fn tidy(place: &Place, partition: u32, keep: usize, stop: &Stop) {
    let tidied = place.list(partition, stop).and_then(|there| {
        let mut old = surplus(&there, keep).into_iter();
        old.try_for_each(|found| delete(place, found, stop))
    });
    match tidied {
        Ok(()) | Err(SnapshotError::Stopped) => {}
        Err(error) => tracing::warn!(%error, partition, "old snapshots were not deleted"),
    }
}

/// What is to be deleted of snapshots that come newest first. No clock says
/// what was given up: what is incomplete and older than a complete one is of no
/// use, even if somebody who is late still writes it.
fn surplus(there: &[Found], keep: usize) -> Vec<&Found> {
    let mut complete = 0;
    let surplus = there.iter().filter(|found| {
        if found.is_complete() {
            complete += 1;
            complete > keep
        } else {
            complete > 0
        }
    });
    surplus.collect()
}

/// The manifest goes first: without it nothing else is seen.
fn delete(place: &Place, found: &Found, stop: &Stop) -> Result<(), SnapshotError> {
    let manifests = found.manifests.iter().map(|object| &object.location);
    for path in manifests.chain(&found.others) {
        place.delete(path, stop)?;
    }
    Ok(())
}
