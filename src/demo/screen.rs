//! Where the table is shown: redrawn in place on a terminal; elsewhere only
//! news and the last table.

use std::io::{self, Write as _};

use console::Term;

/// Lines of the terminal that stay free below what is drawn.
const FREE: usize = 1;
/// The width that is kept to while nothing else is known, and at most.
const WIDTH: usize = 100;

/// Standard output.
pub struct Screen {
    term: Term,
    live: bool,
    drawn: usize,
    size: (u16, u16),
}

impl Screen {
    /// The standard output of this process.
    pub fn new() -> Self {
        let term = Term::stdout();
        Self {
            live: term.features().is_attended() && !console::is_dumb(),
            size: term.size(),
            drawn: 0,
            term,
        }
    }

    /// Whether it can be drawn on again and again.
    pub const fn is_live(&self) -> bool {
        self.live
    }

    /// Whether colours are wanted and possible.
    pub fn has_colours(&self) -> bool {
        self.live && console::colors_enabled()
    }

    /// How many lines and columns fit.
    pub fn room(&self) -> (usize, usize) {
        if !self.live {
            return (usize::MAX, WIDTH);
        }
        let (lines, columns) = self.term.size();
        let lines = usize::from(lines).saturating_sub(FREE);
        (lines, usize::from(columns).min(WIDTH))
    }

    /// Draws lines in the place of those drawn before.
    pub fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        // What is too wide is cut by the terminal itself.
        self.write("\x1b[?7l", lines, "\x1b[?7h")?;
        self.drawn = lines.len();
        Ok(())
    }

    /// Writes lines that stay, in the place of those drawn.
    pub fn leave(&mut self, lines: &[String]) -> io::Result<()> {
        self.write("", lines, "")?;
        self.drawn = 0;
        Ok(())
    }

    fn write(&mut self, before: &str, lines: &[String], after: &str) -> io::Result<()> {
        let mut out = String::new();
        if self.live {
            out = self.back();
            out.push_str(before);
            for line in lines {
                out.push_str(line);
                out.push_str("\x1b[K\n");
            }
            out.push_str(after);
            out.push_str("\x1b[J");
        } else {
            for line in lines {
                out.push_str(line);
                out.push('\n');
            }
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(out.as_bytes())?;
        stdout.flush()
    }

    /// The way back to the beginning of what was drawn.
    fn back(&mut self) -> String {
        let size = self.term.size();
        if size != self.size {
            // Lines may have been wrapped anew: nothing is where it was.
            self.size = size;
            return "\x1b[2J\x1b[H".to_owned();
        }
        match self.drawn {
            0 => "\r".to_owned(),
            lines => format!("\r\x1b[{lines}A"),
        }
    }
}
