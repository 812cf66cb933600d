//! Raw records that a thread is about to convert. Their room is used again.

use std::sync::Arc;

use throughline_stream::Record;

/// Some raw records.
#[derive(Debug)]
pub struct Load {
    /// The first [`Self::count`] are there; the others lend their room.
    records: Vec<Record>,
    count: usize,
    bytes: usize,
    timestamp_ms: i64,
}

impl Load {
    /// Nothing yet. What comes counts as written at `timestamp_ms`.
    pub const fn new(timestamp_ms: i64) -> Self {
        Self {
            records: Vec::new(),
            count: 0,
            bytes: 0,
            timestamp_ms,
        }
    }

    /// Puts a record in, by its place in a raw topic and its value.
    pub fn push(&mut self, topic: &Arc<str>, partition: i32, offset: i64, value: &[u8]) {
        if self.count == self.records.len() {
            self.records.push(Record {
                topic: Arc::clone(topic),
                partition,
                offset,
                timestamp_ms: self.timestamp_ms,
                key: None,
                value: None,
                headers: Vec::new(),
            });
        }
        let record = &mut self.records[self.count];
        if !Arc::ptr_eq(&record.topic, topic) {
            record.topic = Arc::clone(topic);
        }
        record.partition = partition;
        record.offset = offset;
        let room = record.value.get_or_insert_default();
        room.clear();
        room.extend_from_slice(value);
        self.count += 1;
        self.bytes += value.len();
    }

    /// Takes all records out.
    pub const fn clear(&mut self) {
        self.count = 0;
        self.bytes = 0;
    }

    /// The records.
    pub fn records(&self) -> &[Record] {
        &self.records[..self.count]
    }

    /// Bytes of their values.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_room_leaves_nothing_behind() {
        let (web, calls): (Arc<str>, Arc<str>) = ("web".into(), "calls".into());
        let mut load = Load::new(7);
        load.push(&web, 0, 3, b"a long value");
        load.push(&web, 0, 4, b"b");
        assert_eq!(load.bytes(), 13);
        load.clear();
        assert!(load.records().is_empty());
        load.push(&calls, 1, 5, b"c");
        let [record] = load.records() else {
            panic!("{load:?} instead of one record");
        };
        assert_eq!(load.bytes(), 1);
        assert_eq!(
            (
                &*record.topic,
                record.partition,
                record.offset,
                record.timestamp_ms
            ),
            ("calls", 1, 5, 7)
        );
        assert_eq!(record.value.as_deref(), Some(&b"c"[..]));
    }
}
