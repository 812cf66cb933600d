//! The pool of telephone numbers for dynamic call tracking: a visitor is shown
//! one, which is leased for as long as the visit goes on and a little longer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::shop::POOL_FIRST;
use super::time::{At, MINUTE};

/// A lease is extended by no less.
const EXTENDED_BY: i64 = 4 * MINUTE;

/// Numbers and until when they are leased.
#[derive(Clone, Debug)]
pub struct Pool {
    /// How many numbers there are.
    size: u32,
    /// Until when a number is leased.
    until: Vec<At>,
    /// The numbers that were used before, the longest free one first.
    ends: BinaryHeap<Reverse<(At, u32)>>,
}

impl Pool {
    /// A pool of so many numbers, all free.
    pub fn new(size: u32) -> Self {
        Self {
            size,
            until: Vec::new(),
            ends: BinaryHeap::new(),
        }
    }

    /// Leases a number; `None` when there is no free one.
    pub fn lease(&mut self, at: At, until: At) -> Option<u32> {
        let used = self.until.len() as u32;
        if used < self.size {
            self.until.push(until);
            self.ends.push(Reverse((until, used)));
            return Some(used);
        }
        loop {
            let Reverse((end, number)) = *self.ends.peek()?;
            let current = self.until[number as usize];
            if end == current && end > at {
                return None;
            }
            self.ends.pop();
            if end == current {
                self.until[number as usize] = until;
                self.ends.push(Reverse((until, number)));
                return Some(number);
            }
            // It was extended since.
            self.ends.push(Reverse((current, number)));
        }
    }

    /// Extends a lease, unless that would be no more than a few minutes.
    pub fn extend(&mut self, number: u32, until: At) -> bool {
        let current = &mut self.until[number as usize];
        let worthwhile = until - *current > EXTENDED_BY;
        if worthwhile {
            *current = until;
        }
        worthwhile
    }

    /// Whether a number is leased.
    pub fn is_leased(&self, number: u32, at: At) -> bool {
        self.until
            .get(number as usize)
            .is_some_and(|until| *until > at)
    }

    /// How the number is dialled.
    pub fn dialled(number: u32) -> String {
        format!("+{}", POOL_FIRST + i64::from(number))
    }
}
