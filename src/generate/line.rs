//! One line of JSON, field by field.

use std::fmt::Write;

/// Money in hundredths: kopecks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Kopecks(pub i64);

impl Kopecks {
    /// The nearest amount to these roubles.
    pub fn from_roubles(roubles: f64) -> Self {
        Self((roubles * 100.0).round() as i64)
    }

    /// This share of the amount.
    pub fn share(self, share: f64) -> Self {
        Self((self.0 as f64 * share).round() as i64)
    }
}

impl std::fmt::Display for Kopecks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A JSON object under construction.
#[derive(Clone, Debug)]
pub struct Line(String);

impl Line {
    /// An object without fields.
    pub fn new() -> Self {
        let mut line = String::with_capacity(384);
        line.push('{');
        Self(line)
    }

    /// Adds a string.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push('"');
        self.escape(value);
        self.0.push('"');
        self
    }

    /// Adds a string when there is one.
    pub fn text_if(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds a whole number.
    pub fn whole(mut self, name: &str, value: i64) -> Self {
        self.name(name);
        let _ = write!(self.0, "{value}");
        self
    }

    /// Adds money as a number.
    pub fn money(mut self, name: &str, value: Kopecks) -> Self {
        self.name(name);
        let _ = write!(self.0, "{value}");
        self
    }

    /// Adds money as a string.
    pub fn money_text(mut self, name: &str, value: Kopecks) -> Self {
        self.name(name);
        let _ = write!(self.0, "\"{value}\"");
        self
    }

    /// Adds a value that is JSON already.
    pub fn json(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push_str(value);
        self
    }

    /// The finished object.
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    fn escape(&mut self, value: &str) {
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if value.bytes().all(plain) {
            self.0.push_str(value);
            return;
        }
        for letter in value.chars() {
            match letter {
                '"' | '\\' => {
                    self.0.push('\\');
                    self.0.push(letter);
                }
                control if control < ' ' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(control));
                }
                other => self.0.push(other),
            }
        }
    }
}
