//! Records made of letters, and their way to Kafka.

use std::sync::Arc;

use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use throughline_proto::topics::dead_letter_headers as names;
use throughline_sink::letters::Letter;
use throughline_stream::kafka::KafkaPublisher;
use throughline_stream::{Header, Outgoing, Publish as _, Stop, StreamError};

use super::records;
use crate::config::Settings;
use crate::dead_letters::show::omitted;
use crate::dead_letters::text::escaped;
use crate::{prepare, roles};

/// Sends letters, page by page.
pub struct Sender {
    publisher: KafkaPublisher,
    bar: ProgressBar,
    sent: u64,
    unsent: u64,
}

impl Sender {
    /// A sender of so many letters; the topics must be there, or able to be made.
    pub fn new(settings: &Settings, count: u64) -> anyhow::Result<Self> {
        let kafka = &settings.kafka;
        prepare::topics(kafka, kafka.create_topics).map_err(|error| {
            anyhow!(
                "{error}\nNothing was sent. Start Kafka, or set `kafka.bootstrap_servers` \
                 (THROUGHLINE_KAFKA, now {}) to where it answers.",
                kafka.client.bootstrap_servers
            )
        })?;
        let style = ProgressStyle::with_template("{bar:40} {percent}% {pos}/{len} {eta}")?;
        Ok(Self {
            publisher: roles::raw_publisher(settings, "replay", &Stop::new())?,
            bar: ProgressBar::new(count).with_style(style),
            sent: 0,
            unsent: 0,
        })
    }

    /// Sends the letters of a page and waits until they are written; gives the
    /// offsets of those that are.
    pub fn send(&mut self, page: &[Letter]) -> anyhow::Result<Vec<i64>> {
        let mut ready = Vec::with_capacity(page.len());
        for letter in page {
            match outgoing(letter) {
                Ok(record) => ready.push((letter, record)),
                Err(reason) => self.leave(letter, &reason),
            }
        }
        let records = ready.iter().map(|(_, record)| record.clone());
        let offsets = if self.write(records)?.is_ok() {
            ready
                .iter()
                .map(|(letter, _)| letter.entry.offset)
                .collect()
        } else {
            // One of them cannot be written. To tell which, each goes alone;
            // those that were written already are only repeated.
            let mut offsets = Vec::new();
            for (letter, record) in ready {
                match self.write([record])? {
                    Ok(()) => offsets.push(letter.entry.offset),
                    Err(reason) => self.leave(letter, &reason),
                }
            }
            offsets
        };
        self.sent += offsets.len() as u64;
        self.bar.inc(page.len() as u64);
        Ok(offsets)
    }

    /// Writes records and waits for the acknowledgements. The inner error: one
    /// of them can never be written.
    fn write(
        &mut self,
        records: impl IntoIterator<Item = Outgoing>,
    ) -> anyhow::Result<Result<(), String>> {
        let mut written = Ok(());
        for record in records {
            judge(self.publisher.send(record), &mut written)?;
        }
        while self.publisher.in_flight() > 0 {
            judge(self.publisher.flush(), &mut written)?;
        }
        // The last acknowledgement may have been taken in by a send.
        judge(self.publisher.flush(), &mut written)?;
        Ok(written)
    }

    fn leave(&mut self, letter: &Letter, reason: &str) {
        self.unsent += 1;
        let place = escaped(&letter.entry.place().to_string());
        self.bar
            .suspend(|| eprintln!("{place} was not sent: {reason}"));
    }

    /// Says what became of all of them; an error when some were not sent.
    pub fn finish(self) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        println!("sent {} again", records(self.sent));
        if self.unsent > 0 {
            bail!(
                "{} could not be sent, for the reasons above; their letters stay open",
                records(self.unsent)
            );
        }
        Ok(())
    }
}

/// The line of a letter in a dry run.
pub fn would_send(letter: &Letter) -> String {
    let entry = &letter.entry;
    let place = escaped(&entry.place().to_string());
    match outgoing(letter) {
        Err(reason) => format!("{place} cannot be sent: {reason}"),
        Ok(_) => format!(
            "{place}  {}  {}  {} bytes",
            escaped(&entry.reason),
            escaped(&entry.field),
            entry.bytes.unwrap_or_default()
        ),
    }
}

/// The record as it was, with the place it first was rejected at; or why it
/// cannot be made.
fn outgoing(letter: &Letter) -> Result<Outgoing, String> {
    let entry = &letter.entry;
    if let Some(bytes) = omitted(letter) {
        return Err(format!(
            "its value of {} bytes was too large for the topic of dead letters; it stands in its \
             own topic only",
            escaped(&bytes)
        ));
    }
    let first = match entry.replay_of.as_str() {
        "" => entry.place().to_string(),
        first => first.to_owned(),
    };
    let own = letter.headers.iter().cloned();
    let added = (names::REPLAY_OF.to_owned(), Some(first.into_bytes()));
    Ok(Outgoing {
        topic: Arc::from(entry.topic.as_str()),
        partition: Some(entry.partition),
        key: letter.key.clone(),
        value: letter.value.clone(),
        headers: own
            .chain([added])
            .map(|(name, value)| Header { name, value })
            .collect(),
    })
}

/// Keeps what is wrong with a record; any other failure ends the command.
fn judge(
    result: Result<(), StreamError>,
    written: &mut Result<(), String>,
) -> Result<(), StreamError> {
    match result {
        Err(error @ StreamError::Unwritable { .. }) => {
            *written = Err(error.to_string());
            Ok(())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_sink::letters::Entry;

    fn letter(replay_of: &str) -> Letter {
        Letter {
            entry: Entry {
                topic: "web".to_owned(),
                partition: 2,
                offset: 7,
                reason: "wrong_type".to_owned(),
                field: "url".to_owned(),
                message: "not a string".to_owned(),
                bytes: Some(2),
                rejected_at: 1,
                replay_of: replay_of.to_owned(),
                replayed_at: None,
            },
            key: Some(b"\0k".to_vec()),
            value: Some(b"{}".to_vec()),
            headers: vec![
                ("trace".to_owned(), None),
                ("trace".to_owned(), Some(vec![0xff])),
            ],
        }
    }

    #[test]
    fn a_record_is_sent_as_it_was_with_the_place_it_first_was_rejected_at() {
        for (replay_of, first) in [("", "web/2/7"), ("web/2/3", "web/2/3")] {
            let sent = outgoing(&letter(replay_of)).unwrap();
            let header = |name: &str, value: Option<&[u8]>| Header {
                name: name.to_owned(),
                value: value.map(<[u8]>::to_vec),
            };
            let expected = Outgoing {
                topic: "web".into(),
                partition: Some(2),
                key: Some(b"\0k".to_vec()),
                value: Some(b"{}".to_vec()),
                headers: vec![
                    header("trace", None),
                    header("trace", Some(&[0xff])),
                    header("throughline-replay-of", Some(first.as_bytes())),
                ],
            };
            assert_eq!(sent, expected);
        }
        assert_eq!(would_send(&letter("")), "web/2/7  wrong_type  url  2 bytes");
    }

    #[test]
    fn a_record_without_its_value_is_not_sent() {
        let mut letter = letter("");
        letter.value = None;
        assert!(outgoing(&letter).is_ok(), "a tombstone is a record");
        let header = (names::VALUE_OMITTED.to_owned(), Some(b"900".to_vec()));
        letter.headers.push(header);
        let reason = outgoing(&letter).unwrap_err();
        assert!(reason.contains("900 bytes"), "{reason}");
        assert!(would_send(&letter).starts_with("web/2/7 cannot be sent: "));
    }
}
