//! The log folded anew into a scratch store.
//!
//! Partitions are folded one after the other, each into a store of its own
//! that goes when it is done: this bounds the memory by the caches of one
//! partition, and the disk by the state of the largest. Messages to other
//! partitions go nowhere: those that the line sent stand in the log.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use throughline_processor::{
    Attribution, Config, FjallStore, Leaving, Owned, Store as _, StoreOptions,
};
use throughline_sink::scratch::{Horizon, Scratch};
use throughline_stream::kafka::LogReader;
use throughline_stream::{Outgoing, Stop, TopicPartition};

use super::{Ends, remedy};
use crate::config::Settings;
use crate::{prepare, roles};

/// Records of one read.
const RECORDS: usize = 1_000;

/// Folds all partitions up to their ends by the rules of the settings. Rows
/// go to the scratch tables; gives how far each partition's clock came.
pub fn fold(
    settings: &Settings,
    ends: &Ends,
    scratch: &mut Scratch,
    stop: &Stop,
) -> anyhow::Result<Horizon> {
    let directory = tempfile::Builder::new()
        .prefix("throughline-")
        .tempdir()
        .context("cannot make a directory for the scratch state (TMPDIR says where)")?;
    let records = ends.values().map(|marks| marks.high.cast_unsigned()).sum();
    let style = "reading the log {bar:40} {percent}% {pos}/{len} records {eta}";
    let mut fold = Fold {
        settings,
        config: roles::processor_config(settings),
        rules: Arc::new(roles::attribution(settings)),
        scratch,
        stop,
        bar: ProgressBar::new(records).with_style(ProgressStyle::with_template(style)?),
    };
    let mut times = Vec::new();
    for (at, marks) in ends {
        let path = directory.path().join(at.partition.to_string());
        times.push(fold.partition(&path, at, marks.high)?);
        std::fs::remove_dir_all(&path)
            .with_context(|| format!("cannot remove {}", path.display()))?;
    }
    fold.scratch.flush(stop).map_err(remedy)?;
    fold.bar.finish_and_clear();
    Ok(Horizon(times))
}

struct Fold<'a> {
    settings: &'a Settings,
    config: Config,
    rules: Arc<Attribution>,
    scratch: &'a mut Scratch,
    stop: &'a Stop,
    bar: ProgressBar,
}

impl Fold<'_> {
    /// Folds a partition from its beginning; gives its Lamport time at the end.
    fn partition(&mut self, path: &Path, at: &TopicPartition, end: i64) -> anyhow::Result<u64> {
        let number = at.partition as u32;
        let store = FjallStore::open(&StoreOptions {
            path: path.to_owned(),
            cache_bytes: self.settings.processor.cache_mib << 20,
        })?;
        let (backing, loaded) = store.open(number)?;
        let mut owned = Owned::new(number, &self.config, &self.rules, backing, loaded)?;
        let kafka = &self.settings.kafka;
        let mut log = LogReader::new(
            &kafka.client,
            kafka.fetch_buffer_kib,
            at.clone(),
            owned.next_offset(),
            end,
            prepare::PATIENCE,
        )?;
        let mut uncovered = 0;
        loop {
            ensure!(
                !self.stop.is_requested(),
                "asked to end before the log was read"
            );
            let records = log.read(RECORDS)?;
            let is_at_end = records.is_empty();
            for record in &records {
                let (_, rows) = owned.apply(record, &self.config, &self.rules)?;
                self.take(rows)?;
            }
            uncovered += records.len();
            self.bar.inc(records.len() as u64);
            if is_at_end
                || uncovered >= self.config.checkpoint_records
                || owned.is_full(&self.config)
            {
                uncovered = 0;
                let mut batch = store.batch();
                let Leaving { records, .. } =
                    owned.checkpoint(&self.config, &self.rules, &mut batch);
                self.take(records)?;
                store.commit(batch)?;
                owned.evict(&self.config);
            }
            if is_at_end {
                return Ok(owned.fold().lamport());
            }
        }
    }

    /// Takes the rows among what leaves a partition.
    fn take(&mut self, records: Vec<Outgoing>) -> anyhow::Result<()> {
        for record in records {
            if record.topic == self.config.rollups_topic {
                let value = record.value.unwrap_or_default();
                self.scratch.add(&value, self.stop).map_err(remedy)?;
            }
        }
        Ok(())
    }
}
