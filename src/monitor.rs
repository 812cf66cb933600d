//! Watches the consumer groups: how far behind they are, when a generation of
//! figures is complete, and when the line is idle.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::gauge;
use throughline_processor::purge::Told;
use throughline_sink::Eraser;
use throughline_stream::idle::{Offsets as _, Stage, is_idle, lag};
use throughline_stream::kafka::GroupOffsets;
use throughline_stream::{Stop, StreamError, TopicPartition, metric_names};

use crate::config::Settings;
use crate::generation::{self, Switch};
use crate::health::{Health, State};
use crate::roles::Joined;

/// How long one question to Kafka may take before it counts as away.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is asked whether the line is idle.
const IDLE_INTERVAL: Duration = Duration::from_millis(250);

/// The stages of the line in the order of the flow.
pub fn stages(settings: &Settings) -> [Stage; 3] {
    let (topics, groups) = (&settings.kafka.topics, &settings.kafka.groups);
    let stage = |group: &str, topics: Vec<String>, feeds_itself| Stage {
        group: group.to_owned(),
        topics,
        feeds_itself,
    };
    let raw = topics.raw.iter().map(|(_, name)| name.clone()).collect();
    let rows = vec![topics.rollups.clone(), topics.dead_letters.clone()];
    [
        stage(&groups.ingest, raw, false),
        stage(&groups.processor, vec![topics.events.clone()], true),
        stage(&groups.sink, rows, false),
    ]
}

/// When to end by itself.
pub struct UntilIdle<'a> {
    /// These stages have nothing to do …
    pub stages: &'a [Stage],
    /// … and all of this process' workers are in their groups: before, offsets
    /// can tell of state that is lost.
    pub joined: Joined,
    /// By whom erased persons are forgotten before the end.
    pub told: Arc<Told>,
    /// In a process with a sink: a last pass, so that no row of an erased person
    /// is left when the process has ended.
    pub eraser: Option<Eraser>,
}

/// How long after a failed last pass of the eraser the next one comes.
const ERASER_PAUSE: Duration = Duration::from_secs(5);
/// How often in a row the line must be found idle.
const TIMES: u32 = 2;

/// Watches until a stop is requested; requests it when the line is idle. The
/// process with a sink has the switch between generations.
pub fn watch(
    settings: &Settings,
    until_idle: Option<&UntilIdle<'_>>,
    mut switch: Option<Switch>,
    health: &Health,
    stop: &Stop,
) {
    let all = stages(settings);
    let mut offsets = GroupOffsets::new(settings.kafka.client.clone(), PATIENCE);
    let mut measured: Option<Instant> = None;
    let mut idle = 0;
    loop {
        if measured.is_none_or(|at| at.elapsed() >= settings.telemetry.lag_interval) {
            measured = Some(Instant::now());
            let up = all
                .iter()
                .try_for_each(|stage| measure(stage, &mut offsets));
            report(&up, health);
            switched(&mut switch, |switch| switch.look(&mut offsets));
        }
        if let Some(until) = until_idle.filter(|until| until.joined.all()) {
            idle = match has_ended(until.stages, &mut offsets) {
                Ok(true) => idle + 1,
                Ok(false) => 0,
                Err(error) => {
                    tracing::debug!(%error, "cannot tell whether the line is idle");
                    0
                }
            };
            if idle >= TIMES && until.told.waiting() > 0 {
                // Then there is something to do again.
                until.told.tell();
                idle = 0;
            }
            if idle >= TIMES
                && switched(&mut switch, |switch| switch.at_idle(&mut offsets))
                && has_erased(until.eraser.as_ref(), stop)
            {
                tracing::info!("everything is consumed and has arrived");
                stop.request(settings.shutdown_timeout);
            }
        }
        if stop.sleep(IDLE_INTERVAL) {
            return;
        }
    }
}

/// Whether all stages have nothing to do, now or by themselves later.
fn has_ended(stages: &[Stage], offsets: &mut GroupOffsets) -> Result<bool, StreamError> {
    for stage in stages.iter().filter(|stage| stage.feeds_itself) {
        if generation::is_on_the_way(stage, offsets)? {
            return Ok(false);
        }
    }
    is_idle(stages, offsets)
}

/// Looks after the switch, if there is one; `false` when that has to be repeated.
fn switched(
    switch: &mut Option<Switch>,
    look: impl FnOnce(&mut Switch) -> anyhow::Result<()>,
) -> bool {
    let result = switch.as_mut().map_or(Ok(()), look);
    if let Err(error) = &result {
        let error = format!("{error:#}");
        tracing::debug!(error, "cannot tell whether the generation is complete");
    }
    result.is_ok()
}

/// Deletes what is left of erased persons; `false` when that has to be repeated.
/// The eraser itself says why.
fn has_erased(eraser: Option<&Eraser>, stop: &Stop) -> bool {
    let has_erased = eraser.is_none_or(|eraser| eraser.pass().is_ok());
    if !has_erased {
        stop.sleep(ERASER_PAUSE);
    }
    has_erased
}

/// How many records of each partition a stage has still to read.
pub fn lags(
    stage: &Stage,
    offsets: &mut GroupOffsets,
) -> Result<BTreeMap<TopicPartition, i64>, StreamError> {
    let watermarks = offsets.watermarks(&stage.topics)?;
    let partitions: Vec<_> = watermarks.keys().cloned().collect();
    let committed = offsets.committed(&stage.group, &partitions)?;
    Ok(lag(&watermarks, &committed))
}

fn measure(stage: &Stage, offsets: &mut GroupOffsets) -> Result<(), StreamError> {
    for (at, records) in lags(stage, offsets)? {
        gauge!(
            metric_names::STREAM_LAG_RECORDS,
            "group" => stage.group.clone(),
            "topic" => at.topic.to_string(),
            "partition" => at.partition.to_string(),
        )
        .set(records as f64);
    }
    Ok(())
}

fn report(up: &Result<(), StreamError>, health: &Health) {
    gauge!(metric_names::STREAM_KAFKA_UP).set(if up.is_ok() { 1.0 } else { 0.0 });
    match up {
        Ok(()) => health.set("kafka", State::Ready),
        Err(error) => health.set("kafka", State::Waiting(error.to_string())),
    }
}
