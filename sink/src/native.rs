//! ClickHouse's `Native` format, written straight from decoded records: no row
//! exists as a structure of its own, and a block that must be sent again is
//! sent as the same bytes.
//!
//! A block stands column by column, a text that repeats in a column of low
//! cardinality stands once. This is how ClickHouse keeps data itself, so taking
//! a block in costs it a fraction of what rows do. The names and types of the
//! columns are in the block, so that ClickHouse itself refuses one that does
//! not fit the table.

use std::cell::Cell;

use rustc_hash::FxHashMap;
use throughline_proto::Ident;
use throughline_proto::rollups::TouchRef;

/// The values of one column so far.
#[derive(Debug)]
pub enum Column {
    /// Numbers of one width, ids or texts, one after the other.
    Plain(Vec<u8>),
    /// `LowCardinality(String)`.
    Dictionary(Dictionary),
    /// `Nullable(...)` of a plain type.
    Nullable {
        /// A byte each: 1 where there is no value.
        nulls: Vec<u8>,
        /// The values; an absent one is so many zeros.
        values: Vec<u8>,
        /// How many bytes the shortest value has.
        width: usize,
    },
    /// `Array(...)`.
    Array {
        /// Where each list ends among the elements, 64 bits each.
        ends: Vec<u8>,
        /// Where the last one ends.
        end: u64,
        /// The elements of all lists.
        elements: Box<Column>,
    },
    /// `Tuple(...)` of two.
    Pair(Box<[Column; 2]>),
}

/// Texts by their number in the order of their first use.
#[derive(Debug, Default)]
pub struct Dictionary {
    numbers: FxHashMap<Box<[u8]>, u32>,
    /// The texts as a column.
    texts: Vec<u8>,
    /// The texts' numbers, one a value.
    values: Vec<u32>,
    /// The last value's text: most columns say the same many times.
    last: Vec<u8>,
}

/// Says that a dictionary's texts travel with the block (clickhouse,
/// `SerializationLowCardinality.cpp`: additional keys, update of the dictionary).
const OWN_TEXTS: u64 = 0b11 << 9;
/// The version of a dictionary's layout.
const DICTIONARY_VERSION: u64 = 1;

impl Column {
    /// An empty column of a type as ClickHouse spells it.
    pub fn new(kind: &str) -> Self {
        if kind == "LowCardinality(String)" {
            return Self::Dictionary(Dictionary::default());
        }
        if let Some(kind) = inner(kind, "Nullable") {
            return Self::Nullable {
                nulls: Vec::new(),
                values: Vec::new(),
                width: shortest(kind),
            };
        }
        if let Some(kind) = inner(kind, "Array") {
            return Self::Array {
                ends: Vec::new(),
                end: 0,
                elements: Box::new(Self::new(kind)),
            };
        }
        if let Some(pair) = inner(kind, "Tuple").and_then(|pair| pair.split_once(", ")) {
            let element = |named: &str| Self::new(named.split_once(' ').map_or(named, |it| it.1));
            return Self::Pair(Box::new([element(pair.0), element(pair.1)]));
        }
        Self::Plain(Vec::new())
    }

    /// Has no values any more; of its room it keeps what they took.
    pub fn clear(&mut self) {
        match self {
            Self::Plain(bytes) => clear(bytes),
            Self::Dictionary(dictionary) => dictionary.clear(),
            Self::Nullable { nulls, values, .. } => {
                clear(nulls);
                clear(values);
            }
            Self::Array {
                ends,
                end,
                elements,
            } => {
                clear(ends);
                *end = 0;
                elements.clear();
            }
            Self::Pair(pair) => pair.iter_mut().for_each(Self::clear),
        }
    }

    /// How many bytes the values take.
    pub fn size(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Dictionary(dictionary) => dictionary.texts.len() + 4 * dictionary.values.len(),
            Self::Nullable { nulls, values, .. } => nulls.len() + values.len(),
            Self::Array { ends, elements, .. } => ends.len() + elements.size(),
            Self::Pair(pair) => pair[0].size() + pair[1].size(),
        }
    }

    /// Appends the column as it stands in a block.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_version(out);
        self.write_values(out);
    }

    fn write_version(&self, out: &mut Vec<u8>) {
        match self {
            Self::Plain(_) | Self::Nullable { .. } => {}
            Self::Dictionary(_) => out.extend(DICTIONARY_VERSION.to_le_bytes()),
            Self::Array { elements, .. } => elements.write_version(out),
            Self::Pair(pair) => pair.iter().for_each(|column| column.write_version(out)),
        }
    }

    fn write_values(&self, out: &mut Vec<u8>) {
        match self {
            Self::Plain(bytes) => out.extend(bytes),
            Self::Dictionary(dictionary) => dictionary.write(out),
            Self::Nullable { nulls, values, .. } => {
                out.extend(nulls);
                out.extend(values);
            }
            Self::Array { ends, elements, .. } => {
                out.extend(ends);
                elements.write_values(out);
            }
            Self::Pair(pair) => pair.iter().for_each(|column| column.write_values(out)),
        }
    }

    /// Where plain values are appended.
    fn plain(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Nullable { nulls, values, .. } => {
                nulls.push(0);
                values
            }
            other => unreachable!("a plain value for {other:?}"),
        }
    }
}

/// Empties a list whose next content will be about as long; of more room than
/// twice that none is kept.
fn clear<T>(list: &mut Vec<T>) {
    if list.capacity() / 2 > list.len() {
        *list = Vec::new();
    }
    list.clear();
}

impl Dictionary {
    fn clear(&mut self) {
        self.numbers.clear();
        clear(&mut self.texts);
        clear(&mut self.values);
        self.last.clear();
    }

    fn push(&mut self, text: &[u8]) {
        if let Some(number) = self.values.last()
            && *self.last == *text
        {
            self.values.push(*number);
            return;
        }
        let number = self.number(text);
        self.values.push(number);
        self.last.clear();
        self.last.extend(text);
    }

    fn push_known(&mut self, known: Known<'_>) {
        let text = known.text.as_bytes();
        let number = known.number.0.get().unwrap_or_else(|| self.number(text));
        debug_assert_eq!(self.numbers.get(text), Some(&number), "it is another's");
        known.number.0.set(Some(number));
        self.values.push(number);
        self.last.clear();
        self.last.extend(text);
    }

    fn number(&mut self, text: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            *number
        } else {
            let number = self.numbers.len() as u32;
            self.numbers.insert(text.into(), number);
            put_bytes(text, &mut self.texts);
            number
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        // Of no values, not even their number is written.
        if self.values.is_empty() {
            return;
        }
        let width = match self.numbers.len() {
            0..=0x100 => 0_u64,
            0x101..=0x1_0000 => 1,
            _ => 2,
        };
        out.extend((OWN_TEXTS | width).to_le_bytes());
        out.extend((self.numbers.len() as u64).to_le_bytes());
        out.extend(&self.texts);
        out.extend((self.values.len() as u64).to_le_bytes());
        match width {
            0 => out.extend(self.values.iter().map(|number| *number as u8)),
            1 => out.extend(self.values.iter().flat_map(|n| (*n as u16).to_le_bytes())),
            _ => out.extend(self.values.iter().flat_map(|n| n.to_le_bytes())),
        }
    }
}

/// The columns of a row, one after the other.
#[derive(Debug)]
pub struct Row<'a>(std::slice::IterMut<'a, Column>);

impl<'a> Row<'a> {
    /// A row that is appended to the columns.
    pub fn new(columns: &'a mut [Column]) -> Self {
        Self(columns.iter_mut())
    }

    /// Appends a value to the next column.
    pub fn put(&mut self, value: impl Value) {
        if let Some(column) = self.0.next() {
            value.put(column);
        } else {
            debug_assert!(false, "more values than columns");
        }
    }

    /// Appends a list whose elements may be missing; the first error ends it.
    pub fn try_put<T: Value, E>(
        &mut self,
        values: impl Iterator<Item = Result<T, E>>,
    ) -> Result<(), E> {
        let mut result = Ok(());
        self.put(List(values.map_while(|value| {
            value.map_err(|error| result = Err(error)).ok()
        })));
        result
    }

    /// The row has a value in each column.
    pub fn is_complete(&self) -> bool {
        self.0.len() == 0
    }
}

/// What a column takes.
pub trait Value {
    /// Appends the value.
    fn put(self, column: &mut Column);
}

macro_rules! numbers {
    ($($number:ty,)*) => {$(
        impl Value for $number {
            fn put(self, column: &mut Column) {
                column.plain().extend(self.to_le_bytes());
            }
        }
    )*};
}

// `Date` is days since 1970-01-01 in 16 bits, `DateTime` seconds in 32,
// `DateTime64(3)` milliseconds in 64, `Decimal(18, 4)` ten-thousandths in 64.
numbers! { u8, i8, u16, u32, i32, u64, i64, }

/// `Bool`, and `UInt8` that says yes or no.
impl Value for bool {
    fn put(self, column: &mut Column) {
        u8::from(self).put(column);
    }
}

/// `FixedString(16)`: highest byte first, so that its order is that of the
/// number and `hex` shows it as it is written elsewhere.
impl Value for Ident {
    fn put(self, column: &mut Column) {
        column.plain().extend(self.0.to_be_bytes());
    }
}

/// `String` of any bytes.
impl Value for &[u8] {
    fn put(self, column: &mut Column) {
        match column {
            Column::Dictionary(dictionary) => dictionary.push(self),
            other => put_bytes(self, other.plain()),
        }
    }
}

/// `String` and `LowCardinality(String)`.
impl Value for &str {
    fn put(self, column: &mut Column) {
        self.as_bytes().put(column);
    }
}

/// A text of a record's tables, which many of its rows name: looked up in a
/// column's dictionary once a record.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The text.
    pub text: &'a str,
    /// Its number in the column that it is put in, always the same one.
    pub number: &'a Number,
}

/// The number of a text in the dictionary of one column, once it has one there.
#[derive(Debug, Default)]
pub struct Number(Cell<Option<u32>>);

impl Value for Known<'_> {
    fn put(self, column: &mut Column) {
        match column {
            Column::Dictionary(dictionary) => dictionary.push_known(self),
            other => self.text.put(other),
        }
    }
}

/// A touch's id, a `String`: the topic and the event id, joined by a colon;
/// empty when nobody is meant.
#[derive(Clone, Copy, Debug)]
pub struct TouchId<'a>(pub Option<TouchRef<'a>>);

impl Value for TouchId<'_> {
    fn put(self, column: &mut Column) {
        let Some(TouchRef { topic, event_id }) = self.0 else {
            return "".put(column);
        };
        let (topic, out) = (topic.name(), column.plain());
        put_length(topic.len() + 1 + event_id.len(), out);
        out.extend(topic.as_bytes());
        out.push(b':');
        out.extend(event_id.as_bytes());
    }
}

impl<T: Value> Value for Option<T> {
    fn put(self, column: &mut Column) {
        match (self, column) {
            (Some(value), column) => value.put(column),
            (
                None,
                Column::Nullable {
                    nulls,
                    values,
                    width,
                },
            ) => {
                nulls.push(1);
                values.resize(values.len() + *width, 0);
            }
            (None, other) => unreachable!("no value for {other:?}"),
        }
    }
}

/// The elements of an `Array`.
#[derive(Clone, Copy, Debug)]
pub struct List<I>(pub I);

impl<T: Value, I: Iterator<Item = T>> Value for List<I> {
    fn put(self, column: &mut Column) {
        let Column::Array {
            ends,
            end,
            elements,
        } = column
        else {
            unreachable!("a list for {column:?}")
        };
        for value in self.0 {
            value.put(elements);
            *end += 1;
        }
        ends.extend(end.to_le_bytes());
    }
}

impl<A: Value, B: Value> Value for (A, B) {
    fn put(self, column: &mut Column) {
        let Column::Pair(pair) = column else {
            unreachable!("a pair for {column:?}")
        };
        let [first, second] = pair.as_mut();
        self.0.put(first);
        self.1.put(second);
    }
}

/// Appends the length in LEB128 and the bytes.
pub fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_length(bytes.len(), out);
    out.extend(bytes);
}

/// Appends a length in LEB128.
pub fn put_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// The type in the parentheses of another.
fn inner<'a>(kind: &'a str, outer: &str) -> Option<&'a str> {
    kind.strip_prefix(outer)?
        .strip_prefix('(')?
        .strip_suffix(')')
}

/// How many bytes the shortest value of a plain type has.
fn shortest(kind: &str) -> usize {
    match kind {
        "Int64" | "DateTime64(3, 'UTC')" => 8,
        "UInt8" | "String" => 1,
        _ => unreachable!("no column is Nullable({kind})"),
    }
}

#[cfg(test)]
mod tests;
