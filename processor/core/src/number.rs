//! Dialed numbers: which visitors were shown a number when it was called.
//!
//! A number's leases and calls are kept by day, so that a busy number's state
//! is read and written in small pieces: a lease of at most a week stands in
//! each day it covers, a longer one in the number's own list.

use crate::fact::{EventKey, Fact, FactBody, LeaseRef};
use crate::ids::{DAY_MS, Ident, TenantId};
use crate::message::Lease;
use crate::sorted::{insert, insert_by};

/// A longer lease is kept once, not day by day.
const DAILY_LEASE_MS: i64 = 7 * DAY_MS;

/// A piece of a number's state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NumberKey {
    /// The number.
    pub number: Ident,
    /// Days since the epoch, UTC; `None`: what concerns every day.
    pub day: Option<i32>,
}

/// What is known of a number, of one day or of all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NumberState {
    /// Leases in order.
    pub leases: Vec<Lease>,
    /// Calls in order (of one day only).
    pub calls: Vec<NumberCall>,
    /// The days that have calls, ascending (of all days only).
    pub days: Vec<i32>,
}

/// A call at the node of its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberCall {
    /// The client's first identifier.
    pub caller: Ident,
    /// The client's tenant.
    pub tenant: TenantId,
    /// The call as ingest sent it.
    pub fact: Fact,
}

/// The day a moment falls in, UTC; of one that is farther away than days can
/// be counted (a lease without end), the last one or the first.
pub const fn day_of(at: i64) -> i32 {
    let day = at.div_euclid(DAY_MS);
    if day > i32::MAX as i64 {
        i32::MAX
    } else if day < i32::MIN as i64 {
        i32::MIN
    } else {
        day as i32
    }
}

impl Lease {
    /// Whether the number was leased at the moment.
    pub const fn covers(&self, at: i64) -> bool {
        self.key.at <= at && at < self.until
    }

    /// The first and last day it covers; `None` when it covers nothing.
    pub const fn days(&self) -> Option<(i32, i32)> {
        if self.until > self.key.at {
            Some((day_of(self.key.at), day_of(self.until - 1)))
        } else {
            None
        }
    }

    /// Whether it is kept day by day.
    pub const fn is_daily(&self) -> bool {
        self.until.saturating_sub(self.key.at) <= DAILY_LEASE_MS
    }
}

impl NumberState {
    /// Adds a lease; tells whether it is new.
    pub fn add_lease(&mut self, lease: &Lease) -> bool {
        insert(&mut self.leases, lease.clone())
    }

    /// Adds a call; tells whether it is new.
    pub fn add_call(&mut self, call: NumberCall) -> bool {
        insert_by(&mut self.calls, call, |a, b| {
            (&a.fact.key, a.caller).cmp(&(&b.fact.key, b.caller))
        })
    }

    /// Notes that a day has calls; tells whether that is new.
    pub fn add_day(&mut self, day: i32) -> bool {
        insert(&mut self.days, day)
    }
}

/// The leases that cover a call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// The visitors who were shown the number, ascending.
    pub visitors: Vec<Ident>,
    /// The latest of the leases: it gives the call's source.
    pub winner: Option<LeaseRef>,
}

/// Which of the leases cover a call at the moment.
pub fn coverage<'a>(leases: impl Iterator<Item = &'a Lease>, at: i64) -> Coverage {
    let mut coverage = Coverage::default();
    for lease in leases.filter(|lease| lease.covers(at)) {
        insert(&mut coverage.visitors, lease.visitor);
        let candidate = LeaseRef {
            key: EventKey::clone(&lease.key),
            visitor: lease.visitor,
        };
        coverage.winner = coverage.winner.max(Some(candidate));
    }
    coverage
}

impl Coverage {
    /// The call with what the leases say of it.
    pub fn mark(&self, mut fact: Fact) -> Fact {
        if let FactBody::Call(call) = &mut fact.body {
            call.learn(self.winner.clone(), self.visitors.len() > 1);
        }
        fact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_without_end_covers_every_later_day() {
        let key = EventKey {
            at: 3 * DAY_MS,
            id: "e".into(),
            content: 0,
        };
        let lease = |until| Lease {
            key: key.clone(),
            visitor: Ident(1),
            until,
        };
        assert_eq!(lease(i64::MAX).days(), Some((3, i32::MAX)));
        assert_eq!(lease(3 * DAY_MS + 1).days(), Some((3, 3)));
        assert_eq!(lease(3 * DAY_MS).days(), None);
        assert_eq!((day_of(i64::MIN), day_of(-1)), (i32::MIN, -1));
    }
}
