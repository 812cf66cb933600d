//! Calls and leases, at the nodes of dialed numbers.

use crate::fact::{Fact, LinkForm};
use crate::ids::{Ident, TenantId};
use crate::message::{Body, Lease};
use crate::number::{NumberCall, NumberKey, NumberState, coverage, day_of};

use super::{Backing, Cached, Partition};

impl<B: Backing> Partition<B> {
    /// A call at the node of its number.
    pub(super) fn on_call(
        &mut self,
        tenant: TenantId,
        number: Ident,
        caller: Ident,
        fact: Fact,
    ) -> Result<(), B::Error> {
        let day = day_of(fact.key.at);
        let daily = NumberKey {
            number,
            day: Some(day),
        };
        let lasting = NumberKey { number, day: None };
        let call = NumberCall {
            caller,
            tenant,
            fact,
        };
        match self.erasures.until(caller, self.limits.linking) {
            Some(until) if call.fact.key.at <= until => {
                self.books.counters.forgotten_facts += 1;
                return Ok(());
            }
            // Of an erased caller nothing stays here.
            Some(_) => return self.forward_call(number, call),
            None => {}
        }
        if !self.number_mut(daily)?.add_call(call.clone()) {
            self.books.counters.known_facts += 1;
            return Ok(());
        }
        self.changes.numbers.insert(daily);
        if self.number_mut(lasting)?.add_day(day) {
            self.changes.numbers.insert(lasting);
        }
        self.forward_call(number, call)
    }

    /// Sends a call on to its client, with what the leases say of it, and
    /// links the client with every visitor who was shown the number.
    fn forward_call(&mut self, number: Ident, call: NumberCall) -> Result<(), B::Error> {
        let NumberCall {
            caller,
            tenant,
            fact,
        } = call;
        let at = fact.key.at;
        let daily = NumberKey {
            number,
            day: Some(day_of(at)),
        };
        let lasting = NumberKey { number, day: None };
        self.number_mut(daily)?;
        self.number_mut(lasting)?;
        let leases = [daily, lasting]
            .into_iter()
            .filter_map(|key| self.numbers.get(&key))
            .flat_map(|entry| &entry.value.leases);
        let coverage = coverage(leases, at);
        for visitor in &coverage.visitors {
            self.link(tenant, caller, *visitor, LinkForm::Taken);
        }
        let body = Body::fresh(coverage.mark(fact));
        self.tell(tenant, caller, body);
        Ok(())
    }

    /// A lease at the node of its number.
    pub(super) fn on_lease(&mut self, number: Ident, lease: &Lease) -> Result<(), B::Error> {
        let linking = self.limits.linking;
        if self.erasures.until(lease.visitor, linking).is_some() {
            self.books.counters.forgotten_facts += 1;
            return Ok(());
        }
        let Some((first, last)) = lease.days() else {
            return Ok(());
        };
        let lasting = NumberKey { number, day: None };
        let days: Vec<i32> = if lease.is_daily() {
            (first..=last).collect()
        } else {
            let state = self.number_mut(lasting)?;
            if !state.add_lease(lease) {
                self.books.counters.known_facts += 1;
                return Ok(());
            }
            let days = state
                .days
                .iter()
                .copied()
                .filter(|day| (first..=last).contains(day));
            let days = days.collect();
            self.changes.numbers.insert(lasting);
            days
        };
        for day in days {
            let daily = NumberKey {
                number,
                day: Some(day),
            };
            let state = self.number_mut(daily)?;
            if lease.is_daily() {
                if !state.add_lease(lease) {
                    self.books.counters.known_facts += 1;
                    continue;
                }
                self.changes.numbers.insert(daily);
            }
            let covered = |call: &&NumberCall| lease.covers(call.fact.key.at);
            let calls: Vec<NumberCall> = self
                .number_mut(daily)?
                .calls
                .iter()
                .filter(covered)
                .cloned()
                .collect();
            for call in calls {
                self.forward_call(number, call)?;
            }
        }
        Ok(())
    }

    pub(super) fn number_mut(&mut self, key: NumberKey) -> Result<&mut NumberState, B::Error> {
        if !self.numbers.contains_key(&key) {
            let value = self.backing.number(key)?.unwrap_or_default();
            self.numbers.insert(key, Cached::stored(value, self.epoch));
        }
        let used = self.epoch;
        let entry = self
            .numbers
            .entry(key)
            .or_insert_with(|| Cached::stored(NumberState::default(), used));
        entry.used = used;
        Ok(&mut entry.value)
    }
}
