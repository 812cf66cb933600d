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
    /// All its events.
    pub events: Vec<Told<'a>>,
}

/// What an event says of its deal.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The event's id.
    pub event_id: &'a str,
    /// Epoch milliseconds.
    pub at: i64,
    /// Its fields.
    pub event: &'a DealEvent,
}

/// All deals, by tenant and id. The events are in the order of [`Event`].
pub fn deals<'a>(events: &[&'a Event]) -> Vec<Deal<'a>> {
    let mut histories: BTreeMap<(&str, &str), Vec<Told<'a>>> = BTreeMap::new();
    for event in events {
        if let Body::Deal(deal) = &event.body {
            histories
                .entry((&event.tenant, &deal.deal_id))
                .or_default()
                .push(Told {
                    event_id: &event.event_id,
                    at: event.occurred_at,
                    event: deal,
                });
        }
    }
    histories
        .into_iter()
        .filter_map(|((tenant, deal_id), history)| read(tenant, deal_id, history))
        .collect()
}

fn read<'a>(tenant: &'a str, deal_id: &'a str, history: Vec<Told<'a>>) -> Option<Deal<'a>> {
    let created_at = history.first()?.at;
    let latest = history.last()?.event;
    let latest_text = |field: fn(&DealEvent) -> &Option<String>| {
        history
            .iter()
            .rev()
            .find_map(|told| field(told.event).as_deref())
            .unwrap_or_default()
    };
    let latest_money = |field: fn(&DealEvent) -> Option<i64>| {
        history
            .iter()
            .rev()
            .find_map(|told| field(told.event))
            .unwrap_or_default()
    };
    let gross = latest_money(|event| event.amount.map(|amount| amount.converted));
    let cost = latest_money(|event| event.cost.map(|cost| cost.converted));
    let refunded = history.iter().filter(|told| told.event.event == "refunded");
    let refunds: i64 = refunded
        .filter_map(|told| told.event.refund)
        .map(|refund| refund.converted)
        .sum();
    let refunds = refunds.min(gross);
    let after_lost = history
        .iter()
        .rposition(|told| told.event.event == "lost")
        .map_or(0, |lost| lost + 1);
    let won_at = history[after_lost..]
        .iter()
        .find(|told| told.event.event == "won")
        .map(|told| told.at);
    Some(Deal {
        tenant,
        deal_id,
        status: &latest.event,
        stage: latest_text(|event| &event.stage),
        pipeline: latest_text(|event| &event.pipeline),
        manager_id: latest_text(|event| &event.manager_id),
        created_at,
        won_at,
        gross,
        refunds,
        revenue: gross - refunds,
        cost,
        profit: gross - refunds - cost,
        events: history,
    })
}
