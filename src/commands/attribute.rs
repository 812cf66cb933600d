//! `throughline attribute`: the contract's views over files, without any service.

use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use throughline_processor::purge::When;
use throughline_stream::Outgoing;

use crate::attribute::Line;
use crate::cli::AttributeArgs;
use crate::config::Settings;
use crate::{roles, topic_files};

/// Lines put into the line before it works them off.
const BURST_LINES: usize = 20_000;

/// Attributes files and prints one view.
pub fn execute(settings: &Settings, args: &AttributeArgs) -> anyhow::Result<()> {
    let files = topic_files::find(&args.paths)?;
    let keys = settings.identity.keys()?;
    let rules = Arc::new(roles::attribution(settings));
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let mut line = Line::new(
        roles::ingest_config(settings, keys),
        throughline_processor::Config {
            // Nothing is stored, so checkpoints only cost.
            checkpoint_interval: Duration::from_hours(1),
            checkpoint_records: usize::MAX,
            poll_wait: Duration::ZERO,
            purge: When::Told(Arc::default()),
            ..roles::processor_config(settings)
        },
        rules,
        now.as_millis() as i64,
    )?;
    let bar = topic_files::progress(&files)?;
    let mut waiting = 0;
    for file in &files {
        let topic: Arc<str> = settings.kafka.topics.name_of(file.topic).into();
        bar.set_message(topic.to_string());
        file.each_line(|value, read| {
            let (topic, value) = (Arc::clone(&topic), Some(value.to_vec()));
            line.put(Outgoing {
                topic,
                value,
                ..Outgoing::default()
            })?;
            waiting += 1;
            if waiting >= BURST_LINES {
                waiting = 0;
                line.run()?;
            }
            bar.inc(read);
            Ok(())
        })?;
    }
    line.run()?;
    bar.finish_and_clear();
    let view = args.table.of(line.tables());
    let out = std::io::stdout();
    let mut out = BufWriter::new(out.lock());
    view.write(args.format, &mut out)
        .and_then(|()| out.flush())
        .context("cannot write the view")?;
    summarise(&line);
    Ok(())
}

/// Says on standard error what was rejected, and why.
fn summarise(line: &Line) {
    let rejected: u64 = line.rejected().values().sum();
    if rejected == 0 {
        return;
    }
    eprintln!("{rejected} records were rejected:");
    for (reason, count) in line.rejected() {
        eprintln!("{count:>10}  {reason}");
    }
}
