//! Journeys of won deals, and the credit every model gives for them.

use std::collections::BTreeMap;

use super::deals::Deal;
use super::event::{Kind, Topic};
use super::identity::Clients;
use super::models::weights;
use super::settings::{Settings, Tenant};
use super::split::split;
use super::time::DAY;
use super::touches::Touch;

/// One million parts of credit for every won deal and model.
const WHOLE: i64 = 1_000_000;

/// What a model gives a touch for a deal. Money is in minor units of the tenant's currency.
#[derive(Clone, Debug)]
pub struct Credit<'a> {
    /// The deal.
    pub deal: &'a Deal<'a>,
    /// When it was won.
    pub won_at: i64,
    /// The model's name.
    pub model: &'a str,
    /// The touch; none when the journey has none (`Unattributed`).
    pub touch: Option<&'a Touch<'a>>,
    /// Parts per million of the deal.
    pub ppm: i64,
    /// Part of its gross.
    pub gross: i64,
    /// Part of its revenue.
    pub revenue: i64,
    /// Part of its profit.
    pub profit: i64,
}

/// What a client did.
#[derive(Default)]
struct Client<'a> {
    touches: Vec<&'a Touch<'a>>,
    deals: Vec<&'a Deal<'a>>,
    /// Moments that may be lead creation: forms, inbound calls, deals created.
    leads: Vec<i64>,
}

/// The credit for all won deals. `touches` are in order of (time, id).
pub fn credits<'a>(
    touches: &'a [Touch<'a>],
    deals: &'a [Deal<'a>],
    clients: &Clients<'a>,
    settings: &'a Settings,
) -> Vec<Credit<'a>> {
    let mut histories: BTreeMap<usize, Client<'a>> = BTreeMap::new();
    for touch in touches {
        let client = histories.entry(touch.client).or_default();
        client.touches.push(touch);
        client.leads.extend(&touch.leads);
        if touch.topic == Topic::Calls {
            client.leads.push(touch.at);
        }
    }
    for deal in deals {
        let client = clients.of(deal.tenant, &(Kind::Deal, deal.deal_id.to_owned()));
        let client = histories.entry(client).or_default();
        client.deals.push(deal);
        client.leads.push(deal.created_at);
    }
    let mut credits = Vec::new();
    for client in histories.values() {
        for deal in &client.deals {
            if let Some(won_at) = deal.won_at {
                credit_deal(
                    client,
                    deal,
                    won_at,
                    settings.tenant(deal.tenant),
                    &mut credits,
                );
            }
        }
    }
    credits
}

fn credit_deal<'a>(
    client: &Client<'a>,
    deal: &'a Deal<'a>,
    won_at: i64,
    tenant: &'a Tenant,
    credits: &mut Vec<Credit<'a>>,
) {
    let opens = won_at - tenant.lookback_days * DAY;
    let previous_won = client
        .deals
        .iter()
        .filter_map(|other| other.won_at)
        .filter(|at| *at < won_at)
        .max();
    let reset_at = previous_won.filter(|_| tenant.reset_on_conversion);
    let in_window = |at: i64| opens <= at && at <= won_at;
    let journey: Vec<&Touch<'_>> = client
        .touches
        .iter()
        .copied()
        .filter(|touch| in_window(touch.at) && reset_at.is_none_or(|reset| touch.at > reset))
        .collect();
    let lead = client
        .leads
        .iter()
        .copied()
        .filter(|at| in_window(*at))
        .min();
    let sourced: Vec<&Touch<'_>> = journey
        .iter()
        .copied()
        .filter(|touch| touch.channel != super::channel::DIRECT)
        .collect();

    for model in &tenant.models {
        let earning = if model.direct_counts || sourced.is_empty() {
            &journey
        } else {
            &sourced
        };
        let mut give = |touch, ppm, gross, revenue, profit| {
            if ppm != 0 || gross != 0 || revenue != 0 || profit != 0 {
                credits.push(Credit {
                    deal,
                    won_at,
                    model: &model.name,
                    touch,
                    ppm,
                    gross,
                    revenue,
                    profit,
                });
            }
        };
        if earning.is_empty() {
            give(None, WHOLE, deal.gross, deal.revenue, deal.profit);
            continue;
        }
        let times: Vec<i64> = earning.iter().map(|touch| touch.at).collect();
        let weights = weights(model.rule, &times, lead, deal.created_at);
        let ppm = split(WHOLE, &weights);
        let gross = split(deal.gross, &weights);
        let revenue = split(deal.revenue, &weights);
        let profit = split(deal.profit, &weights);
        for (at, touch) in earning.iter().enumerate() {
            give(Some(touch), ppm[at], gross[at], revenue[at], profit[at]);
        }
    }
}
