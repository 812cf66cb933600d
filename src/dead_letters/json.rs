//! JSON over several lines, with a mark at the field that was refused.
//!
//! The text is laid out as it was sent, not parsed and written anew: numbers
//! keep their digits, names their order, and what stands twice stands twice.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::text::escaped;

/// One more level is so far to the right.
const INDENT: &str = "  ";
/// What stands deeper goes on in the same line: brackets without end must not
/// become spaces without end.
const DEEPEST: usize = 32;
/// Stands before a line that is pointed out, and before all others.
const MARKS: (&str, &str) = ("> ", "  ");

/// The lines of a JSON text. Marked is the field of that path; where it is
/// missing, the object it is missing in.
pub fn lines(text: &str, field: &str) -> Vec<String> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => {
            let mut layout = Layout::new(field);
            layout.text(text);
            layout.finish()
        }
        // No JSON: it stays as it is, with a mark where it ceases to be.
        Err(error) => mark(text.lines().map(escaped), error.line().checked_sub(1)),
    }
}

fn mark(lines: impl Iterator<Item = String>, marked: Option<usize>) -> Vec<String> {
    lines
        .enumerate()
        .map(|(number, line)| {
            let is_marked = marked == Some(number);
            let mark = if is_marked { MARKS.0 } else { MARKS.1 };
            format!("{mark}{line}").trim_end().to_owned()
        })
        .collect()
}

/// An array or object that is open.
struct Open {
    /// How long the path is without what stands in it.
    path: usize,
    /// In an array: the number of the item.
    index: Option<usize>,
    is_empty: bool,
}

struct Layout<'a> {
    field: &'a str,
    lines: Vec<String>,
    open: Vec<Open>,
    /// The path of the value that comes next.
    path: String,
    /// The longest path found that leads to the field, and its line.
    found: (usize, usize),
}

impl<'a> Layout<'a> {
    fn new(field: &'a str) -> Self {
        Self {
            field,
            lines: vec![String::new()],
            open: Vec::new(),
            path: String::new(),
            found: (0, 0),
        }
    }

    /// Lays out a text that is known to be JSON.
    fn text(&mut self, text: &str) {
        let mut rest = text.trim_start();
        let mut is_name = false;
        while let Some(first) = rest.chars().next() {
            let token = match first {
                '"' => string(rest),
                '{' | '}' | '[' | ']' | ',' | ':' => &rest[..1],
                _ => {
                    let end = rest.find(|char: char| ",]}".contains(char) || char.is_whitespace());
                    &rest[..end.unwrap_or(rest.len())]
                }
            };
            match first {
                '{' | '[' => {
                    self.begin_value();
                    self.enter(first);
                    is_name = first == '{';
                }
                '}' | ']' => self.leave(first),
                ',' => {
                    self.push(",");
                    is_name = self.next();
                }
                ':' => {
                    self.push(": ");
                    is_name = false;
                }
                _ if is_name => self.name(token),
                _ => {
                    self.begin_value();
                    self.push(&escaped(token));
                }
            }
            rest = rest[token.len()..].trim_start();
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.push_str(text);
        }
    }

    fn new_line(&mut self) {
        if self.open.len() > DEEPEST {
            return;
        }
        self.lines.push(INDENT.repeat(self.open.len()));
    }

    /// A line for an item, and its path when it stands in an array.
    fn begin_value(&mut self) {
        if let Some(open) = self.open.last_mut()
            && let Some(index) = open.index
        {
            open.is_empty = false;
            self.path.truncate(open.path);
            let _ = write!(self.path, "[{index}]");
            self.new_line();
        }
        self.note();
    }

    /// A line for a name, and the path of its value.
    fn name(&mut self, token: &str) {
        self.new_line();
        if let Some(open) = self.open.last_mut() {
            open.is_empty = false;
            self.path.truncate(open.path);
            let name: String = serde_json::from_str(token).unwrap_or_default();
            if !self.path.is_empty() {
                self.path.push('.');
            }
            self.path.push_str(&name);
        }
        self.push(&escaped(token));
    }

    fn enter(&mut self, bracket: char) {
        self.push(bracket.encode_utf8(&mut [0; 4]));
        self.open.push(Open {
            path: self.path.len(),
            index: (bracket == '[').then_some(0),
            is_empty: true,
        });
    }

    fn leave(&mut self, bracket: char) {
        if let Some(open) = self.open.pop() {
            if !open.is_empty {
                self.new_line();
            }
            self.path.truncate(open.path);
        }
        self.push(bracket.encode_utf8(&mut [0; 4]));
    }

    /// After a comma; whether a name follows.
    fn next(&mut self) -> bool {
        match self.open.last_mut() {
            Some(Open {
                index: Some(index), ..
            }) => {
                *index += 1;
                false
            }
            _ => true,
        }
    }

    /// Remembers the line if the path leads to the field. Of a name that
    /// stands twice ingest takes the last, and so does this.
    fn note(&mut self) {
        let Some(rest) = self.field.strip_prefix(self.path.as_str()) else {
            return;
        };
        let leads = self.path.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']);
        if leads && self.path.len() >= self.found.0 {
            self.found = (self.path.len(), self.lines.len() - 1);
        }
    }

    fn finish(self) -> Vec<String> {
        let marked = (!self.field.is_empty()).then_some(self.found.1);
        mark(self.lines.into_iter(), marked)
    }
}

/// The string at the start of a text, with its quotes.
fn string(text: &str) -> &str {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return &text[..=at],
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, field: &str, expected: &[&str]) {
        assert_eq!(lines(text, field), expected);
    }

    #[test]
    fn the_field_is_marked_and_nothing_is_changed() {
        check(
            r#"{"b":1.00,"a":[],"t":"x, \"{y}\": z","o":{},"b":-1e400 , "n" : null}"#,
            "b",
            &[
                "  {",
                "    \"b\": 1.00,",
                "    \"a\": [],",
                "    \"t\": \"x, \\\"{y}\\\": z\",",
                "    \"o\": {},",
                ">   \"b\": -1e400,",
                "    \"n\": null",
                "  }",
            ],
        );
    }

    #[test]
    fn a_field_within_items_of_items_is_found() {
        check(
            r#"[{"items":[]},{"items":[{"amount":1},{"amount":"many","sku":"a"}],"it":2}]"#,
            "[1].items[1].amount",
            &[
                "  [",
                "    {",
                "      \"items\": []",
                "    },",
                "    {",
                "      \"items\": [",
                "        {",
                "          \"amount\": 1",
                "        },",
                "        {",
                ">         \"amount\": \"many\",",
                "          \"sku\": \"a\"",
                "        }",
                "      ],",
                "      \"it\": 2",
                "    }",
                "  ]",
            ],
        );
    }

    #[test]
    fn what_is_missing_is_marked_at_the_object_it_is_missing_in() {
        check(r#"{"urls":1}"#, "url", &["> {", "    \"urls\": 1", "  }"]);
        check(
            r#"[{"a":1},{"b":2}]"#,
            "[1].a",
            &[
                "  [",
                "    {",
                "      \"a\": 1",
                "    },",
                ">   {",
                "      \"b\": 2",
                "    }",
                "  ]",
            ],
        );
        check("5", "", &["  5"]);
    }

    #[test]
    fn what_is_nested_without_end_stays_small() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let lines = lines(&text, "a");
        assert!(lines.len() < 100, "{}", lines.len());
        assert!(lines.iter().map(String::len).sum::<usize>() < 2 * text.len());
    }

    #[test]
    fn no_json_stays_as_it_is() {
        check(
            "{\n\"a\": \u{1b}[2J\n}",
            "",
            &["  {", "> \"a\": \\u{1b}[2J", "  }"],
        );
        check("{", "", &["> {"]);
    }
}
