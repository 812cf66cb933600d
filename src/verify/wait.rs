//! Waiting for the line: until what was read of the log has arrived in
//! ClickHouse, and for a moment of rest.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use throughline_sink::scratch::{Scratch, Sums};
use throughline_stream::TopicPartition;
use throughline_stream::idle::{Offsets as _, Stage, Watermarks, is_idle, lag};

use super::{Ends, Line, remedy};
use crate::monitor;

/// How often the line is asked how far it is.
const GLANCE: Duration = Duration::from_millis(250);
/// How often sums that do not agree are added up again while the line moves.
const TRIES: u32 = 20;

/// How long to wait at most.
#[derive(Clone, Copy, Debug)]
pub struct Patience(Duration);

impl Patience {
    /// So many seconds.
    pub const fn new(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

/// Waits until the processors have passed these ends of `events`, and the
/// sinks what stood in `rollups` then.
pub fn until_arrived(line: &mut Line<'_>, ends: &Ends, patience: Patience) -> anyhow::Result<()> {
    let [_, processor, sink] = monitor::stages(line.settings);
    let since = Instant::now();
    until_done(line, &processor, ends, since, patience)?;
    let rows = line.ask(|offsets| offsets.watermarks(&sink.topics))?;
    until_done(line, &sink, &rows, since, patience)
}

fn until_done(
    line: &mut Line<'_>,
    stage: &Stage,
    goal: &BTreeMap<TopicPartition, Watermarks>,
    since: Instant,
    Patience(patience): Patience,
) -> anyhow::Result<()> {
    let partitions: Vec<_> = goal.keys().cloned().collect();
    let topics = stage.topics.join(", ");
    let style = format!(
        "waiting for {} {{bar:40}} {{pos}}/{{len}} records",
        stage.group
    );
    let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(&style)?);
    loop {
        let committed = line.ask(|offsets| offsets.committed(&stage.group, &partitions))?;
        let left = lag(goal, &committed).values().sum::<i64>().cast_unsigned();
        if left == 0 {
            bar.finish_and_clear();
            return Ok(());
        }
        let all = bar.length().unwrap_or(left);
        bar.set_length(all);
        bar.set_position(all.saturating_sub(left));
        if since.elapsed() >= patience {
            bail!(
                "{left} records of {topics} are still before the group {} after {} s. Let the line \
                 run (`throughline run`), or wait longer (--patience-seconds)",
                stage.group,
                patience.as_secs()
            );
        }
        ensure!(
            !line.stop.sleep(GLANCE),
            "asked to end while waiting for the line"
        );
    }
}

/// What came of adding up the views.
#[derive(Clone, Debug)]
pub enum Conservation {
    /// All sums agree.
    Holds(Sums),
    /// Some do not, though the line is at rest.
    Broken(Sums),
    /// Some do not, but the line moved each time they were added up.
    Unknown(Sums),
}

/// Adds the views up, again while the line moves.
pub fn sums(
    line: &mut Line<'_>,
    scratch: &Scratch,
    tenant: Option<&str>,
) -> anyhow::Result<Conservation> {
    let mut tries = 1;
    loop {
        let before = at_rest(line)?;
        let sums = scratch.sums(tenant).map_err(remedy)?;
        if sums.unequal.is_empty() {
            return Ok(Conservation::Holds(sums));
        }
        if before.is_some() && at_rest(line)? == before {
            return Ok(Conservation::Broken(sums));
        }
        if tries == TRIES {
            return Ok(Conservation::Unknown(sums));
        }
        tries += 1;
        ensure!(
            !line.stop.sleep(GLANCE),
            "asked to end before the sums were known"
        );
    }
}

/// Where the log ends, if all of it has arrived in ClickHouse.
fn at_rest(line: &mut Line<'_>) -> anyhow::Result<Option<Ends>> {
    let [_, processor, sink] = monitor::stages(line.settings);
    let topics = [&processor.topics[..], &sink.topics].concat();
    let ends = line.ask(|offsets| offsets.watermarks(&topics))?;
    let stages = [processor, sink];
    let is_idle = line.ask(|offsets| is_idle(&stages, offsets))?;
    Ok(is_idle.then_some(ends))
}
