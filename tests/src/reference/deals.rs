//! Deals: the events of one deal id, read to the end.

use std::collections::BTreeMap;

use super::event::{Body, DealEvent, Event};

/// A deal as it stands after all its events. Money is in minor units of the tenant's currency.
#[derive(Clone, Debug)]
pub struct Deal<'a> {
    /// Tenant.
    pub tenant: &'a str,
    /// Deal id.
    pub deal_id: &'a str,
    /// The name of the latest event.
    pub status: &'a str,
    /// The latest given stage, or empty.
    pub stage: &'a str,
    /// The latest given pipeline, or empty.
    pub pipeline: &'a str,
    /// The latest given manager, or empty.
    pub manager_id: &'a str,
    /// The earliest event.
    pub created_at: i64,
    /// When it was won, if it is won now.
    pub won_at: Option<i64>,
    /// The latest given amount.
    pub gross: i64,
    /// What was refunded, at most the amount.
    pub refunds: i64,
    /// Gross less refunds.
    pub revenue: i64,
    /// The latest given cost.
    pub cost: i64,
    /// Revenue less cost.
    pub profit: i64,
}

/// All deals, by tenant and id. The events are in the order of [`Event`].
pub fn deals<'a>(events: &[&'a Event]) -> Vec<Deal<'a>> {
    let mut histories: BTreeMap<(&str, &str), Vec<(i64, &DealEvent)>> = BTreeMap::new();
    for event in events {
        if let Body::Deal(deal) = &event.body {
            histories
                .entry((&event.tenant, &deal.deal_id))
                .or_default()
                .push((event.occurred_at, deal));
        }
    }
    histories
        .into_iter()
        .filter_map(|((tenant, deal_id), history)| read(tenant, deal_id, &history))
        .collect()
}

fn read<'a>(
    tenant: &'a str,
    deal_id: &'a str,
    history: &[(i64, &'a DealEvent)],
) -> Option<Deal<'a>> {
    let (created_at, _) = history.first()?;
    let (_, latest) = history.last()?;
    let latest_text = |field: fn(&DealEvent) -> &Option<String>| {
        history
            .iter()
            .rev()
            .find_map(|(_, event)| field(event).as_deref())
            .unwrap_or_default()
    };
    let latest_money = |field: fn(&DealEvent) -> Option<i64>| {
        history
            .iter()
            .rev()
            .find_map(|(_, event)| field(event))
            .unwrap_or_default()
    };
    let gross = latest_money(|event| event.amount.map(|amount| amount.converted));
    let cost = latest_money(|event| event.cost.map(|cost| cost.converted));
    let refunded = history
        .iter()
        .filter(|(_, event)| event.event == "refunded");
    let refunds: i64 = refunded
        .filter_map(|(_, event)| event.refund)
        .map(|refund| refund.converted)
        .sum();
    let refunds = refunds.min(gross);
    let after_lost = history
        .iter()
        .rposition(|(_, event)| event.event == "lost")
        .map_or(0, |lost| lost + 1);
    let won_at = history[after_lost..]
        .iter()
        .find(|(_, event)| event.event == "won")
        .map(|(at, _)| *at);
    Some(Deal {
        tenant,
        deal_id,
        status: &latest.event,
        stage: latest_text(|event| &event.stage),
        pipeline: latest_text(|event| &event.pipeline),
        manager_id: latest_text(|event| &event.manager_id),
        created_at: *created_at,
        won_at,
        gross,
        refunds,
        revenue: gross - refunds,
        cost,
        profit: gross - refunds - cost,
    })
}
