//! What the sink reads.

use throughline_proto::topics::{DEAD_LETTERS, dead_letter_headers as headers};
use throughline_sink::blocks::Blocks;
use throughline_sink::rows::{self, dead_letters::dead_letter};
use throughline_sink::table::Table;
use throughline_stream::{Header, Record};

use crate::input::Input;

/// A record of `rollups` becomes rows, or is refused.
pub fn rows(data: &[u8]) {
    let mut blocks = Blocks::default();
    if rows::append(data, &mut blocks).is_err() {
        return;
    }
    let taken = blocks.take(|_| true);
    assert!(taken.len() <= 1, "a record has rows of one table");
    for block in taken {
        let bytes: usize = block.pieces(4096).map(|piece| piece.len()).sum();
        assert!(block.rows > 0 && bytes > block.rows);
    }
}

/// Any record in `dead-letters` becomes a row: key, value, then names and
/// values of headers.
pub fn dead_letters(data: &[u8]) {
    const NAMES: [&str; 8] = [
        headers::TOPIC,
        headers::PARTITION,
        headers::OFFSET,
        headers::REASON,
        headers::FIELD,
        headers::MESSAGE,
        headers::REPLAY_OF,
        "other",
    ];
    let mut input = Input::new(data);
    let timestamp_ms = [0, 1_767_225_600_000, i64::MIN, i64::MAX];
    let timestamp_ms = timestamp_ms[usize::from(input.byte() % 4)];
    let key = input.part().map(<[u8]>::to_vec);
    let value = input.part().map(<[u8]>::to_vec);
    let mut all = Vec::new();
    while let Some(part) = input.part() {
        let name = part.first().map_or(0, |byte| usize::from(byte % 8));
        all.push(Header {
            name: NAMES[name].to_owned(),
            value: part.get(1..).map(<[u8]>::to_vec),
        });
    }
    let record = Record {
        topic: DEAD_LETTERS.into(),
        partition: 0,
        offset: 0,
        timestamp_ms,
        key,
        value,
        headers: all,
    };
    let mut blocks = Blocks::default();
    let appended = blocks.append(Table::DeadLetters, [Ok(&record)], |record, out| {
        dead_letter(record, out);
        Ok(())
    });
    assert_eq!(appended, Ok(()));
    let taken = blocks.take(|_| true);
    assert!(matches!(&taken[..], [block] if block.rows == 1));
}
