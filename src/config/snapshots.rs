//! The section `processor.snapshots`: copies of the state in object storage.

use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;

/// Intervals in milliseconds: a day at most.
const INTERVAL_MS: std::ops::RangeInclusive<u64> = 0..=86_400_000;

/// Where snapshots are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SnapshotPlace {
    /// In a directory beside the state.
    Beside,
    /// In this directory.
    Directory(PathBuf),
    /// In a bucket: `s3://bucket/prefix`.
    S3(String),
}

/// The section `processor.snapshots`.
#[derive(Clone, Debug)]
pub struct Snapshots {
    /// Where they are kept.
    pub place: SnapshotPlace,
    /// How often one is written of a partition; `None`: never.
    pub interval: Option<Duration>,
    /// How many are kept of a partition.
    pub keep: usize,
}

impl Snapshots {
    /// Reads the section under `processor`.
    pub fn read(processor: &Section<'_>) -> Self {
        let Some(section) = processor.section("snapshots") else {
            return Self {
                place: SnapshotPlace::Beside,
                interval: None,
                keep: 1,
            };
        };
        let place = section.parse("url", place);
        let interval = section.millis("interval_ms", INTERVAL_MS);
        Self {
            place: place.unwrap_or(SnapshotPlace::Beside),
            interval: (!interval.is_zero()).then_some(interval),
            keep: section.whole("keep", 1..=1000),
        }
    }
}

fn place(text: &str) -> Result<SnapshotPlace, String> {
    let text = text.trim();
    let bucket = |rest: &str| rest.split('/').next().is_some_and(|name| !name.is_empty());
    match text.split_once("://") {
        None if text.is_empty() => Ok(SnapshotPlace::Beside),
        None => Ok(SnapshotPlace::Directory(text.into())),
        Some(("s3", rest)) if bucket(rest) => Ok(SnapshotPlace::S3(text.to_owned())),
        Some(_) => Err(format!(
            "`{text}` is neither a directory nor s3://bucket/prefix"
        )),
    }
}
