//! `throughline produce DIR`: files into Kafka, a record a line.
//!
//! Lines are sent as they are, broken ones too: what is wrong with them is for
//! ingest to say. Only an empty line is no record.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use throughline_proto::topics::RawTopic;
use throughline_stream::kafka::{KafkaPublisher, PublisherSettings};
use throughline_stream::{Outgoing, Publish as _, Stop, StreamError};

use crate::cli::ProduceArgs;
use crate::config::Settings;
use crate::health::Health;
use crate::prepare;

/// Single records wait for company, unlike those of the roles.
const LINGER: Duration = Duration::from_millis(20);

/// Sends the files of a directory.
pub fn execute(settings: &Settings, args: &ProduceArgs) -> anyhow::Result<()> {
    let files = find_files(&args.directory)?;
    let stop = Stop::new();
    prepare::topics_when_there(&settings.kafka, &Health::default(), &stop)?;
    let kafka = &settings.kafka;
    let publisher = KafkaPublisher::new(
        &PublisherSettings {
            client: kafka.client.clone(),
            name: "throughline-produce".to_owned(),
            linger: LINGER,
            queue_kib: kafka.producer.queue_kib,
            max_record_bytes: kafka.max_record_bytes,
            compression: kafka.producer.compression.to_owned(),
            gapless: false,
        },
        stop,
    )?;
    let bytes = files.iter().map(|(.., bytes)| bytes).sum();
    let style = "{bar:40} {percent}% {bytes}/{total_bytes} {msg} {eta}";
    let bar = ProgressBar::new(bytes).with_style(ProgressStyle::with_template(style)?);
    let mut sender = Sender {
        publisher,
        pace: Pace::new(args.rate),
        bar,
        sent: 0,
        refused: 0,
    };
    for (topic, path, _) in &files {
        let name = kafka.topics.raw.iter().find(|(raw, _)| raw == topic);
        let name = name.map_or(topic.name(), |(_, name)| name);
        sender.send_file(name, path)?;
    }
    sender.flush()?;
    sender.bar.finish_and_clear();
    println!("sent {} records", sender.sent);
    if sender.refused > 0 {
        println!("{} were too large to be sent", sender.refused);
    }
    Ok(())
}

/// The files that are there, in the order of the topics.
fn find_files(directory: &Path) -> anyhow::Result<Vec<(RawTopic, PathBuf, u64)>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("cannot read the directory {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("");
        let Some(topic) = RawTopic::from_name(stem) else {
            tracing::warn!(file = %path.display(), "is named after no topic; left out");
            continue;
        };
        let bytes = path.metadata()?.len();
        files.push((topic, path, bytes));
    }
    if files.is_empty() {
        let names = RawTopic::ALL.map(|topic| format!("{}.jsonl", topic.name()));
        bail!("{} has none of {}", directory.display(), names.join(", "));
    }
    files.sort();
    Ok(files)
}

struct Sender {
    publisher: KafkaPublisher,
    pace: Pace,
    bar: ProgressBar,
    sent: u64,
    refused: u64,
}

impl Sender {
    fn send_file(&mut self, topic: &str, path: &Path) -> anyhow::Result<()> {
        let topic: Arc<str> = topic.into();
        let failed = || format!("cannot read {}", path.display());
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path).with_context(failed)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).with_context(failed)?;
            if read == 0 {
                return Ok(());
            }
            let value = trimmed(&line);
            if !value.is_empty() {
                self.pace.wait();
                let result = self.publisher.send(Outgoing {
                    topic: Arc::clone(&topic),
                    value: Some(value.to_vec()),
                    ..Outgoing::default()
                });
                self.sent += 1;
                self.judge(result)?;
            }
            self.bar.inc(read as u64);
            if self.sent.is_multiple_of(1024) {
                self.bar.set_message(format!("{topic} {}", self.sent));
            }
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        while self.publisher.in_flight() > 0 {
            let result = self.publisher.flush();
            self.judge(result)?;
        }
        Ok(())
    }

    /// A record that cannot be sent is left out; any other failure ends the command.
    fn judge(&mut self, result: Result<(), StreamError>) -> anyhow::Result<()> {
        match result {
            Err(error @ StreamError::Unwritable { .. }) => {
                self.bar.suspend(|| tracing::warn!(%error, "left out"));
                self.sent -= 1;
                self.refused += 1;
                Ok(())
            }
            other => Ok(other?),
        }
    }
}

/// A line without its end, which is a line feed, or a carriage return and one.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Keeps to a rate.
struct Pace {
    rate: Option<u32>,
    since: Instant,
    count: u64,
}

impl Pace {
    fn new(rate: Option<u32>) -> Self {
        Self {
            rate,
            since: Instant::now(),
            count: 0,
        }
    }

    /// Waits until the next record is due.
    fn wait(&mut self) {
        let Some(rate) = self.rate else { return };
        let due = Duration::from_secs_f64(self.count as f64 / f64::from(rate));
        self.count += 1;
        if let Some(early) = due.checked_sub(self.since.elapsed()) {
            std::thread::sleep(early);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_either_way() {
        for (line, value) in [
            ("{}\n", "{}"),
            ("{}\r\n", "{}"),
            ("{}", "{}"),
            ("\n", ""),
            ("\r\n", ""),
            (" \n", " "),
            ("a\r\r\n", "a\r"),
        ] {
            assert_eq!(trimmed(line.as_bytes()), value.as_bytes());
        }
    }

    #[test]
    fn files_come_in_the_order_of_the_topics() {
        let directory = tempfile::tempdir().unwrap();
        assert!(find_files(directory.path()).is_err());
        for name in ["deals.jsonl", "web.jsonl", "other.jsonl", "calls.json"] {
            std::fs::write(directory.path().join(name), "{}\n").unwrap();
        }
        let files = find_files(directory.path()).unwrap();
        let topics: Vec<_> = files.iter().map(|(topic, ..)| *topic).collect();
        assert_eq!(topics, [RawTopic::Web, RawTopic::Deals]);
    }
}
