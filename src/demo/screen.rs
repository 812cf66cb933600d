//! Where the table is shown: redrawn in place on a terminal; elsewhere only
//! news and the last table.

use std::io::{self, Write as _};

use console::Term;

/// Lines of the terminal that stay free below what is drawn.
const FREE: usize = 1;

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

    /// How many lines fit.
    pub fn height(&self) -> usize {
        if self.live {
            usize::from(self.term.size().0).saturating_sub(FREE)
        } else {
            usize::MAX
        }
    }

    /// Draws lines in the place of those drawn before.
    pub fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let mut out = self.erased();
        // What is too wide is cut by the terminal itself.
        out.push_str("\x1b[?7l");
        for line in lines {
            out.push_str(line);
            out.push_str("\x1b[K\n");
        }
        out.push_str("\x1b[?7h\x1b[J");
        self.drawn = lines.len();
        write(&out)
    }

    /// Writes lines that stay, in the place of those drawn.
    pub fn leave(&mut self, lines: &[String]) -> io::Result<()> {
        let mut out = String::new();
        if self.live {
            out = self.erased();
            out.push_str("\x1b[J");
        }
        self.drawn = 0;
        for line in lines {
            out.push_str(line);
            out.push('\n');
        }
        write(&out)
    }

    /// The way back to the beginning of what was drawn.
    fn erased(&mut self) -> String {
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

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
