//! Blocks read back as text.

use crate::table::Columns;

/// Reads a block back as text, by the types of its columns.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at(N);
        self.0 = rest;
        head.try_into().unwrap()
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
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

    fn string(&mut self) -> String {
        let length = self.length();
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    /// The values of a column, the version of its dictionary in front.
    fn column(&mut self, kind: &str, rows: usize) -> Vec<String> {
        if kind.contains("LowCardinality") {
            assert_eq!(self.number(), 1, "the version of the dictionary");
        }
        self.values(kind, rows)
    }

    fn values(&mut self, kind: &str, rows: usize) -> Vec<String> {
        if let Some(inner) = inner(kind, "Nullable") {
            let nulls: Vec<_> = (0..rows).map(|_| self.take::<1>() == [1]).collect();
            let values = self.values(inner, rows).into_iter().zip(nulls);
            return values
                .map(|(value, null)| if null { "NULL".into() } else { value })
                .collect();
        }
        if let Some(inner) = inner(kind, "Array") {
            let ends: Vec<_> = (0..rows).map(|_| self.number() as usize).collect();
            let elements = self.values(inner, ends.last().copied().unwrap_or_default());
            let starts = [0].iter().chain(&ends);
            return starts
                .zip(&ends)
                .map(|(start, end)| format!("[{}]", elements[*start..*end].join(" ")))
                .collect();
        }
        if kind == "LowCardinality(String)" {
            return self.dictionary(rows);
        }
        if kind == "Tuple(name String, value Nullable(String))" {
            let names = self.values("String", rows);
            let values = self.values("Nullable(String)", rows).into_iter();
            return names
                .iter()
                .zip(values)
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
        }
        (0..rows).map(|_| self.value(kind)).collect()
    }

    fn dictionary(&mut self, rows: usize) -> Vec<String> {
        if rows == 0 {
            return Vec::new();
        }
        let flags = self.number();
        assert_eq!(
            flags & !0xff,
            0x600,
            "the dictionary is not the block's own"
        );
        let texts = self.number() as usize;
        let texts = self.values("String", texts);
        assert_eq!(self.number() as usize, rows);
        (0..rows)
            .map(|_| {
                let number = match flags & 0xff {
                    0 => usize::from(self.take::<1>()[0]),
                    1 => usize::from(u16::from_le_bytes(self.take())),
                    _ => u32::from_le_bytes(self.take()) as usize,
                };
                texts[number].clone()
            })
            .collect()
    }

    fn value(&mut self, kind: &str) -> String {
        match kind {
            "Bool" | "UInt8" => self.take::<1>()[0].to_string(),
            "Int8" => i8::from_le_bytes(self.take()).to_string(),
            "Date" => u16::from_le_bytes(self.take()).to_string(),
            "UInt32" | "DateTime('UTC')" => u32::from_le_bytes(self.take()).to_string(),
            "Int32" => i32::from_le_bytes(self.take()).to_string(),
            "UInt64" => self.number().to_string(),
            "Int64" | "Decimal(18, 4)" | "DateTime64(3, 'UTC')" => {
                i64::from_le_bytes(self.take()).to_string()
            }
            "FixedString(16)" => format!("{:x}", u128::from_be_bytes(self.take())),
            "String" => format!("'{}'", self.string()),
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
    let mut reader = Reader(block);
    assert_eq!((reader.length(), reader.length()), (columns.len(), rows));
    let mut lines = vec![Vec::new(); rows];
    for (name, kind) in columns {
        assert_eq!(
            (reader.string(), reader.string()),
            ((*name).into(), (*kind).into())
        );
        for (line, value) in lines.iter_mut().zip(reader.column(kind, rows)) {
            line.push(format!("{name}={value}"));
        }
    }
    assert!(reader.0.is_empty(), "bytes are left after the last column");
    let lines: Vec<_> = lines.iter().map(|line| line.join(" ")).collect();
    lines.join("\n")
}
