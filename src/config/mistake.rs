//! A mistake in a configuration, and the collection of all of them.

use std::cell::RefCell;
use std::fmt;

use super::tree::Place;

/// One mistake: where it was written, which setting it is, what is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// Where it was written.
    pub place: Place,
    /// The path of the setting, `kafka.partitions.events`; empty when the
    /// whole file is meant.
    pub path: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl Mistake {
    /// A mistake.
    pub fn new(place: Place, path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place,
            path: path.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)
    }
}

/// All mistakes found so far. Reading goes on after one.
#[derive(Debug, Default)]
pub struct Mistakes(RefCell<Vec<Mistake>>);

impl Mistakes {
    /// Notes a mistake. What the defaults of all tenants have wrong is found
    /// again with each tenant, at the same place, and counts once.
    pub fn add(&self, mistake: Mistake) {
        let mut all = self.0.borrow_mut();
        let known =
            |other: &Mistake| other.place == mistake.place && other.problem == mistake.problem;
        if mistake.place.line == 0 || !all.iter().any(known) {
            all.push(mistake);
        }
    }

    /// All of them, in the order of the files.
    pub fn into_sorted(self) -> Vec<Mistake> {
        let mut all = self.0.into_inner();
        all.sort_by_key(|mistake| {
            let place = &mistake.place;
            (
                place.line == 0,
                place.origin.to_string(),
                place.line,
                place.column,
            )
        });
        all
    }
}
