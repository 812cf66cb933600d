//! `throughline attribute`: the contract's views over files, without any service.

use std::io::{BufWriter, Write as _};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use throughline_processor::purge::When;

use crate::attribute::Line;
use crate::cli::AttributeArgs;
use crate::config::Settings;
use crate::topic_files::Pieces;
use crate::{roles, topic_files};

/// More threads would wait for each other most of the time.
const MAX_THREADS: u32 = 16;

/// Attributes files and prints one view.
pub fn execute(settings: &Settings, args: &AttributeArgs) -> anyhow::Result<()> {
    let files = topic_files::find(&args.paths)?;
    let rules = Arc::new(roles::attribution(settings));
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let (ingest, processor) = configs(settings, args)?;
    let line = Line::new(&ingest, &processor, &rules, now.as_millis() as i64)?;
    // The program ends when the view is written: giving back piece by piece
    // what millions of events have left in memory would only take time.
    let mut line = ManuallyDrop::new(line);
    let bar = topic_files::progress(&files)?;
    let topics: Vec<Arc<str>> = files
        .iter()
        .map(|file| settings.kafka.topics.name_of(file.topic).into())
        .collect();
    let pieces = Pieces::new(&files);
    line.run(&|load| {
        // A piece of empty lines is not the end.
        while load.records().is_empty()
            && let Some(piece) = pieces.next()?
        {
            let topic = &topics[piece.file];
            for (at, value) in piece.lines() {
                load.push(topic, piece.file as i32, at as i64, value);
            }
            bar.set_message(topic.to_string());
            bar.inc(piece.bytes());
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    let out = std::io::stdout();
    let mut out = BufWriter::new(out.lock());
    args.table
        .of(&line.tables())
        .write(args.format, &mut out)
        .and_then(|()| out.flush())
        .context("cannot write the view")?;
    summarise(&line);
    Ok(())
}

/// The line's configuration as it is cheapest for one view over files, with a
/// partition for each core: their number changes no figure.
fn configs(
    settings: &Settings,
    args: &AttributeArgs,
) -> anyhow::Result<(throughline_ingest::Config, throughline_processor::Config)> {
    let keys = settings.identity.keys()?;
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let partitions = cores.min(MAX_THREADS);
    let ingest = roles::ingest_config(settings, keys);
    let processor = roles::processor_config(settings);
    Ok((
        throughline_ingest::Config {
            events_partitions: partitions,
            ..ingest
        },
        throughline_processor::Config {
            events_partitions: partitions,
            tables: args.table.tables(),
            cells_at_end: true,
            // Nothing is stored, so checkpoints only cost.
            checkpoint_interval: Duration::from_hours(1),
            publish_interval: Duration::from_hours(1),
            checkpoint_records: usize::MAX,
            cached_nodes: usize::MAX,
            cached_chunks: usize::MAX,
            poll_wait: Duration::ZERO,
            purge: When::Told(Arc::default()),
            ..processor
        },
    ))
}

/// Says on standard error what was rejected, and why.
fn summarise(line: &Line) {
    let all = line.rejected();
    let rejected: u64 = all.values().sum();
    if rejected == 0 {
        return;
    }
    eprintln!("{rejected} records were rejected:");
    for (reason, count) in all {
        eprintln!("{count:>10}  {reason}");
    }
}
