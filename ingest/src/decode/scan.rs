//! A JSON text, read from front to back without building anything: what is
//! nested is only stepped over, so depth costs no stack. The grammar is that
//! of RFC 8259, all of it; the tests compare it with `serde_json`, which would
//! go over most values twice to give them as they were written.

use crate::decode::Value;

/// The text is not JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Broken;

/// What is still to be read of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A string as it was written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quoted<'a> {
    /// What stands between its quotes, which is what it says.
    Plain(&'a str),
    /// With its quotes: something in it stands for something else.
    Escaped(&'a str),
}

impl<'a> Scanner<'a> {
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Steps over white space, and over this byte if it comes next.
    pub fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.next_token() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Steps over white space and this byte.
    pub fn expect(&mut self, byte: u8) -> Result<(), Broken> {
        if self.takes(byte) {
            Ok(())
        } else {
            Err(Broken)
        }
    }

    /// Nothing but white space may be left.
    pub fn end(mut self) -> Result<(), Broken> {
        self.next_token().map_or(Ok(()), |_| Err(Broken))
    }

    /// Reads a name and the colon behind it.
    pub fn name(&mut self) -> Result<Quoted<'a>, Broken> {
        if self.next_token() != Some(b'"') {
            return Err(Broken);
        }
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// Reads any value.
    pub fn value(&mut self) -> Result<Value<'a>, Broken> {
        match self.next_token().ok_or(Broken)? {
            b'"' => self.string().map(|string| match string {
                Quoted::Plain(text) => Value::Text(text),
                Quoted::Escaped(text) => Value::Escaped(text),
            }),
            b'[' | b'{' => {
                let from = self.at;
                self.step_over_nested()?;
                Ok(Value::Nested(&self.text[from..self.at]))
            }
            b't' => self.word("true", Value::Flag(true)),
            b'f' => self.word("false", Value::Flag(false)),
            b'n' => self.word("null", Value::Absent),
            _ => self.number().map(Value::Number),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn next_token(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                next => return Some(next),
            }
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Broken> {
        if !self.bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Broken);
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<&'a str, Broken> {
        let from = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(&self.text[from..self.at])
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Broken> {
        let rest = &self.bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count > 0 { Ok(()) } else { Err(Broken) }
    }

    /// Reads the string whose opening quote comes next.
    fn string(&mut self) -> Result<Quoted<'a>, Broken> {
        let (from, bytes) = (self.at, self.bytes());
        let mut at = from + 1;
        let mut has_escapes = false;
        loop {
            let rest = &bytes[at..];
            let plain = plain(rest);
            at += plain;
            match rest.get(plain..) {
                Some([b'"', ..]) => break,
                Some([b'\\', behind @ ..]) => {
                    has_escapes = true;
                    at += escape(behind).ok_or(Broken)?;
                }
                // A control character, or the end.
                _ => return Err(Broken),
            }
        }
        self.at = at + 1;
        Ok(if has_escapes {
            Quoted::Escaped(&self.text[from..=at])
        } else {
            Quoted::Plain(&self.text[from + 1..at])
        })
    }

    /// Steps over the array or object that comes next.
    fn step_over_nested(&mut self) -> Result<(), Broken> {
        let mut closers = Vec::new();
        loop {
            match self.next_token() {
                Some(b'[') => {
                    self.at += 1;
                    if !self.takes(b']') {
                        closers.push(b']');
                        continue;
                    }
                }
                Some(b'{') => {
                    self.at += 1;
                    if !self.takes(b'}') {
                        closers.push(b'}');
                        self.name()?;
                        continue;
                    }
                }
                _ => drop(self.value()?),
            }
            // A value has ended, and with it whatever closes behind it.
            loop {
                let Some(closer) = closers.last() else {
                    return Ok(());
                };
                if self.takes(*closer) {
                    closers.pop();
                    continue;
                }
                self.expect(b',')?;
                if *closer == b'}' {
                    self.name()?;
                }
                break;
            }
        }
    }
}

/// How many bytes stand for themselves in a string, up to a quote, a backslash
/// or a control character. Eight at a time: most of any event is strings.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH_BITS: u64 = ONES << 7;
    // The lowest high bit that is set marks the first byte below the limit;
    // those above it may be set by the borrow.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let (words, rest) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (below(word, b' ') | quote | backslash) & HIGH_BITS;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| **byte >= b' ' && **byte != b'"' && **byte != b'\\';
    bytes.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

/// The length of an escape, with its backslash, by what stands behind that.
/// Whether `\u` names a character is asked when the string is.
fn escape(behind: &[u8]) -> Option<usize> {
    match behind.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => behind
            .get(1..5)?
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then_some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
