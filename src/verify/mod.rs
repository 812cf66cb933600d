//! `throughline verify`: are the rows in ClickHouse those that the log gives?
//!
//! The log of `events` is folded anew, by the fold of the processor itself,
//! into a scratch store; its rows go into tables beside the real ones, and
//! ClickHouse compares the two. The line may run meanwhile: rows of one key and
//! version are equal, and what was reckoned is compared only when the line has
//! come as far, so that a row of a later version is later news and no
//! difference. Nothing is written to Kafka, and no group is joined there.

mod args;
mod fold;
mod report;
pub mod restate;
mod wait;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use throughline_sink::SinkError;
use throughline_sink::scratch::{Horizon, Scratch};
use throughline_sink::table::Table;
use throughline_stream::idle::{Offsets as _, Watermarks};
use throughline_stream::kafka::GroupOffsets;
use throughline_stream::{Stop, StreamError, TopicPartition};

pub use args::{RestateArgs, VerifyArgs};

use crate::config::Settings;
use crate::remedy::with_remedy;
use crate::{prepare, roles, shutdown};
use report::{Checked, Report};
use wait::Patience;

/// How long what is under way may take once the command was asked to end.
const SHUTDOWN: Duration = Duration::from_mins(10);
/// How long to wait before Kafka is asked again.
const NAP: Duration = Duration::from_millis(200);

/// Compares, and mends if asked to.
pub fn execute(settings: &Settings, args: &VerifyArgs) -> anyhow::Result<()> {
    let stop = Stop::new();
    shutdown::on_signals(&stop, SHUTDOWN)?;
    let mut line = Line::new(settings, &stop);
    line.works_by_these_rules()?;
    let mut scratch = scratch(settings, &args.tables())?;
    let ends = line.ends()?;
    let horizon = fold::fold(settings, args.from(), &ends, &mut scratch, &stop)?;
    let patience = Patience::new(args.patience_seconds);
    wait::until_arrived(&mut line, &ends, patience)?;

    let mut comparison = Comparison {
        args,
        line,
        scratch,
        ends,
        horizon,
    };
    let mut report = comparison.report()?;
    report.print(args.json)?;
    if args.repair && report.differing_rows() > 0 {
        for checked in &report.checked {
            if checked.counts.differences() > 0 {
                comparison.scratch.repair(checked.table).map_err(remedy)?;
            }
        }
        eprintln!("mended; once more:");
        report = comparison.report()?;
        report.print(args.json)?;
    }
    report.verdict(args.repair)
}

/// What was reckoned, and the line it is compared with.
struct Comparison<'a> {
    args: &'a VerifyArgs,
    line: Line<'a>,
    scratch: Scratch,
    ends: Ends,
    horizon: Horizon,
}

impl Comparison<'_> {
    fn report(&mut self) -> anyhow::Result<Report> {
        let checked = self.tables()?;
        let tenant = self.args.tenant.as_deref();
        let sums = if self.args.table.is_empty() {
            Some(wait::sums(&mut self.line, &self.scratch, tenant)?)
        } else {
            None
        };
        Ok(Report { checked, sums })
    }

    /// Compares all tables. While nothing was added to the log since it was
    /// read, no row can be later news.
    fn tables(&mut self) -> anyhow::Result<Vec<Checked>> {
        if self.line.ends()? == self.ends {
            let checked = self.tables_within(&self.horizon.without_end())?;
            if self.line.ends()? == self.ends {
                return Ok(checked);
            }
        }
        self.tables_within(&self.horizon)
    }

    fn tables_within(&self, horizon: &Horizon) -> anyhow::Result<Vec<Checked>> {
        let (args, tenant) = (self.args, self.args.tenant.as_deref());
        let mut checked = Vec::new();
        for table in self.scratch.tables() {
            ensure!(
                !self.line.stop.is_requested(),
                "asked to end before all was compared"
            );
            let counts = self.scratch.judge(table, tenant, horizon, args.slice_rows);
            checked.push(Checked {
                table,
                counts: counts.map_err(remedy)?,
                examples: self.scratch.examples(table).map_err(remedy)?,
            });
        }
        Ok(checked)
    }
}

/// The line as it is seen from outside.
struct Line<'a> {
    settings: &'a Settings,
    offsets: GroupOffsets,
    stop: Stop,
}

/// The partitions of `events` and the stretches of their logs that are there.
type Ends = BTreeMap<TopicPartition, Watermarks>;

impl<'a> Line<'a> {
    fn new(settings: &'a Settings, stop: &Stop) -> Self {
        Self {
            settings,
            offsets: GroupOffsets::new(settings.kafka.client.clone(), prepare::PATIENCE),
            stop: stop.clone(),
        }
    }

    /// Asks Kafka, again for a while when it cannot tell: a coordinator moves,
    /// and a cluster that has just started knows of no groups yet.
    fn ask<T>(
        &mut self,
        mut question: impl FnMut(&mut GroupOffsets) -> Result<T, StreamError>,
    ) -> anyhow::Result<T> {
        let since = Instant::now();
        loop {
            match question(&mut self.offsets) {
                Err(StreamError::Broker { .. })
                    if since.elapsed() < prepare::PATIENCE && !self.stop.sleep(NAP) => {}
                answer => return Ok(answer?),
            }
        }
    }

    /// What the log of `events` holds now.
    fn ends(&mut self) -> anyhow::Result<Ends> {
        let kafka = &self.settings.kafka;
        let topic = &kafka.topics.events;
        let hint = || {
            format!(
                "the log cannot be read. Start Kafka, or set `kafka.bootstrap_servers` \
                 (THROUGHLINE_KAFKA, now {}) to where it answers",
                kafka.client.bootstrap_servers
            )
        };
        prepare::topics(kafka, false).with_context(hint)?;
        let topics = std::slice::from_ref(topic);
        let ends = self
            .ask(|offsets| offsets.watermarks(topics))
            .with_context(hint)?;
        Ok(ends)
    }

    /// Refuses a configuration that is not the one under which the line works.
    fn works_by_these_rules(&mut self) -> anyhow::Result<()> {
        let kafka = &self.settings.kafka;
        let partitions: Vec<_> = (0..kafka.partitions.events)
            .map(|partition| TopicPartition {
                topic: kafka.topics.events.as_str().into(),
                partition: partition as i32,
            })
            .collect();
        let ours = roles::generation_note(self.settings.processor.generation);
        let notes = self.ask(|offsets| offsets.notes(&kafka.groups.processor, &partitions))?;
        match notes
            .into_values()
            .find(|note| *note != ours && !note.is_empty())
        {
            Some(theirs) if roles::is_on_the_way(&theirs) => {
                bail!("the processors are {theirs}: ask again when they are there")
            }
            Some(theirs) => bail!(
                "the processors work under {theirs}, but this configuration is {ours}: give verify \
                 the configuration that they run with"
            ),
            None => Ok(()),
        }
    }
}

fn scratch(settings: &Settings, tables: &[Table]) -> anyhow::Result<Scratch> {
    Scratch::new(
        &settings.clickhouse.connection,
        tables,
        settings.processor.generation,
        settings.sink.max_bytes,
    )
    .map_err(remedy)
}

fn remedy(error: SinkError) -> anyhow::Error {
    let rights = " The user may have to make a database, for the time of the comparison.";
    with_remedy(error, "Rows are compared by ClickHouse itself.", rights)
}
