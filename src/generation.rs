//! Switches the views to a new generation of figures, once it is complete.
//!
//! Workers of the processor write beside the offsets they commit of which
//! generation a partition's figures are, or to which they are on the way. A
//! generation is complete when every partition of `events` was committed as
//! being of it, up to where the log ended, and all rows that came of it have
//! arrived. Until then the views show the one before, so they never show half
//! of one.

use std::collections::BTreeMap;

use throughline_sink::{ClickHouse, SinkError, schema};
use throughline_stream::idle::{CatchUp, Offsets as _, Stage};
use throughline_stream::kafka::GroupOffsets;
use throughline_stream::{StreamError, TopicPartition};

use crate::config::Settings;
use crate::roles;

/// How often the processors must reach the ends of `events`: while they work
/// the log off, they write messages into it.
const ROUNDS: usize = 3;

/// Waits for a generation to be complete.
pub struct Switch {
    clickhouse: ClickHouse,
    generation: u32,
    note: String,
    processor: Stage,
    sink: Stage,
    /// There while every partition is worked off under this generation.
    catch_up: Option<CatchUp>,
    done: bool,
}

impl Switch {
    /// A switch to the configured generation, unless the views show it already.
    pub fn new(settings: &Settings, processor: &Stage, sink: &Stage) -> Result<Self, SinkError> {
        Ok(Self {
            clickhouse: ClickHouse::new(&settings.clickhouse.connection)?,
            generation: settings.processor.generation,
            note: roles::generation_note(settings.processor.generation),
            processor: processor.clone(),
            sink: sink.clone(),
            catch_up: None,
            done: false,
        })
    }

    /// Looks whether the generation is complete by now, and if so switches.
    pub fn look(&mut self, offsets: &mut GroupOffsets) -> anyhow::Result<()> {
        if self.is_done()? {
            return Ok(());
        }
        if !self.is_at_work(offsets)? {
            self.catch_up = None;
            return Ok(());
        }
        let catch_up = self.catch_up.get_or_insert_with(|| {
            let mut stages = vec![self.processor.clone(); ROUNDS];
            stages.push(self.sink.clone());
            CatchUp::new(stages)
        });
        if catch_up.look(offsets)? {
            self.switch()?;
        }
        Ok(())
    }

    /// Switches if the line, which is idle, has worked under this generation.
    pub fn at_idle(&mut self, offsets: &mut GroupOffsets) -> anyhow::Result<()> {
        if !self.is_done()? && self.is_at_work(offsets)? {
            self.switch()?;
        }
        Ok(())
    }

    /// Whether the views show this generation already, or a later one.
    fn is_done(&mut self) -> Result<bool, SinkError> {
        if !self.done {
            self.done = schema::active_generation(&self.clickhouse)? >= self.generation;
        }
        Ok(self.done)
    }

    /// Whether all partitions of `events` are worked off under this generation.
    fn is_at_work(&self, offsets: &mut GroupOffsets) -> Result<bool, StreamError> {
        let marks = offsets.watermarks(&self.processor.topics)?;
        let notes = notes(&self.processor, offsets)?;
        let is_ours = |at| notes.get(at).is_some_and(|note| *note == self.note);
        Ok(!marks.is_empty() && marks.keys().all(is_ours))
    }

    fn switch(&mut self) -> Result<(), SinkError> {
        schema::activate(&self.clickhouse, self.generation)?;
        self.done = true;
        tracing::info!(
            generation = self.generation,
            "all figures of the generation are there; the views show it now"
        );
        Ok(())
    }
}

/// Whether a stage has partitions that are on their way to a generation: until
/// they are there, more is to come of them than their offsets tell.
pub fn is_on_the_way(stage: &Stage, offsets: &mut GroupOffsets) -> Result<bool, StreamError> {
    let notes = notes(stage, offsets)?;
    Ok(notes.values().any(|note| roles::is_on_the_way(note)))
}

fn notes(
    stage: &Stage,
    offsets: &mut GroupOffsets,
) -> Result<BTreeMap<TopicPartition, String>, StreamError> {
    let marks = offsets.watermarks(&stage.topics)?;
    let partitions: Vec<_> = marks.into_keys().collect();
    offsets.notes(&stage.group, &partitions)
}
