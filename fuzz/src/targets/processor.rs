//! The fold, on records of `events` that hold anything.

use std::cell::LazyCell;
use std::sync::Arc;

use throughline_processor::{Attribution, Config, Owned, ProcessorError};
use throughline_proto::topics::{EVENTS, ROLLUPS};
use throughline_sink::blocks::Blocks;
use throughline_stream::{Outgoing, Record};
use throughline_tests::configure;
use throughline_tests::simulate::{Batch, SharedDisk};

use crate::input::Input;

/// Partitions of `events`; the target is the first.
const PARTITIONS: u32 = 2;

/// Rules of several tenants.
pub fn rules() -> Arc<Attribution> {
    thread_local! {
        static RULES: LazyCell<Arc<Attribution>> =
            LazyCell::new(|| Arc::new(configure::rules(&super::settings())));
    }
    RULES.with(|rules| Arc::clone(rules))
}

/// Records in a row, parted by a byte that no format begins with. Each is
/// applied or refused.
pub fn log(data: &[u8]) {
    let mut input = Input::new(data);
    let records: Vec<_> = std::iter::from_fn(|| input.part()).take(4).collect();
    judge(apply(&records));
    let whole = [data];
    judge(apply(&whole));
}

/// Records are refused for what they hold, and for a generation that they
/// announce and nobody here was configured for.
fn judge(applied: Result<(), ProcessorError>) {
    match applied {
        Ok(()) | Err(ProcessorError::Garbled { .. } | ProcessorError::Announced { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Applies records, with a checkpoint and a life of its own for each. What
/// leaves is read by those it is for: rows by the sink, messages by a processor.
pub fn apply(records: &[&[u8]]) -> Result<(), ProcessorError> {
    let config = configure::processor(PARTITIONS);
    let rules = rules();
    let (leaving, _) = fold(records)?;
    let mut other = Owned::new(1, &config, &rules, SharedDisk::default(), None)?;
    for (offset, sent) in leaving.iter().enumerate() {
        read(&mut other, offset, sent, &config, &rules);
    }
    Ok(())
}

/// The same without anyone who reads: what leaves, and what is stored.
pub fn fold(records: &[&[u8]]) -> Result<(Vec<Outgoing>, SharedDisk), ProcessorError> {
    let config = configure::processor(PARTITIONS);
    let rules = rules();
    let disk = SharedDisk::default();
    let mut leaving = Vec::new();
    for (offset, value) in records.iter().enumerate() {
        let loaded = disk.load()?;
        let mut owned = Owned::new(0, &config, &rules, disk.clone(), loaded)?;
        let (_, full) = owned.apply(&record(offset, value), &config, &rules)?;
        leaving.extend(full);
        let mut batch = Batch::new();
        leaving.extend(owned.checkpoint(&config, &rules, &mut batch).records);
        disk.write(batch);
    }
    Ok((leaving, disk))
}

fn read(
    other: &mut Owned<SharedDisk>,
    offset: usize,
    sent: &Outgoing,
    config: &Config,
    rules: &Attribution,
) {
    let value = sent.value.as_deref().unwrap_or_default();
    if *sent.topic == *ROLLUPS {
        let mut blocks = Blocks::default();
        throughline_sink::rows::append(value, &mut blocks).expect("the sink reads every row");
    } else {
        let applied = other.apply(&record(offset, value), config, rules);
        applied.expect("a processor reads what another one writes");
    }
}

fn record(offset: usize, value: &[u8]) -> Record {
    Record {
        topic: EVENTS.into(),
        partition: 0,
        offset: offset as i64,
        timestamp_ms: 0,
        key: None,
        value: Some(value.to_vec()),
        headers: Vec::new(),
    }
}
