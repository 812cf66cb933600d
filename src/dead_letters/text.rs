//! Foreign bytes for a terminal: what a producer sent must neither move the
//! cursor nor pass for something else.

use std::fmt::Write as _;

/// How many bytes a line of a dump shows.
const ROW: usize = 16;

/// The text with what does not print, and what turns the direction of
/// writing, as escapes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if hides(char) {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}

fn hides(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Some bytes in quotes, those that are no printable text as escapes; what
/// stands there can be told from every other value.
pub fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                char if hides(char) => out.extend(char.escape_default()),
                char => out.push(char),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

/// The lines of a dump: offset, bytes in hexadecimal digits, and what prints
/// of them in ASCII.
pub fn dump(bytes: &[u8]) -> impl Iterator<Item = String> {
    bytes.chunks(ROW).enumerate().map(|(row, chunk)| {
        let mut line = format!("{:08x} ", row * ROW);
        for place in 0..ROW {
            let gap = if place == ROW / 2 { "  " } else { " " };
            line.push_str(gap);
            match chunk.get(place) {
                Some(byte) => {
                    let _ = write!(line, "{byte:02x}");
                }
                None => line.push_str("  "),
            }
        }
        line.push_str("  ");
        line.extend(chunk.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        }));
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(
            escaped("a\u{1b}[2Jb\r\n\u{202e}ж"),
            "a\\u{1b}[2Jb\\r\\n\\u{202e}ж"
        );
        assert_eq!(
            quoted(b"\0\xff k\"e\\y \r\n"),
            r#""\u{0}\xff k\"e\\y \r\n""#
        );
        assert_eq!(quoted("ключ".as_bytes()), "\"ключ\"");
        assert_eq!(quoted(b""), "\"\"");
    }

    #[test]
    fn a_dump_shows_every_byte() {
        let lines: Vec<_> = dump(b"\0\xffabcdefghijklmn~\n").collect();
        assert_eq!(
            lines,
            [
                "00000000  00 ff 61 62 63 64 65 66  67 68 69 6a 6b 6c 6d 6e  ..abcdefghijklmn",
                "00000010  7e 0a                                             ~.",
            ]
        );
    }
}
