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
use throughline_processor::snapshot::{Place, restore_into};
use throughline_processor::{
    Attribution, Config, FjallBacking, FjallStore, Leaving, Owned, Store as _, StoreOptions,
};
use throughline_sink::scratch::{Horizon, Scratch, Span};
use throughline_stream::idle::Watermarks;
use throughline_stream::kafka::LogReader;
use throughline_stream::{Outgoing, Record, Stop, TopicPartition};

use super::{Ends, remedy};
use crate::config::Settings;
use crate::{prepare, roles, snapshots};

/// Records of one read.
const RECORDS: usize = 1_000;

/// Where the fold begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// At the log's beginning.
    Log,
    /// At the newest snapshot of each partition; where there is none, at the
    /// log's beginning.
    Snapshots,
}

/// Folds all partitions up to their ends by the rules of the settings. Rows
/// go to the scratch tables; gives the stretch of each partition's clock.
pub fn fold(
    settings: &Settings,
    from: From,
    ends: &Ends,
    scratch: &mut Scratch,
    stop: &Stop,
) -> anyhow::Result<Horizon> {
    let place = match from {
        From::Log => None,
        From::Snapshots => Some(snapshots::place(settings)?),
    };
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
        place,
        scratch,
        stop,
        bar: ProgressBar::new(records).with_style(ProgressStyle::with_template(style)?),
    };
    let mut spans = Vec::new();
    for (at, marks) in ends {
        let path = directory.path().join(at.partition.to_string());
        spans.push(fold.partition(&path, at, marks)?);
        std::fs::remove_dir_all(&path)
            .with_context(|| format!("cannot remove {}", path.display()))?;
    }
    fold.scratch.flush(stop).map_err(remedy)?;
    fold.bar.finish_and_clear();
    Ok(Horizon(spans))
}

struct Fold<'a> {
    settings: &'a Settings,
    config: Config,
    rules: Arc<Attribution>,
    place: Option<Place>,
    scratch: &'a mut Scratch,
    stop: &'a Stop,
    bar: ProgressBar,
}

impl Fold<'_> {
    /// Folds a partition; gives its Lamport times before and after.
    fn partition(
        &mut self,
        path: &Path,
        at: &TopicPartition,
        marks: &Watermarks,
    ) -> anyhow::Result<Span> {
        let number = at.partition as u32;
        let store = FjallStore::open(&StoreOptions {
            path: path.to_owned(),
            cache_bytes: self.settings.processor.cache_mib << 20,
        })?;
        self.restore(&store, number, marks)?;
        let (backing, loaded) = store.open(number)?;
        let mut owned = Owned::new(number, &self.config, &self.rules, backing, loaded)?;
        let from = owned.next_offset();
        ensure!(
            marks.low <= from,
            "the log of {}[{number}] begins at offset {}: what stood before is gone, so that its rows \
             cannot be reckoned anew. Restore the log from a backup; `verify` without --from-log \
             takes snapshots (`processor.snapshots`) for what is gone",
            at.topic,
            marks.low
        );
        let before = owned.fold().lamport();
        let kafka = &self.settings.kafka;
        let mut log = LogReader::new(
            &kafka.client,
            kafka.fetch_buffer_kib,
            at.clone(),
            from,
            marks.high,
            prepare::PATIENCE,
        )?;
        self.bar.inc(from.min(marks.high).cast_unsigned());
        let mut uncovered = 0;
        loop {
            ensure!(
                !self.stop.is_requested(),
                "asked to end before the log was read"
            );
            let records = log.read(RECORDS)?;
            let is_at_end = records.is_empty();
            for record in &records {
                self.apply(&store, &mut owned, record)?;
            }
            uncovered += records.len();
            self.bar.inc(records.len() as u64);
            // Rules that the log knows nothing of yet begin here.
            if is_at_end && let Some(announcement) = owned.announcement(&self.config, &self.rules) {
                let record = Record {
                    topic: Arc::clone(&at.topic),
                    partition: at.partition,
                    offset: marks.high,
                    timestamp_ms: 0,
                    key: None,
                    value: announcement.value,
                    headers: announcement.headers,
                };
                self.apply(&store, &mut owned, &record)?;
            }
            if is_at_end
                || uncovered >= self.config.checkpoint_records
                || owned.is_full(&self.config)
            {
                uncovered = 0;
                self.checkpoint(&store, &mut owned)?;
            }
            if is_at_end {
                let after = owned.fold().lamport();
                return Ok(Span { before, after });
            }
        }
    }

    /// Applies a record, and restates the partition if it says so.
    fn apply(
        &mut self,
        store: &FjallStore,
        owned: &mut Owned<FjallBacking>,
        record: &Record,
    ) -> anyhow::Result<()> {
        let (_, rows) = owned.apply(record, &self.config, &self.rules)?;
        self.take(rows)?;
        while owned.is_restating() {
            ensure!(
                !self.stop.is_requested(),
                "asked to end before all was restated"
            );
            let rows = owned.restate(&self.config, &self.rules)?;
            self.take(rows)?;
            if owned.is_full(&self.config) {
                self.checkpoint(store, owned)?;
            }
        }
        Ok(())
    }

    fn checkpoint(
        &mut self,
        store: &FjallStore,
        owned: &mut Owned<FjallBacking>,
    ) -> anyhow::Result<()> {
        let mut batch = store.batch();
        let Leaving { records, .. } = owned.checkpoint(&self.config, &self.rules, &mut batch);
        self.take(records)?;
        store.commit(batch)?;
        owned.evict(&self.config);
        Ok(())
    }

    /// Puts the newest snapshot into the store, if one is wanted and there is one.
    fn restore(
        &self,
        store: &FjallStore,
        partition: u32,
        marks: &Watermarks,
    ) -> anyhow::Result<()> {
        let Some(place) = &self.place else {
            return Ok(());
        };
        let log = marks.low..marks.high;
        let (config, rules) = (&self.config, &self.rules);
        restore_into(
            store,
            place,
            config,
            rules,
            partition,
            Some(&log),
            self.stop,
        )?;
        Ok(())
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
