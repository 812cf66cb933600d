//! A partition on its way to a new generation: it keeps facts alone until the
//! log announces the generation; there it is restated from its own state, kind
//! of key by kind of key, in bounded steps. How far it is stands in the store
//! beside the state, in the same write, so a crash repeats a step or none.

use throughline_core::Restated;
use throughline_core::{Backing, Partition};
use throughline_stream::{Outgoing, Record};

use crate::announcement;
use crate::error::ProcessorError;
use crate::owned::{Owned, context, outgoing};
use crate::rules::Attribution;
use crate::store::Stored;
use crate::stored::{self, Meta, Progress, Stage};
use crate::worker::Config;

/// The generation that begins with the log; others are announced in it.
const FIRST: u32 = 1;
/// Stored keys of one step.
const STEP_KEYS: usize = 500;

/// How far a partition is when a worker takes it over, by what is stored of it.
pub fn begin<B: Stored>(
    partition: u32,
    generation: u32,
    backing: &B,
    meta: Option<&Meta>,
) -> Result<Progress, ProcessorError> {
    match meta {
        None if generation == FIRST || !B::KEEPS => Ok(Progress::There),
        None => Ok(Progress::Awaiting),
        Some(meta) if meta.generation < generation => Ok(Progress::Awaiting),
        Some(_) => stored_progress(partition, backing),
    }
}

/// Whether a stored partition is at a generation.
pub fn is_there<B: Stored>(
    partition: u32,
    generation: u32,
    backing: &B,
    meta: Option<&Meta>,
) -> Result<bool, ProcessorError> {
    Ok(begin(partition, generation, backing, meta)? == Progress::There)
}

/// How far a stored partition is.
pub fn stored_progress<B: Stored>(partition: u32, backing: &B) -> Result<Progress, ProcessorError> {
    let value = backing.value(&stored::PROGRESS_KEY)?;
    let progress = value.map_or(Ok(Progress::There), |value| Progress::decode(&value));
    progress.map_err(|reason| ProcessorError::Damaged {
        partition,
        what: "note on its generation",
        reason: reason.0,
    })
}

/// Makes a fold that is about to go on what it is at that point.
pub fn resume<B: Backing>(partition: &mut Partition<B>, progress: &Progress) {
    match progress {
        Progress::There => {}
        Progress::Awaiting => partition.keep_facts_only(),
        Progress::Restating { .. } => partition.go_on_restating(),
    }
}

impl<B: Backing<Error = ProcessorError> + Stored> Owned<B> {
    /// Whether the partition is being restated: no record is applied meanwhile.
    pub const fn is_restating(&self) -> bool {
        matches!(self.progress, Progress::Restating { .. })
    }

    /// Whether its rows and cells are not yet those of the generation.
    pub fn is_on_the_way(&self) -> bool {
        self.progress != Progress::There
    }

    /// The record by which the log comes to know of the generation, while it
    /// does not. Of several only the first has a meaning.
    pub fn announcement(&self, config: &Config, rules: &Attribution) -> Option<Outgoing> {
        let value = announcement::encode(rules.generation());
        (self.progress == Progress::Awaiting)
            .then(|| outgoing(&config.events_topic, self.number, value))
    }

    /// Applies a record that announces a generation.
    pub(crate) fn announced(
        &mut self,
        generation: u32,
        record: &Record,
        rules: &Attribution,
    ) -> Result<(), ProcessorError> {
        let configured = rules.generation();
        if generation > configured {
            return Err(ProcessorError::Announced {
                partition: self.number,
                offset: record.offset,
                announced: generation,
                configured,
            });
        }
        self.partition.tick();
        self.dirty = true;
        if generation == configured && self.progress == Progress::Awaiting {
            tracing::info!(
                partition = self.number,
                generation,
                "restating all figures from the state"
            );
            // The record counts as applied when all of it is done.
            self.next_offset = record.offset;
            self.partition.begin_restating();
            // The channels may be others.
            let [_, _, dims, _] = &mut self.stored_names;
            *dims = 0;
            self.enter(Progress::at(Stage::Clearing));
        } else {
            self.next_offset = record.offset;
            self.passed(&announcement::encode(generation));
        }
        Ok(())
    }

    fn enter(&mut self, progress: Progress) {
        self.progress = progress;
        // What the next stage goes through must be in the store.
        self.must_be_stored = true;
    }

    /// Does one step of restating, unless what was done has to be stored first.
    /// Gives the records of rows that are full.
    pub fn restate(
        &mut self,
        config: &Config,
        rules: &Attribution,
    ) -> Result<Vec<Outgoing>, ProcessorError> {
        let Progress::Restating { stage, after } = &self.progress else {
            return Ok(Vec::new());
        };
        if self.must_be_stored {
            return Ok(Vec::new());
        }
        let stage = *stage;
        let keys = self
            .partition
            .backing()
            .keys(stage.space(), after, STEP_KEYS)?;
        self.dirty = true;
        self.restated_keys += keys.len();
        let Some(last) = keys.last() else {
            self.end_stage(stage, rules);
            return Ok(Vec::new());
        };
        let after = last.clone();
        self.settle_keys(stage, keys, config, rules)?;
        self.progress = Progress::Restating { stage, after };
        Ok(self.full_rows(config))
    }

    fn end_stage(&mut self, stage: Stage, rules: &Attribution) {
        if stage == Stage::Kept {
            self.partition.end_restating_kept();
            self.must_store_models = true;
        }
        if let Some(next) = stage.next() {
            return self.enter(Progress::at(next));
        }
        self.enter(Progress::There);
        self.passed(&announcement::encode(rules.generation()));
        tracing::info!(
            partition = self.number,
            generation = rules.generation(),
            "all figures are restated"
        );
    }

    fn settle_keys(
        &mut self,
        stage: Stage,
        keys: Vec<Vec<u8>>,
        config: &Config,
        rules: &Attribution,
    ) -> Result<(), ProcessorError> {
        let number = self.number;
        let unreadable = || ProcessorError::Damaged {
            partition: number,
            what: "key",
            reason: "it is not as long as such keys are",
        };
        match stage {
            Stage::Clearing => self.removed.extend(keys),
            Stage::Kept | Stage::Costs | Stage::Journeys => {
                let mut pieces = Vec::with_capacity(keys.len());
                for key in keys {
                    let piece = match stage {
                        Stage::Kept => stored::chunk_of(&key).map(Restated::Kept),
                        Stage::Costs => stored::ident_of(&key).map(Restated::Cost),
                        _ => stored::ident_of(&key).map(Restated::Node),
                    };
                    pieces.push(piece.ok_or_else(unreadable)?);
                }
                self.partition.restate(pieces.into_iter())?;
                let (names, rows) = self.partition.rows();
                let context = context(number, names, config, rules);
                for row in rows {
                    self.outbox.add(row, context);
                }
            }
            Stage::Cells => {
                for key in keys {
                    let chunk = stored::chunk_of(&key).ok_or_else(unreadable)?;
                    let (names, cells) = self.partition.whole_chunk(chunk)?;
                    let context = context(number, names, config, rules);
                    for (key, cell) in cells {
                        self.outbox.add_cell(key, cell, context);
                    }
                }
            }
        }
        Ok(())
    }
}
