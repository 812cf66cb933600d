//! Blocks read back as text.

use crate::row_binary::RowWriter;
use crate::table::Columns;

/// Reads a block back as text, by the types of its columns.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at(N);
        self.0 = rest;
        head.try_into().unwrap()
    }

    fn length(&mut self) -> usize {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let [byte] = self.take();
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    fn value(&mut self, kind: &str) -> String {
        if let Some(inner) = inner(kind, "Nullable") {
            return match self.take::<1>() {
                [1] => "NULL".into(),
                _ => self.value(inner),
            };
        }
        if let Some(inner) = inner(kind, "Array") {
            let values: Vec<_> = (0..self.length()).map(|_| self.value(inner)).collect();
            return format!("[{}]", values.join(" "));
        }
        match kind {
            "Bool" | "UInt8" => self.take::<1>()[0].to_string(),
            "Int8" => i8::from_le_bytes(self.take()).to_string(),
            "Date" => u16::from_le_bytes(self.take()).to_string(),
            "UInt32" | "DateTime('UTC')" => u32::from_le_bytes(self.take()).to_string(),
            "Int32" => i32::from_le_bytes(self.take()).to_string(),
            "UInt64" => u64::from_le_bytes(self.take()).to_string(),
            "Int64" | "Decimal(18, 4)" | "DateTime64(3, 'UTC')" => {
                i64::from_le_bytes(self.take()).to_string()
            }
            "FixedString(16)" => format!("{:x}", u128::from_be_bytes(self.take())),
            "String" | "LowCardinality(String)" => {
                let length = self.length();
                let (text, rest) = self.0.split_at(length);
                self.0 = rest;
                format!("'{}'", String::from_utf8_lossy(text))
            }
            "Tuple(name String, value Nullable(String))" => format!(
                "{}={}",
                self.value("String"),
                self.value("Nullable(String)")
            ),
            _ => panic!("the reader does not know {kind}"),
        }
    }
}

fn inner<'a>(kind: &'a str, outer: &str) -> Option<&'a str> {
    kind.strip_prefix(outer)?
        .strip_prefix('(')?
        .strip_suffix(')')
}

/// The rows of a block, a line each.
pub fn text(block: &[u8], columns: Columns, rows: usize) -> String {
    let mut header = Vec::new();
    RowWriter::new(&mut header).header(columns);
    let mut reader = Reader(block.strip_prefix(header.as_slice()).unwrap());
    let mut lines = Vec::new();
    for _ in 0..rows {
        let values: Vec<_> = columns
            .iter()
            .map(|(name, kind)| format!("{name}={}", reader.value(kind)))
            .collect();
        lines.push(values.join(" "));
    }
    assert!(reader.0.is_empty(), "bytes are left after the last row");
    lines.join("\n")
}
