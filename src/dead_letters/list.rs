//! `throughline dead-letters list`: which there are, a line each or counted.

use std::io::{BufWriter, Write as _};

use throughline_sink::letters::{Entry, Group, Letters, Totals};

use super::args::ListArgs;
use super::text::escaped;
use super::{connect, moment, printed, remedy};
use crate::attribute::{Format, Value, View};
use crate::config::Settings;

/// Columns for people.
const NARROW: [&str; 6] = [
    "rejected_at",
    "letter",
    "reason",
    "field",
    "message",
    "replayed_at",
];
/// Columns for programs.
const WIDE: [&str; 11] = [
    "rejected_at",
    "letter",
    "topic",
    "partition",
    "offset",
    "reason",
    "field",
    "message",
    "bytes",
    "replay_of",
    "replayed_at",
];
const COUNTS: [&str; 5] = ["topic", "reason", "letters", "first", "last"];

/// Lists or counts letters.
pub fn execute(settings: &Settings, args: &ListArgs) -> anyhow::Result<()> {
    let clickhouse = connect(settings)?;
    let letters = Letters::of(&clickhouse).map_err(remedy)?;
    let filter = args.filter_at(moment::now()?);
    // One more than is shown tells whether there are more.
    let asked = u64::from(args.limit) + 1;
    let mut view = if args.count {
        counts(letters.counts(&filter, asked).map_err(remedy)?)
    } else {
        let entries = letters.newest(&filter, asked).map_err(remedy)?;
        match args.format {
            Format::Table => narrow(entries, args.replayed),
            Format::Csv | Format::Jsonl => wide(entries),
        }
    };
    let is_cut = view.rows.len() as u64 == asked;
    view.rows.truncate(args.limit as usize);
    // Without rows, a table would be its heading alone.
    if !(view.rows.is_empty() && args.format == Format::Table) {
        let out = std::io::stdout();
        let mut out = BufWriter::new(out.lock());
        printed(view.write(args.format, &mut out).and_then(|()| out.flush()))?;
    }
    if view.rows.is_empty() {
        let totals = letters.totals().map_err(remedy)?;
        eprintln!("{}", nothing(totals, filter.open));
    } else if is_cut {
        eprintln!(
            "these are the first {}; --limit shows more, --count shows how many there are",
            args.limit
        );
    }
    Ok(())
}

/// Why there is nothing to see.
pub fn nothing(totals: Totals, open: bool) -> String {
    let Totals { letters, replayed } = totals;
    match (letters, replayed) {
        (0, _) => "there are no dead letters".to_owned(),
        (letters, replayed) if open && letters == replayed => {
            format!("there are no open dead letters; all {letters} were sent again")
        }
        (letters, 0) => format!("no dead letter matches; there are {letters}"),
        (letters, replayed) => {
            format!(
                "no dead letter matches; there are {letters}, of which {replayed} were sent again"
            )
        }
    }
}

fn narrow(entries: Vec<Entry>, replayed: bool) -> View {
    let rows = entries.into_iter().map(|entry| {
        let mut row = vec![
            Value::Moment(Some(entry.rejected_at)),
            shown(&entry.place().to_string()),
            shown(&entry.reason),
            shown(&entry.field),
            shown(&message(&entry)),
        ];
        if replayed {
            row.push(Value::Moment(entry.replayed_at));
        }
        row
    });
    View {
        columns: if replayed { &NARROW } else { &NARROW[..5] },
        rows: rows.collect(),
    }
}

fn message(entry: &Entry) -> String {
    if entry.replay_of.is_empty() {
        entry.message.clone()
    } else {
        format!("{} (again, first at {})", entry.message, entry.replay_of)
    }
}

fn wide(entries: Vec<Entry>) -> View {
    let rows = entries.into_iter().map(|entry| {
        vec![
            Value::Moment(Some(entry.rejected_at)),
            Value::Text(entry.place().to_string()),
            Value::Text(entry.topic),
            Value::Integer(entry.partition.into()),
            Value::Integer(entry.offset),
            Value::Text(entry.reason),
            Value::Text(entry.field),
            Value::Text(entry.message),
            Value::Integer(entry.bytes.unwrap_or_default() as i64),
            Value::Text(entry.replay_of),
            Value::Moment(entry.replayed_at),
        ]
    });
    View {
        columns: &WIDE,
        rows: rows.collect(),
    }
}

fn counts(groups: Vec<Group>) -> View {
    let rows = groups.into_iter().map(|group| {
        vec![
            shown(&group.topic),
            shown(&group.reason),
            Value::Integer(group.letters as i64),
            Value::Moment(Some(group.first)),
            Value::Moment(Some(group.last)),
        ]
    });
    View {
        columns: &COUNTS,
        rows: rows.collect(),
    }
}

/// A text that someone else may have written.
fn shown(text: &str) -> Value {
    Value::Text(escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            topic: "web".to_owned(),
            partition: 1,
            offset: 7,
            reason: "wrong_type".to_owned(),
            field: "[1].amount".to_owned(),
            message: "not a\u{1b} number".to_owned(),
            bytes: None,
            rejected_at: 1_767_225_600_001,
            replay_of: "web/1/3".to_owned(),
            replayed_at: None,
        }
    }

    fn written(view: &View, format: Format) -> String {
        let mut out = Vec::new();
        view.write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_and_programs_get_their_columns() {
        assert_eq!(
            written(&narrow(vec![entry()], false), Format::Table),
            "rejected_at               letter   reason      field       message\n\
             2026-01-01T00:00:00.001Z  web/1/7  wrong_type  [1].amount  \
             not a\\u{1b} number (again, first at web/1/3)\n"
        );
        assert!(written(&narrow(vec![entry()], true), Format::Table).starts_with("rejected_at "));
        assert_eq!(
            written(&wide(vec![entry()]), Format::Jsonl),
            "{\"rejected_at\":\"2026-01-01T00:00:00.001Z\",\"letter\":\"web/1/7\",\"topic\":\"web\",\
             \"partition\":1,\"offset\":7,\"reason\":\"wrong_type\",\"field\":\"[1].amount\",\
             \"message\":\"not a\\u001b number\",\"bytes\":0,\"replay_of\":\"web/1/3\",\"replayed_at\":null}\n"
        );
        let group = Group {
            topic: "web".to_owned(),
            reason: "no_rate".to_owned(),
            letters: 3,
            first: 1_767_225_600_001,
            last: 1_767_225_600_002,
        };
        assert_eq!(
            written(&counts(vec![group]), Format::Csv),
            "topic,reason,letters,first,last\n\
             web,no_rate,3,2026-01-01T00:00:00.001Z,2026-01-01T00:00:00.002Z\n"
        );
    }

    #[test]
    fn nothing_is_explained() {
        let nothing = |letters, replayed, open| nothing(Totals { letters, replayed }, open);
        assert_eq!(nothing(0, 0, true), "there are no dead letters");
        assert!(nothing(3, 3, true).contains("all 3 were sent again"));
        assert!(nothing(3, 0, true).contains("no dead letter matches; there are 3"));
        assert!(nothing(3, 1, false).contains("of which 1 were sent again"));
    }
}
