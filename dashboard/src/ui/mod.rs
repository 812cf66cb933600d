//! What pages are made of: blocks that the templates draw. A block holds what
//! people see and, beside it, the exact value that a machine reads.

mod chart;
mod table;

pub use chart::{Chart, Heat, HeatCell, Series, spark};
pub use table::{Cell, Head, Mark, Row, Table, safe};

/// A piece of a page.
#[derive(Debug)]
pub enum Block {
    /// Whether the books agree.
    Badge(Badge),
    /// The main figures.
    Tiles(Vec<Tile>),
    /// A chart over time.
    Chart(Box<Chart>),
    /// A table.
    Table(Box<Table>),
    /// How much by weekday and hour.
    Heat(Box<Heat>),
    /// Sentences.
    Notes(Notes),
    /// Links of which one is chosen.
    Choices(Choices),
    /// Names with their values.
    Facts(Facts),
    /// A field to open a deal.
    FindDeal(FindDeal),
    /// There is nothing, and what to do about it.
    Empty(Vec<String>),
    /// A title over what follows.
    Title(String),
}

/// Whether the books agree.
#[derive(Debug)]
pub struct Badge {
    /// In words.
    pub text: String,
    /// The figures; empty: there are none.
    pub about: String,
    /// By how much they do not.
    pub difference: Cell,
    /// Whether that is good or bad.
    pub tone: Tone,
}

/// One of the main figures.
#[derive(Debug)]
pub struct Tile {
    /// The name of its column.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it means.
    pub about: Option<&'static str>,
    /// The figure.
    pub cell: Cell,
    /// How it has changed.
    pub change: Change,
    /// The points of a small line, in a field of 100 by 28; empty: none.
    pub spark: String,
}

/// How a figure has changed.
#[derive(Debug)]
pub struct Change {
    /// In words.
    pub human: String,
    /// What it was.
    pub before: Cell,
    /// Whether that is good, bad or neither.
    pub tone: Tone,
}

/// What something means for the business.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Good.
    Good,
    /// Bad.
    Bad,
    /// Neither.
    Neutral,
}

impl Tone {
    /// The class of the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
        }
    }
}

/// Sentences under a title.
#[derive(Debug)]
pub struct Notes {
    /// The title; empty: none.
    pub title: String,
    /// The sentences.
    pub lines: Vec<String>,
}

/// Links of which one is chosen.
#[derive(Debug)]
pub struct Choices {
    /// What is chosen.
    pub title: &'static str,
    /// The links.
    pub links: Vec<Link>,
}

/// A link.
#[derive(Clone, Debug)]
pub struct Link {
    /// What it says.
    pub text: String,
    /// Where it goes.
    pub href: String,
    /// Whether one is there already.
    pub is_here: bool,
}

/// Names with their values.
#[derive(Debug)]
pub struct Facts {
    /// The name of the report, for machines.
    pub name: &'static str,
    /// Names, columns and values.
    pub facts: Vec<(&'static str, &'static str, Cell)>,
}

/// A field to open a deal.
#[derive(Debug)]
pub struct FindDeal {
    /// What it is for.
    pub title: &'static str,
    /// What the button says.
    pub button: &'static str,
    /// What else the address says, as hidden fields.
    pub hidden: Vec<(String, String)>,
}
