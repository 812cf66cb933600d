//! Ad costs, at the nodes of their keys.

use std::sync::Arc;

use crate::cost::{self, Cost};
use crate::ids::Ident;
use crate::row::{RowBody, RowKey};

use super::{Backing, Cached, Partition};

impl<B: Backing> Partition<B> {
    /// A cost at the node of its key.
    pub(super) fn on_cost(&mut self, ident: Ident, cost: Arc<Cost>) -> Result<(), B::Error> {
        let epoch = self.epoch;
        if !self.costs.contains_key(&ident) {
            let value = self.backing.cost(ident)?.map(Arc::new);
            self.costs.insert(ident, Cached::stored(value, epoch));
        }
        let Some(entry) = self.costs.get_mut(&ident) else {
            return Ok(());
        };
        entry.used = epoch;
        if entry
            .value
            .as_ref()
            .is_some_and(|known| known.key >= cost.key)
        {
            self.books.counters.known_facts += 1;
            return Ok(());
        }
        let before = entry.value.replace(Arc::clone(&cost));
        if let Some(before) = before {
            let spend = self.spend(&before);
            cost::spread(&before, spend, -1, &mut self.books.deltas);
        }
        let spend = self.spend(&cost);
        cost::spread(&cost, spend, 1, &mut self.books.deltas);
        self.changes.costs.insert(ident);
        self.books
            .put_row(RowKey::Cost(ident), Some(RowBody::Cost { cost, spend }));
        Ok(())
    }

    /// A cost in the tenant's currency.
    fn spend(&mut self, cost: &Cost) -> i64 {
        let tenant = &self.names.tenant(cost.tenant).name;
        let money = cost.cost;
        let spend = self
            .rules
            .convert(tenant, money.currency, cost.date, money.minor);
        self.books.counters.missing_rates += u64::from(spend.is_none());
        spend.unwrap_or(0)
    }
}
