//! Where snapshots stand: a directory, or a bucket that speaks S3.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectMeta, ObjectStore, ObjectStoreExt as _, RetryConfig};
use throughline_stream::Stop;
use tokio::runtime::{Builder, Runtime};

use super::error::SnapshotError;
use super::name::{Name, is_manifest};
use crate::metrics as report;

/// How long one request may take, retries included.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked meanwhile whether the process is to end.
const GLANCE: Duration = Duration::from_millis(50);
/// How often a request to S3 is repeated, and for how long.
const RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

/// Where snapshots are kept, as it is configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// In a directory; made when something is written.
    Directory(PathBuf),
    /// In a bucket, under a prefix: `s3://bucket/prefix`. Region, endpoint and
    /// credentials are those of the environment (`AWS_…`).
    S3(String),
}

/// The snapshots of one topic. Cloned handles share the connection.
#[derive(Clone)]
pub struct Place {
    shared: Arc<Shared>,
}

struct Shared {
    storage: Box<dyn ObjectStore>,
    /// Always there, but at the end.
    runtime: Option<Runtime>,
    /// What all paths begin with.
    prefix: Path,
    /// The place for messages.
    shown: String,
    topic: String,
    partitions: u32,
}

/// What stands under one snapshot's name.
#[derive(Debug)]
pub(super) struct Found {
    /// Its name.
    pub name: Name,
    /// Its manifests: usually one, and none when it is not complete.
    pub manifests: Vec<ObjectMeta>,
    /// Everything else.
    pub others: Vec<Path>,
}

impl Place {
    /// The snapshots of this topic, which has so many partitions. Nothing is
    /// asked of the storage yet.
    pub fn new(location: &Location, topic: &str, partitions: u32) -> Result<Self, SnapshotError> {
        let (storage, prefix, shown): (Box<dyn ObjectStore>, _, _) = match location {
            Location::Directory(path) => {
                let url = path.display().to_string();
                let unusable = |reason: String| SnapshotError::Unusable {
                    url: url.clone(),
                    reason,
                };
                std::fs::create_dir_all(path).map_err(|error| unusable(error.to_string()))?;
                let storage = LocalFileSystem::new_with_prefix(path)
                    .map_err(|error| unusable(error.to_string()))?
                    .with_automatic_cleanup(true)
                    .with_fsync(true);
                (Box::new(storage), Path::default(), url)
            }
            Location::S3(url) => {
                let unusable = |reason: String| SnapshotError::Unusable {
                    url: url.clone(),
                    reason,
                };
                let retry = RetryConfig {
                    backoff: BackoffConfig::default(),
                    max_retries: RETRIES,
                    retry_timeout: RETRY_TIMEOUT,
                };
                let storage = AmazonS3Builder::from_env()
                    .with_url(url)
                    .with_retry(retry)
                    // One is deleted at a time, which every provider knows how to.
                    .with_disable_bulk_delete(true)
                    .build()
                    .map_err(|error| unusable(error.to_string()))?;
                let path = url.split_once("://").map_or("", |(_, rest)| rest);
                let prefix = path.split_once('/').map_or("", |(_, prefix)| prefix);
                (Box::new(storage), Path::from(prefix), url.clone())
            }
        };
        Self::with(storage, prefix, &shown, topic, partitions)
    }

    /// The same in any storage.
    pub(super) fn with(
        storage: Box<dyn ObjectStore>,
        prefix: Path,
        shown: &str,
        topic: &str,
        partitions: u32,
    ) -> Result<Self, SnapshotError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("object storage")
            .enable_all()
            .build()
            .map_err(|error| SnapshotError::Unusable {
                url: shown.to_owned(),
                reason: error.to_string(),
            })?;
        report::snapshots_may_come();
        let shared = Shared {
            storage,
            runtime: Some(runtime),
            prefix,
            shown: shown.trim_end_matches('/').to_owned(),
            topic: topic.to_owned(),
            partitions,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The broker's name of `events`.
    pub fn topic(&self) -> &str {
        &self.shared.topic
    }

    /// Where all of it is.
    pub fn shown(&self) -> &str {
        &self.shared.shown
    }

    /// Where a partition's snapshots are, for messages.
    pub fn shown_directory(&self, partition: u32) -> String {
        self.show(&self.directory(partition))
    }

    /// An object's or directory's place, for messages.
    pub(super) fn show(&self, path: &Path) -> String {
        let shared = &self.shared;
        let path = path.as_ref();
        let below = path.strip_prefix(shared.prefix.as_ref()).unwrap_or(path);
        format!("{}/{}", shared.shown, below.trim_start_matches('/'))
    }

    fn directory(&self, partition: u32) -> Path {
        let shared = &self.shared;
        let partitions = shared.partitions;
        let prefix = shared.prefix.clone().join(shared.topic.as_str());
        prefix.join(format!("{partition}-of-{partitions}"))
    }

    /// Where a snapshot stands.
    pub(super) fn path(&self, partition: u32, name: Name) -> Path {
        self.directory(partition).join(name.to_string())
    }

    /// What stands of a partition, the newest first.
    pub(super) fn list(&self, partition: u32, stop: &Stop) -> Result<Vec<Found>, SnapshotError> {
        let directory = self.directory(partition);
        let storage = &self.shared.storage;
        let listing = |path: &Path| {
            let listed = storage.list_with_delimiter(Some(path));
            self.wait(stop, "listing", path, listed)
        };
        let mut all = Vec::new();
        for path in listing(&directory)?.common_prefixes {
            let Some(name) = path.filename().and_then(Name::parse) else {
                continue;
            };
            let (manifests, others): (Vec<_>, Vec<_>) =
                listing(&path)?.objects.into_iter().partition(|object| {
                    let file = object.location.filename();
                    file.is_some_and(is_manifest)
                });
            let others = others.into_iter().map(|object| object.location).collect();
            all.push(Found {
                name,
                manifests,
                others,
            });
        }
        all.sort_by_key(|found| std::cmp::Reverse(found.name));
        Ok(all)
    }

    /// Writes an object whole.
    pub(super) fn put(
        &self,
        path: &Path,
        content: Vec<u8>,
        stop: &Stop,
    ) -> Result<(), SnapshotError> {
        let put = self.shared.storage.put(path, content.into());
        self.wait(stop, "writing", path, put).map(drop)
    }

    /// Reads an object; `None` when there is none.
    pub(super) fn get(&self, path: &Path, stop: &Stop) -> Result<Option<Vec<u8>>, SnapshotError> {
        let got = async {
            match self.shared.storage.get(path).await {
                Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.wait(stop, "reading", path, got)
    }

    /// Deletes an object, if it is there.
    pub(super) fn delete(&self, path: &Path, stop: &Stop) -> Result<(), SnapshotError> {
        let deleted = async {
            match self.shared.storage.delete(path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                other => other,
            }
        };
        self.wait(stop, "deleting", path, deleted)
    }

    /// Waits for an answer, but not for longer than the process is to live.
    fn wait<T>(
        &self,
        stop: &Stop,
        context: &'static str,
        path: &Path,
        answer: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, SnapshotError> {
        let failed = |reason: String| SnapshotError::Storage {
            context,
            path: self.show(path),
            reason,
        };
        let Some(runtime) = &self.shared.runtime else {
            return Err(SnapshotError::Stopped);
        };
        let since = Instant::now();
        runtime.block_on(async {
            let mut answer = pin!(answer);
            loop {
                if let Ok(answer) = tokio::time::timeout(GLANCE, &mut answer).await {
                    return answer.map_err(|error| failed(error.to_string()));
                }
                if stop.is_requested() {
                    return Err(SnapshotError::Stopped);
                }
                if since.elapsed() > PATIENCE {
                    return Err(failed(format!("no answer within {PATIENCE:?}")));
                }
            }
        })
    }
}

impl Drop for Shared {
    /// A request that hangs must not hold the end of the process up.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
