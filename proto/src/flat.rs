//! How values are written in the line's own topics and in its stored state:
//! one after the other, in the order of their fields, without names or tags.
//!
//! Unsigned numbers are LEB128, signed ones zigzag LEB128, texts and lists
//! have their length in front, an absent value is a 0 byte and a present one
//! follows a 1. Texts are borrowed from what is read. Whoever reads knows the
//! layout, so a change of a layout is a new number of its format.

use crate::Ident;

/// What was read is not what was expected there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// A value that is written flat.
pub trait Flat<'a>: Sized {
    /// Appends the value.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads the value.
    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed>;
}

/// What is still to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the first byte on.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a value whose type follows from its use.
    pub fn take<T: Flat<'a>>(&mut self) -> Result<T, Malformed> {
        T::take(self)
    }

    /// The error when anything is left.
    pub fn end(self) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed("more bytes than values"))
        }
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let (byte, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// A length that cannot be that of anything in the rest is refused, so
    /// that garbage does not reserve memory.
    fn length(&mut self) -> Result<usize, Malformed> {
        let length: u64 = self.take()?;
        match usize::try_from(length) {
            Ok(length) if length <= self.0.len() => Ok(length),
            _ => Err(SHORT),
        }
    }
}

const SHORT: Malformed = Malformed("it ends too early");
const TOO_LARGE: Malformed = Malformed("a number is too large");

impl<'a> Flat<'a> for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut value = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let byte = reader.byte()?;
            let bits = Self::from(byte & 0x7f);
            if bits.leading_zeros() < shift {
                return Err(TOO_LARGE);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(TOO_LARGE)
    }
}

impl<'a> Flat<'a> for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        ((*self << 1) ^ (*self >> 63)).cast_unsigned().put(out);
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let zigzag: u64 = reader.take()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }
}

macro_rules! narrow {
    ($($narrow:ty as $wide:ty,)*) => {$(
        impl<'a> Flat<'a> for $narrow {
            fn put(&self, out: &mut Vec<u8>) {
                <$wide>::from(*self).put(out);
            }

            fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
                let wide: $wide = reader.take()?;
                Self::try_from(wide).map_err(|_| TOO_LARGE)
            }
        }
    )*};
}

narrow! {
    u32 as u64,
    u16 as u64,
    i32 as i64,
}

impl<'a> Flat<'a> for u8 {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.byte()
    }
}

impl<'a> Flat<'a> for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(Self::into(*self));
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        match reader.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed("neither yes nor no")),
        }
    }
}

impl<'a> Flat<'a> for &'a str {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let length = reader.length()?;
        std::str::from_utf8(reader.bytes(length)?).map_err(|_| Malformed("a text is not UTF-8"))
    }
}

/// Three letters of a currency.
impl<'a> Flat<'a> for [u8; 3] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.array()
    }
}

/// Sixteen bytes, the highest first.
impl<'a> Flat<'a> for Ident {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self(u128::from_be_bytes(reader.array()?)))
    }
}

/// The hash of an event's content. Eight bytes: a hash does not get shorter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ContentHash(pub u64);

impl<'a> Flat<'a> for ContentHash {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self(u64::from_be_bytes(reader.array()?)))
    }
}

impl<'a, T: Flat<'a>> Flat<'a> for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let is_some: bool = reader.take()?;
        is_some.then(|| reader.take()).transpose()
    }
}

impl<'a, T: Flat<'a>> Flat<'a> for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let length = reader.length()?;
        let mut values = Self::with_capacity(length);
        for _ in 0..length {
            values.push(reader.take()?);
        }
        Ok(values)
    }
}

/// A list that grows while something else is written; read as a `Vec`.
#[derive(Clone, Debug, Default)]
pub struct ListWriter {
    length: u32,
    bytes: Vec<u8>,
}

impl ListWriter {
    /// Appends a value; gives its index.
    pub fn push<'a>(&mut self, value: &impl Flat<'a>) -> u32 {
        value.put(&mut self.bytes);
        self.length += 1;
        self.length - 1
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// There are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many bytes they take.
    pub const fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Appends the list; it is empty afterwards.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        u64::from(self.length).put(out);
        self.finish_unnumbered(out);
    }

    /// Appends the values alone: to be read until nothing is left.
    pub fn finish_unnumbered(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.bytes);
        self.length = 0;
    }
}

/// Defines types that are written field by field, in the order in which the
/// fields stand: structures, enumerations without content (a byte each) and
/// enumerations of values (a byte before each).
#[macro_export]
macro_rules! flat {
    () => {};
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident<'a> {
            $($(#[$about:meta])* $fvis:vis $field:ident: $type:ty,)*
        }
        $($rest:tt)*
    ) => {
        $(#[$meta])*
        $vis struct $name<'a> {
            $($(#[$about])* $fvis $field: $type,)*
        }

        impl<'a> $crate::flat::Flat<'a> for $name<'a> {
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::flat::Flat::put(&self.$field, out);)*
            }

            fn take(
                reader: &mut $crate::flat::Reader<'a>,
            ) -> Result<Self, $crate::flat::Malformed> {
                Ok(Self { $($field: reader.take()?,)* })
            }
        }

        $crate::flat! { $($rest)* }
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$about:meta])* $fvis:vis $field:ident: $type:ty,)*
        }
        $($rest:tt)*
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$about])* $fvis $field: $type,)*
        }

        impl<'a> $crate::flat::Flat<'a> for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::flat::Flat::put(&self.$field, out);)*
            }

            fn take(
                reader: &mut $crate::flat::Reader<'a>,
            ) -> Result<Self, $crate::flat::Malformed> {
                Ok(Self { $($field: reader.take()?,)* })
            }
        }

        $crate::flat! { $($rest)* }
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident<'a> {
            $($(#[$about:meta])* $variant:ident($type:ty) = $code:literal,)*
        }
        $($rest:tt)*
    ) => {
        $(#[$meta])*
        $vis enum $name<'a> {
            $($(#[$about])* $variant($type),)*
        }

        impl<'a> $crate::flat::Flat<'a> for $name<'a> {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(value) => {
                        out.push($code);
                        $crate::flat::Flat::put(value, out);
                    })*
                }
            }

            fn take(
                reader: &mut $crate::flat::Reader<'a>,
            ) -> Result<Self, $crate::flat::Malformed> {
                match reader.take::<u8>()? {
                    $($code => Ok(Self::$variant(reader.take()?)),)*
                    _ => Err($crate::flat::Malformed(concat!(
                        "an unknown kind of ",
                        stringify!($name)
                    ))),
                }
            }
        }

        $crate::flat! { $($rest)* }
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$about:meta])* $variant:ident = $code:literal,)*
        }
        $($rest:tt)*
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$about])* $variant = $code,)*
        }

        impl<'a> $crate::flat::Flat<'a> for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }

            fn take(
                reader: &mut $crate::flat::Reader<'a>,
            ) -> Result<Self, $crate::flat::Malformed> {
                match reader.take::<u8>()? {
                    $($code => Ok(Self::$variant),)*
                    _ => Err($crate::flat::Malformed(concat!(
                        "an unknown ",
                        stringify!($name)
                    ))),
                }
            }
        }

        $crate::flat! { $($rest)* }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again<'a, T: Flat<'a>>(value: &T, bytes: &'a mut Vec<u8>) -> Result<T, Malformed> {
        value.put(bytes);
        let mut reader = Reader::new(bytes);
        let read = reader.take()?;
        reader.end().map(|()| read)
    }

    #[test]
    fn numbers_are_short_when_small_and_whole_when_large() {
        for value in [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN] {
            assert_eq!(again(&value, &mut Vec::new()), Ok(value));
        }
        for value in [0, 127, 128, u64::MAX] {
            assert_eq!(again(&value, &mut Vec::new()), Ok(value));
        }
        let mut bytes = Vec::new();
        (-3_i64).put(&mut bytes);
        assert_eq!(bytes, [5]);
        assert_eq!(again(&u32::MAX, &mut Vec::new()), Ok(u32::MAX));
    }

    #[test]
    fn values_are_read_as_they_were_written() {
        let ident = Ident(0x0102 << 64 | 0x0a);
        assert_eq!(again(&ident, &mut Vec::new()), Ok(ident));
        let values = vec![Some("ab"), None, Some("")];
        assert_eq!(again(&values, &mut Vec::new()), Ok(values.clone()));
        let hash = ContentHash(7);
        assert_eq!(again(&hash, &mut Vec::new()), Ok(hash));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let refused = |bytes: &[u8]| Reader::new(bytes).take::<Vec<&str>>().unwrap_err();
        assert_eq!(refused(&[]), SHORT);
        assert_eq!(refused(&[2, 0]), SHORT);
        assert_eq!(refused(&[1, 1, 0xff]), Malformed("a text is not UTF-8"));
        assert_eq!(refused(&[0xff; 11]), TOO_LARGE);
        assert_eq!(
            Reader::new(&[0x80, 0x80, 0x80, 0x80, 0x10]).take::<u32>(),
            Err(TOO_LARGE)
        );
        assert!(Reader::new(&[2]).take::<bool>().is_err());
    }

    #[test]
    fn a_list_that_grew_is_read_as_one() {
        let mut list = ListWriter::default();
        assert_eq!((list.push(&"a"), list.push(&"b")), (0, 1));
        let mut bytes = Vec::new();
        list.finish(&mut bytes);
        assert_eq!(Reader::new(&bytes).take(), Ok(vec!["a", "b"]));
        assert!(list.is_empty());
    }
}
