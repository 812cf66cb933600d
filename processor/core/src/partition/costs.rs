//! Ad costs, at the nodes of their keys.

use std::sync::Arc;

use crate::cost::{self, Cost, Spend};
use crate::ids::Ident;
use crate::row::{RowBody, RowKey};

use super::{Backing, Cached, Partition};

impl<B: Backing> Partition<B> {
    /// A cost at the node of its key.
    pub(super) fn on_cost(&mut self, ident: Ident, cost: Arc<Cost>) -> Result<(), B::Error> {
        let entry = self.load_cost(ident)?;
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
        self.put_cost(ident, cost, spend);
        Ok(())
    }

    /// Counts a cost in cells that know nothing of it, and writes its row.
    pub(super) fn settle_cost(&mut self, ident: Ident) -> Result<(), B::Error> {
        if let Some(cost) = self.load_cost(ident)?.value.clone() {
            let spend = self.spend(&cost);
            cost::spread(&cost, spend, 1, &mut self.books.deltas);
            self.put_cost(ident, cost, spend);
        }
        Ok(())
    }

    fn put_cost(&mut self, ident: Ident, cost: Arc<Cost>, spend: Spend) {
        let spend = spend.minor;
        self.books
            .put_row(RowKey::Cost(ident), RowBody::Cost { cost, spend });
    }

    fn load_cost(&mut self, ident: Ident) -> Result<&mut Cached<Option<Arc<Cost>>>, B::Error> {
        let used = self.epoch;
        if !self.costs.contains_key(&ident) {
            let value = self.backing.cost(ident)?.map(Arc::new);
            self.costs.insert(ident, Cached::stored(value, used));
        }
        let entry = self
            .costs
            .entry(ident)
            .or_insert_with(|| Cached::stored(None, used));
        entry.used = used;
        Ok(entry)
    }

    /// A cost by the generation's rules.
    fn spend(&mut self, cost: &Cost) -> Spend {
        let tenant = &self.names.tenant(cost.tenant).name;
        let money = cost.cost;
        let minor = self
            .rules
            .convert(tenant, money.currency, cost.date, money.minor);
        self.books.counters.missing_rates += u64::from(minor.is_none());
        let (first_hour, hours) = self.rules.hours(tenant, cost.date, cost.hour);
        Spend {
            minor: minor.unwrap_or(0),
            first_hour,
            hours,
        }
    }
}
