//! ClickHouse's `RowBinary`, written straight from decoded records: no row
//! exists as a structure of its own, and a block that must be sent again is
//! sent as the same bytes.
//!
//! A block opens with the names and types of its columns
//! (`RowBinaryWithNamesAndTypes`), so that ClickHouse itself refuses a block
//! that does not fit the table.

use throughline_proto::Ident;
use throughline_proto::rollups::TouchTopic;

/// Appends values to a buffer in the format's encoding.
#[derive(Debug)]
pub struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> RowWriter<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// The header: names, then types.
    pub fn header(&mut self, columns: &[(&str, &str)]) {
        self.length(columns.len());
        for (name, _) in columns {
            self.string(name);
        }
        for (_, kind) in columns {
            self.string(kind);
        }
    }

    /// `Bool`.
    pub fn bool(&mut self, value: bool) {
        self.out.push(u8::from(value));
    }

    /// `UInt8`.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// `Int8`.
    pub fn i8(&mut self, value: i8) {
        self.out.extend(value.to_le_bytes());
    }

    /// `UInt16`, and `Date` as days since 1970-01-01.
    pub fn u16(&mut self, value: u16) {
        self.out.extend(value.to_le_bytes());
    }

    /// `UInt32`, and `DateTime` as seconds since the epoch.
    pub fn u32(&mut self, value: u32) {
        self.out.extend(value.to_le_bytes());
    }

    /// `Int32`.
    pub fn i32(&mut self, value: i32) {
        self.out.extend(value.to_le_bytes());
    }

    /// `UInt64`.
    pub fn u64(&mut self, value: u64) {
        self.out.extend(value.to_le_bytes());
    }

    /// `Int64`, `Decimal(18, 4)` as ten-thousandths, `DateTime64(3)` as
    /// milliseconds since the epoch.
    pub fn i64(&mut self, value: i64) {
        self.out.extend(value.to_le_bytes());
    }

    /// `FixedString(16)`: 128 bits, highest byte first, so that its order is
    /// that of the number and `hex` shows it as it is written elsewhere.
    pub fn id(&mut self, value: Ident) {
        self.out.extend(value.0.to_be_bytes());
    }

    /// `String` and `LowCardinality(String)`.
    pub fn string(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    /// A touch's id: the topic and the event id, joined by a colon.
    pub fn touch_id(&mut self, topic: TouchTopic, event_id: &str) {
        let topic = topic.name();
        self.length(topic.len() + 1 + event_id.len());
        self.out.extend(topic.as_bytes());
        self.out.push(b':');
        self.out.extend(event_id.as_bytes());
    }

    /// `String` of any bytes.
    pub fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.out.extend(value);
    }

    /// `Nullable(...)`, the value written by `write`.
    pub fn nullable<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.u8(1),
            Some(value) => {
                self.u8(0);
                write(self, value);
            }
        }
    }

    /// `Array(...)`, each element written by `write`.
    pub fn array<T>(
        &mut self,
        values: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.length(values.len());
        for value in values {
            write(self, value);
        }
    }

    /// LEB128.
    fn length(&mut self, value: usize) {
        let mut rest = value;
        while rest >= 0x80 {
            self.out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push(rest as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut RowWriter<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut RowWriter::new(&mut out));
        out
    }

    #[test]
    fn values_are_little_endian_and_lengths_leb128() {
        assert_eq!(written(|w| w.i64(-2))[..2], [0xfe, 0xff]);
        assert_eq!(written(|w| w.u32(0x0102)), [2, 1, 0, 0]);
        assert_eq!(written(|w| w.id(Ident(1)))[15], 1);
        assert_eq!(written(|w| w.string("ab")), [2, b'a', b'b']);
        assert_eq!(written(|w| w.bytes(&[7; 300]))[..3], [0xac, 0x02, 7]);
    }

    #[test]
    fn nulls_and_arrays() {
        assert_eq!(written(|w| w.nullable(None::<u8>, RowWriter::u8)), [1]);
        assert_eq!(written(|w| w.nullable(Some(5), RowWriter::u8)), [0, 5]);
        let values = [3u8, 4];
        assert_eq!(
            written(|w| w.array(values.into_iter(), RowWriter::u8)),
            [2, 3, 4]
        );
    }

    #[test]
    fn a_header_lists_names_then_types() {
        assert_eq!(
            written(|w| w.header(&[("a", "Int8"), ("b", "Date")])),
            b"\x02\x01a\x01b\x04Int8\x04Date"
        );
    }
}
