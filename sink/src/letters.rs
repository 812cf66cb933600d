//! Rejected records, as an operator asks for them: listed, counted, one whole,
//! and run by run to be sent again.
//!
//! They are read from the view `dead_letters`, not from their topic: there
//! each stands once under its origin, is found by it without reading all
//! others, and stays when the topic's retention has passed. What a user says
//! reaches ClickHouse as bound values only.

mod filter;
mod place;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::client::{ClickHouse, Param};
use crate::error::SinkError;

pub use filter::Filter;
pub use place::{InvalidPlace, Place};

/// The most letters of a page.
pub const PAGE_LETTERS: usize = 500;
/// The most bytes of values of a page that has more than one letter.
pub const PAGE_BYTES: u64 = 16 * 1024 * 1024;

/// What a list shows of a letter.
#[derive(Row, Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The topic the record stands in.
    pub topic: String,
    /// The partition there.
    pub partition: i32,
    /// The offset there.
    pub offset: i64,
    /// Why it was rejected, a short fixed word.
    pub reason: String,
    /// The path of the offending field; empty: the whole record.
    pub field: String,
    /// The reason in words.
    pub message: String,
    /// The size of its value; none when it has none.
    pub bytes: Option<u64>,
    /// When it was rejected, epoch milliseconds.
    pub rejected_at: i64,
    /// The place it first was rejected at, when it was sent again.
    pub replay_of: String,
    /// When it was sent again last, epoch milliseconds.
    pub replayed_at: Option<i64>,
}

/// Letters of one topic and reason.
#[derive(Row, Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The topic.
    pub topic: String,
    /// The reason.
    pub reason: String,
    /// How many they are.
    pub letters: u64,
    /// When the first was rejected, epoch milliseconds.
    pub first: i64,
    /// When the last was rejected, epoch milliseconds.
    pub last: i64,
}

/// A whole letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// What a list shows of it.
    pub entry: Entry,
    /// The record's key, unchanged.
    pub key: Option<Vec<u8>>,
    /// The record's value, unchanged.
    pub value: Option<Vec<u8>>,
    /// The record's own headers in their order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// The letters of one partition, up to the last that was there when asked.
#[derive(Row, Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset of the last letter.
    pub last: i64,
    /// How many they are.
    pub letters: u64,
}

/// How many letters there are in all.
#[derive(Row, Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Totals {
    /// All of them.
    pub letters: u64,
    /// Those among them that were sent again.
    pub replayed: u64,
}

/// A letter as it is read: what may be any bytes comes in hexadecimal digits.
#[derive(Row, Serialize, Deserialize)]
struct Whole {
    topic: String,
    partition: i32,
    offset: i64,
    reason: String,
    field: String,
    message: String,
    bytes: Option<u64>,
    rejected_at: i64,
    replay_of: String,
    replayed_at: Option<i64>,
    key: Option<String>,
    value: Option<String>,
    headers: Vec<(String, Option<String>)>,
}

const ENTRY: &str = "toString(letter.topic) AS topic, letter.partition AS partition, \
     letter.offset AS offset, toString(letter.reason) AS reason, \
     toValidUTF8(letter.field) AS field, toValidUTF8(letter.message) AS message, \
     length(letter.value) AS bytes, \
     toUnixTimestamp64Milli(letter.rejected_at) AS rejected_at, \
     toValidUTF8(letter.replay_of) AS replay_of, \
     toUnixTimestamp64Milli(letter.replayed_at) AS replayed_at";
const BYTES: &str = "hex(letter.key) AS key, hex(letter.value) AS value, \
     arrayMap(header -> (toValidUTF8(header.1), hex(header.2)), letter.headers) AS headers";

/// The rejected records of a database.
#[derive(Clone, Copy, Debug)]
pub struct Letters<'a>(&'a ClickHouse);

impl<'a> Letters<'a> {
    /// Those of this database. The error says whether it cannot be reached or
    /// has not the tables of this release.
    pub fn of(clickhouse: &'a ClickHouse) -> Result<Self, SinkError> {
        clickhouse.scalar::<u64>(
            "look for dead_letter_replays",
            "SELECT count() FROM dead_letter_replays",
        )?;
        Ok(Self(clickhouse))
    }

    /// How many there are, whatever the filter.
    pub fn totals(self) -> Result<Totals, SinkError> {
        self.0.scalar(
            "count dead letters",
            "SELECT count() AS letters, countIf(replayed_at IS NOT NULL) AS replayed FROM dead_letters",
        )
    }

    /// The newest ones.
    pub fn newest(self, filter: &Filter, limit: u64) -> Result<Vec<Entry>, SinkError> {
        self.select(
            filter,
            &format!("SELECT {ENTRY} FROM dead_letters AS letter"),
            "ORDER BY letter.rejected_at DESC, letter.topic, letter.partition, letter.offset DESC \
             LIMIT {limit:UInt64}",
            &[("limit", Param::Number(limit as i64))],
        )
    }

    /// How many there are of each topic and reason, the most first.
    pub fn counts(self, filter: &Filter, limit: u64) -> Result<Vec<Group>, SinkError> {
        self.select(
            filter,
            "SELECT toString(letter.topic) AS topic, toString(letter.reason) AS reason, count() AS letters, \
                 toUnixTimestamp64Milli(min(letter.rejected_at)) AS first, \
                 toUnixTimestamp64Milli(max(letter.rejected_at)) AS last \
             FROM dead_letters AS letter",
            "GROUP BY topic, reason ORDER BY letters DESC, topic, reason LIMIT {limit:UInt64}",
            &[("limit", Param::Number(limit as i64))],
        )
    }

    /// The one of a place.
    pub fn at(self, place: &Place) -> Result<Option<Letter>, SinkError> {
        let letters = self.whole(&Filter::at(place), "LIMIT 1", &[])?;
        Ok(letters.into_iter().next())
    }

    /// Those that came of sending the record of a place again, newest first.
    pub fn repeats(self, place: &Place, limit: u64) -> Result<Vec<Entry>, SinkError> {
        self.0.rows_with(
            "look for repeated dead letters",
            &format!(
                "SELECT {ENTRY} FROM dead_letters AS letter WHERE letter.replay_of = {{place:String}} \
                 ORDER BY letter.rejected_at DESC, letter.offset DESC LIMIT {{limit:UInt64}}"
            ),
            &[
                ("place", Param::Text(place.to_string())),
                ("limit", Param::Number(limit as i64)),
            ],
        )
    }

    /// What there is now, partition by partition.
    pub fn runs(self, filter: &Filter) -> Result<Vec<Run>, SinkError> {
        self.select(
            filter,
            "SELECT toString(letter.topic) AS topic, letter.partition AS partition, \
                 max(letter.offset) AS last, count() AS letters FROM dead_letters AS letter",
            "GROUP BY topic, partition ORDER BY topic, partition",
            &[],
        )
    }

    /// The next letters of a run after an offset, in the order of their
    /// offsets; none when it is at its end. What is rejected after the run was
    /// asked for is no part of it, so that a replay has an end.
    pub fn page(
        self,
        filter: &Filter,
        run: &Run,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Letter>, SinkError> {
        let limit = limit.min(PAGE_LETTERS) as i64;
        let bounds = |last: i64| {
            [
                ("run_topic", Param::Text(run.topic.clone())),
                ("run_partition", Param::Number(run.partition.into())),
                ("after", Param::Number(after)),
                ("last", Param::Number(last)),
                ("limit", Param::Number(limit)),
            ]
        };
        let rest = "AND letter.topic = {run_topic:String} AND letter.partition = {run_partition:Int32} \
             AND letter.offset > {after:Int64} AND letter.offset <= {last:Int64} \
             ORDER BY letter.offset LIMIT {limit:UInt64}";
        let sizes: Vec<(i64, u64)> = self.select(
            filter,
            "SELECT letter.offset AS offset, ifNull(length(letter.value), 0) AS bytes FROM dead_letters AS letter",
            rest,
            &bounds(run.last),
        )?;
        let Some(last) = fitting(&sizes) else {
            return Ok(Vec::new());
        };
        self.whole(filter, rest, &bounds(last))
    }

    /// Says of letters of one partition that they were sent again just now.
    pub fn mark_replayed(self, run: &Run, offsets: Vec<i64>) -> Result<(), SinkError> {
        self.0.execute_with(
            "mark dead letters as replayed",
            "INSERT INTO dead_letter_replays (topic, partition, offset, replayed_at) \
             SELECT {topic:String}, {partition:Int32}, arrayJoin({offsets:Array(Int64)}), now64(3, 'UTC')",
            &[
                ("topic", Param::Text(run.topic.clone())),
                ("partition", Param::Number(run.partition.into())),
                ("offsets", Param::Numbers(offsets)),
            ],
        )
    }

    fn whole(
        self,
        filter: &Filter,
        rest: &str,
        params: &[(&'static str, Param)],
    ) -> Result<Vec<Letter>, SinkError> {
        let from = format!("SELECT {ENTRY}, {BYTES} FROM dead_letters AS letter");
        let rows: Vec<Whole> = self.select(filter, &from, rest, params)?;
        Ok(rows.into_iter().map(letter).collect())
    }

    fn select<T>(
        self,
        filter: &Filter,
        from: &str,
        rest: &str,
        params: &[(&'static str, Param)],
    ) -> Result<Vec<T>, SinkError>
    where
        T: clickhouse::RowOwned + clickhouse::RowRead,
    {
        let (condition, mut all) = filter.condition();
        all.extend_from_slice(params);
        let sql = format!("{from} WHERE {condition} {rest}");
        self.0.rows_with("read dead_letters", &sql, &all)
    }
}

/// The last offset of as many letters as fit into a page, at least one.
fn fitting(sizes: &[(i64, u64)]) -> Option<i64> {
    let mut total = 0;
    let mut last = None;
    for (offset, bytes) in sizes {
        total += bytes;
        if last.is_some() && total > PAGE_BYTES {
            break;
        }
        last = Some(*offset);
    }
    last
}

fn letter(row: Whole) -> Letter {
    Letter {
        entry: Entry {
            topic: row.topic,
            partition: row.partition,
            offset: row.offset,
            reason: row.reason,
            field: row.field,
            message: row.message,
            bytes: row.bytes,
            rejected_at: row.rejected_at,
            replay_of: row.replay_of,
            replayed_at: row.replayed_at,
        },
        key: row.key.as_deref().map(bytes),
        value: row.value.as_deref().map(bytes),
        headers: row
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.as_deref().map(bytes)))
            .collect(),
    }
}

/// The bytes of ClickHouse's `hex()`, whose digits are always whole pairs.
fn bytes(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or_default() as u8;
    hex.as_bytes()
        .chunks_exact(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

impl Entry {
    /// Where the record stands.
    pub fn place(&self) -> Place {
        Place {
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_letter_at_least_and_ends_before_it_is_too_large() {
        assert_eq!(fitting(&[]), None);
        assert_eq!(fitting(&[(3, PAGE_BYTES * 2), (4, 1)]), Some(3));
        assert_eq!(
            fitting(&[(3, 1), (7, PAGE_BYTES - 1), (9, 1), (10, 0)]),
            Some(7)
        );
        assert_eq!(fitting(&[(3, 0), (7, 0)]), Some(7));
    }

    #[test]
    fn hexadecimal_digits_are_bytes() {
        assert_eq!(bytes("00FF7Fa0"), [0, 255, 127, 160]);
        assert!(bytes("").is_empty());
    }
}
