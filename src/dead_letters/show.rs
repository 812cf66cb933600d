//! `throughline dead-letters show`: everything about one letter.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::bail;
use chrono::{DateTime, SecondsFormat};
use throughline_proto::topics::dead_letter_headers as names;
use throughline_sink::letters::{Entry, Letter, Letters};

use super::args::ShowArgs;
use super::text::{dump, escaped, quoted};
use super::{connect, json, printed, remedy};
use crate::config::Settings;

/// So many bytes of a value that is no text are shown.
const DUMPED_BYTES: usize = 64 * 1024;
/// So many letters of the same record are named.
const REPEATS: u64 = 10;

/// Shows a letter.
pub fn execute(settings: &Settings, args: &ShowArgs) -> anyhow::Result<()> {
    let clickhouse = connect(settings)?;
    let letters = Letters::of(&clickhouse).map_err(remedy)?;
    let Some(letter) = letters.at(&args.place).map_err(remedy)? else {
        bail!(
            "there is no dead letter {}: `throughline dead-letters list --replayed` names those \
             there are; one that was rejected just now shows when the sink has written it",
            args.place
        );
    };
    let shown = if args.raw {
        letter.value.unwrap_or_default()
    } else {
        let repeats = letters.repeats(&args.place, REPEATS).map_err(remedy)?;
        describe(&letter, &repeats).into_bytes()
    };
    let mut out = std::io::stdout().lock();
    printed(out.write_all(&shown).and_then(|()| out.flush()))
}

/// The letter in words.
fn describe(letter: &Letter, repeats: &[Entry]) -> String {
    let entry = &letter.entry;
    let mut text = format!("{}\n", escaped(&entry.place().to_string()));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    line("rejected", &moment(entry.rejected_at));
    line("reason", &escaped(&entry.reason));
    line("field", or(&escaped(&entry.field), "(the whole record)"));
    line("message", &escaped(&entry.message));
    if !entry.replay_of.is_empty() {
        line("first at", &escaped(&entry.replay_of));
    }
    let replayed = entry.replayed_at.map_or("not yet".to_owned(), moment);
    line("sent again", &replayed);
    for repeat in repeats {
        let place = escaped(&repeat.place().to_string());
        let repeat = format!("{place} at {}", moment(repeat.rejected_at));
        line("and again", &repeat);
    }
    let key = letter.key.as_deref();
    line("key", &key.map_or("(none)".to_owned(), quoted));
    if letter.headers.is_empty() {
        line("headers", "(none)");
    }
    for (name, value) in &letter.headers {
        let value = value.as_deref().map_or("(no value)".to_owned(), quoted);
        line("header", &format!("{} = {value}", quoted(name.as_bytes())));
    }
    line("value", &summary(letter));
    for value_line in value_lines(letter) {
        let _ = writeln!(text, "{value_line}");
    }
    text
}

fn summary(letter: &Letter) -> String {
    if let Some(bytes) = omitted(letter) {
        return format!(
            "{} bytes, too large for the topic of dead letters: it stands in its own topic only",
            escaped(&bytes)
        );
    }
    match letter.value.as_deref() {
        None => "(none)".to_owned(),
        Some([]) => "(empty)".to_owned(),
        Some(value) if std::str::from_utf8(value).is_ok() => format!("{} bytes", value.len()),
        Some(value) if value.len() > DUMPED_BYTES => format!(
            "{} bytes, not UTF-8; the first {DUMPED_BYTES} here, all of them with --raw",
            value.len()
        ),
        Some(value) => format!("{} bytes, not UTF-8", value.len()),
    }
}

fn value_lines(letter: &Letter) -> Vec<String> {
    let value = letter.value.as_deref().unwrap_or_default();
    match std::str::from_utf8(value) {
        // A protobuf message may happen to be text; it is not laid out as JSON.
        Ok(text) if text.bytes().all(is_printed) => json::lines(text, &letter.entry.field),
        _ => {
            let shown = &value[..value.len().min(DUMPED_BYTES)];
            dump(shown).map(|line| format!("  {line}")).collect()
        }
    }
}

/// Whether a text may hold the byte: control characters other than white
/// space make it something that is better dumped.
fn is_printed(byte: u8) -> bool {
    !byte.is_ascii_control() || byte.is_ascii_whitespace()
}

/// The size of a value that the letter had to leave out.
pub fn omitted(letter: &Letter) -> Option<String> {
    let mut headers = letter.headers.iter().rev();
    let (_, bytes) = headers.find(|(name, _)| name == names::VALUE_OMITTED)?;
    letter
        .value
        .is_none()
        .then(|| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned())
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn moment(at: i64) -> String {
    DateTime::from_timestamp_millis(at)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests;
