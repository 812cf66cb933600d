//! A report: named columns, and rows of exact values. Every figure that a page
//! shows and the API gives stands in one; what it is called, what it means and
//! how it is written follows from its column.

mod value;

use crate::texts::Text;

pub use value::{MONEY_PARTS, PPM, Value, day_since_1970, days_since_1970, decimal, iso};

/// What the values of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Names.
    Text,
    /// Lists of names.
    List,
    /// Whole numbers.
    Count,
    /// Money of the tenant.
    Money,
    /// Money for each of something.
    PerOne,
    /// Credit, in won deals.
    Credit,
    /// Shares of a whole, shown in percent.
    Share,
    /// Ratios such as revenue to spend, shown as a number.
    Times,
    /// Time spans, seconds.
    Seconds,
    /// Moments, UTC.
    Time,
    /// Days of the tenant.
    Day,
    /// Yes or no.
    Flag,
}

impl Unit {
    /// Whether it is written at the right end of its column.
    pub const fn is_number(self) -> bool {
        !matches!(
            self,
            Self::Text | Self::List | Self::Time | Self::Day | Self::Flag
        )
    }
}

/// Which end of a column is good for the business.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// Much is good.
    More,
    /// Little is good.
    Less,
    /// Neither.
    Neither,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the API, in CSV and in the address.
    pub name: &'static str,
    /// What people call it.
    pub title: Text,
    /// What it means.
    pub about: Option<Text>,
    /// What its values are.
    pub unit: Unit,
    /// Which end of it is good.
    pub better: Better,
}

impl Column {
    /// A column of names or figures that speak for themselves.
    pub const fn new(name: &'static str, title: Text, unit: Unit) -> Self {
        Self {
            name,
            title,
            about: None,
            unit,
            better: Better::Neither,
        }
    }

    /// The same with what it means.
    #[must_use]
    pub const fn about(mut self, about: Text) -> Self {
        self.about = Some(about);
        self
    }

    /// The same where much is good.
    #[must_use]
    pub const fn more(mut self) -> Self {
        self.better = Better::More;
        self
    }

    /// The same where little is good.
    #[must_use]
    pub const fn less(mut self) -> Self {
        self.better = Better::Less;
        self
    }
}

/// Rows under columns.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Report {
    /// The rows, each with a value for every column.
    pub rows: Vec<Vec<Value>>,
    /// The sums or other figures of all rows together, if there are such.
    pub total: Option<Vec<Value>>,
    /// Whether there are more rows than it has.
    pub is_cut: bool,
}

impl Report {
    /// A report of these rows.
    pub fn new(rows: Vec<Vec<Value>>) -> Self {
        Self {
            rows,
            total: None,
            is_cut: false,
        }
    }

    /// The same with figures of all rows.
    #[must_use]
    pub fn with_total(mut self, total: Vec<Value>) -> Self {
        self.total = Some(total);
        self
    }

    /// Puts the rows in the order of a column; equal ones stay as they stand.
    pub fn sort(&mut self, index: usize, descends: bool) {
        self.rows.sort_by(|one, two| {
            let order = one[index].order(&two[index]);
            if descends { order.reverse() } else { order }
        });
    }

    /// Keeps no more than so many rows.
    pub fn cut(&mut self, limit: usize) {
        if self.rows.len() > limit {
            self.rows.truncate(limit);
            self.is_cut = true;
        }
    }
}

/// The place of a column by its name.
pub fn index_of(columns: &[Column], name: &str) -> Option<usize> {
    columns.iter().position(|column| column.name == name)
}
