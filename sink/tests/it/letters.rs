//! Rejected records as they are asked for.

use throughline_sink::letters::{Filter, Letters, Place};

use crate::line::{Line, WRITTEN_MS};

/// A letter of `web`, rejected so many milliseconds after the first.
fn reject(line: &Line, partition: &str, offset: &str, reason: &str, after: i64) {
    let headers = [
        ("throughline-topic", "web"),
        ("throughline-partition", partition),
        ("throughline-offset", offset),
        ("throughline-reason", reason),
    ];
    line.reject("{}", &headers, WRITTEN_MS + after);
}

fn reason(reason: &str) -> Filter {
    Filter {
        reasons: vec![reason.to_owned()],
        open: true,
        ..Filter::default()
    }
}

#[test]
fn letters_are_found_by_every_condition_newest_first() {
    let mut line = Line::start("letters");
    for (partition, offset, reason, after) in [
        ("0", "1", "no_rate", 0),
        ("0", "2", "wrong_type", 10),
        ("1", "1", "no_rate", 20),
    ] {
        reject(&line, partition, offset, reason, after);
    }
    line.settle().unwrap();
    let letters = Letters::of(&line.clickhouse).unwrap();
    let found = |filter: Filter, limit| {
        let entries = letters.newest(&filter, limit).unwrap();
        let places = entries.iter().map(|entry| entry.place().to_string());
        places.collect::<Vec<_>>()
    };
    let all = Filter::default;
    assert_eq!(found(all(), 9), ["web/1/1", "web/0/2", "web/0/1"]);
    assert_eq!(found(all(), 2), ["web/1/1", "web/0/2"]);
    assert_eq!(found(reason("no_rate"), 9), ["web/1/1", "web/0/1"]);
    let topics = |topic: &str| Filter {
        topics: vec![topic.to_owned()],
        ..all()
    };
    assert_eq!(found(topics("web"), 9).len(), 3);
    assert_eq!(found(topics("web') OR 1 --\\"), 9).len(), 0);
    let between = Filter {
        since: Some(WRITTEN_MS + 10),
        until: Some(WRITTEN_MS + 20),
        ..all()
    };
    assert_eq!(found(between, 9), ["web/0/2"]);
    let counts = letters.counts(&all(), 9).unwrap();
    let counts: Vec<_> = counts
        .iter()
        .map(|group| {
            (
                group.reason.as_str(),
                group.letters,
                group.last - group.first,
            )
        })
        .collect();
    assert_eq!(counts, [("no_rate", 2, 20), ("wrong_type", 1, 0)]);
    let place: Place = "web/0/2".parse().unwrap();
    let letter = letters.at(&place).unwrap().unwrap();
    assert_eq!(
        (letter.entry.reason.as_str(), letter.key),
        ("wrong_type", None)
    );
    assert_eq!(letter.value.as_deref(), Some(&b"{}"[..]));
    let nowhere: Place = "web/0/3".parse().unwrap();
    assert_eq!(letters.at(&nowhere).unwrap(), None);
}

#[test]
fn a_run_ends_where_it_ended_when_it_was_asked_for() {
    let mut line = Line::start("runs");
    for offset in ["1", "2", "3", "5"] {
        reject(&line, "0", offset, "no_rate", 0);
    }
    reject(&line, "0", "4", "wrong_type", 0);
    line.settle().unwrap();
    let filter = reason("no_rate");
    let runs = Letters::of(&line.clickhouse)
        .unwrap()
        .runs(&filter)
        .unwrap();
    assert_eq!((runs.len(), runs[0].letters, runs[0].last), (1, 4, 5));
    // What was sent is rejected again while the rest of the run is sent.
    reject(&line, "0", "6", "no_rate", 1);
    line.settle().unwrap();
    let letters = Letters::of(&line.clickhouse).unwrap();
    let mut pages = Vec::new();
    let mut after = -1;
    loop {
        let page = letters.page(&filter, &runs[0], after, 3).unwrap();
        let offsets: Vec<_> = page.iter().map(|letter| letter.entry.offset).collect();
        let Some(last) = offsets.last() else { break };
        after = *last;
        letters.mark_replayed(&runs[0], offsets.clone()).unwrap();
        pages.push(offsets);
    }
    assert_eq!(pages, [vec![1, 2, 3], vec![5]]);
    let totals = letters.totals().unwrap();
    assert_eq!((totals.letters, totals.replayed), (6, 4));
    let runs = letters.runs(&filter).unwrap();
    assert_eq!((runs[0].letters, runs[0].last), (1, 6));
}
