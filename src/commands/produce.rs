//! `throughline produce DIR`: files into Kafka, a record a line.
//!
//! Lines are sent as they are, broken ones too: what is wrong with them is for
//! ingest to say. Only an empty line is no record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use throughline_stream::kafka::KafkaPublisher;
use throughline_stream::{Outgoing, Publish as _, Stop, StreamError};

use crate::cli::ProduceArgs;
use crate::config::Settings;
use crate::health::Health;
use crate::topic_files::{self, TopicFile};
use crate::{prepare, roles};

/// Sends the files of a directory.
pub fn execute(settings: &Settings, args: &ProduceArgs) -> anyhow::Result<()> {
    let files = topic_files::find(std::slice::from_ref(&args.directory))?;
    let stop = Stop::new();
    prepare::topics_when_there(&settings.kafka, &Health::default(), &stop)?;
    let kafka = &settings.kafka;
    let publisher = roles::raw_publisher(settings, "produce", &stop)?;
    let bar = topic_files::progress(&files)?;
    let mut sender = Sender {
        publisher,
        pace: Pace::new(args.rate),
        bar,
        sent: 0,
        refused: 0,
    };
    for file in &files {
        sender.send_file(kafka.topics.name_of(file.topic), file)?;
    }
    sender.flush()?;
    sender.bar.finish_and_clear();
    println!("sent {} records", sender.sent);
    if sender.refused > 0 {
        println!("{} were too large to be sent", sender.refused);
    }
    Ok(())
}

struct Sender {
    publisher: KafkaPublisher,
    pace: Pace,
    bar: ProgressBar,
    sent: u64,
    refused: u64,
}

impl Sender {
    fn send_file(&mut self, topic: &str, file: &TopicFile) -> anyhow::Result<()> {
        let topic: Arc<str> = topic.into();
        file.each_line(|value, read| {
            self.pace.wait();
            let result = self.publisher.send(Outgoing {
                topic: Arc::clone(&topic),
                value: Some(value.to_vec()),
                ..Outgoing::default()
            });
            self.sent += 1;
            self.judge(result)?;
            self.bar.inc(read);
            if self.sent.is_multiple_of(1024) {
                self.bar.set_message(format!("{topic} {}", self.sent));
            }
            Ok(())
        })
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
