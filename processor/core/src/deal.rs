//! The state of a deal, from its events.

use std::sync::Arc;

use crate::derive::TouchKey;
use crate::fact::{DealEvent, DealStatus, Money};
use crate::ids::{DimId, Ident};
use crate::journey::{Dated, Deal};
use crate::names::Tenant;
use crate::rules::Rules;

/// So many events of a deal stand in its row at most. A deal has a handful; one
/// that a program of the CRM changes without end would make a row of any size.
pub const LISTED_EVENTS: usize = 1000;

/// A deal as its events leave it. Money in minor units of the tenant's currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DealState {
    /// The deal's own identifier.
    pub ident: Ident,
    /// The CRM's id.
    pub deal_id: Arc<str>,
    /// What its latest event says happened.
    pub status: DealStatus,
    /// The latest stage given; empty when none was.
    pub stage: Arc<str>,
    /// The latest pipeline given; empty when none was.
    pub pipeline: Arc<str>,
    /// The latest manager given; empty when none was.
    pub manager_id: Arc<str>,
    /// The time of its earliest event.
    pub created_at: i64,
    /// When it was won, if it is won now.
    pub won_at: Option<i64>,
    /// What the client pays.
    pub gross: i64,
    /// What was given back, at most `gross`.
    pub refunds: i64,
    /// What the goods or the service cost.
    pub cost: i64,
    /// An amount could not be converted: its currency has no rate that day.
    pub rate_missing: bool,
    /// How many events it has. The events of a deal are a set that only grows,
    /// so where this is another number, they are others.
    pub events: usize,
    /// The touch under which it was created, if there was one. It follows from
    /// the client's touches: see [`crate::credit::creating_touch`].
    pub creation: Option<Creation>,
}

/// The touch under which a deal was created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Creation {
    /// The touch.
    pub touch: TouchKey,
    /// Where it came from.
    pub dim: DimId,
}

impl DealState {
    /// gross − refunds.
    pub const fn revenue(&self) -> i64 {
        self.gross - self.refunds
    }

    /// revenue − cost.
    pub const fn profit(&self) -> i64 {
        self.revenue() - self.cost
    }

    /// Whether its events leave it as they leave another one.
    pub(crate) fn is_same_by_events(&self, other: &Self) -> bool {
        let creation = other.creation.clone();
        let state = Self {
            creation,
            ..self.clone()
        };
        state == *other
    }
}

/// The state of a deal after all of its events, which do not tell under which
/// touch it was created.
pub fn state(deal: &Deal, tenant: &Tenant, rules: &dyn Rules) -> DealState {
    let mut rate_missing = false;
    let mut convert = |money: Option<Money>, at: i64| {
        let money = money?;
        let date = rules.day(&tenant.name, at);
        let converted = rules.convert(&tenant.name, money.currency, date, money.minor);
        rate_missing |= converted.is_none();
        converted
    };
    let mut latest = |field: fn(&DealEvent) -> Option<Money>| {
        let event = deal
            .events
            .iter()
            .rev()
            .find(|event| field(&event.body).is_some())?;
        convert(field(&event.body), event.key.at)
    };
    let gross = latest(|event| event.amount).unwrap_or(0);
    let cost = latest(|event| event.cost).unwrap_or(0);
    let refunds: i64 = deal
        .events
        .iter()
        .filter(|event| event.body.status == DealStatus::Refunded)
        .filter_map(|event| convert(event.body.refund, event.key.at))
        .fold(0, i64::saturating_add);
    let last_text = |field: fn(&DealEvent) -> Option<&Arc<str>>| {
        deal.events
            .iter()
            .rev()
            .find_map(|event| field(&event.body))
            .cloned()
            .unwrap_or_default()
    };
    let events = deal.events.len();
    #[cfg(feature = "mutants")]
    let events = if crate::mutant::is(crate::mutant::Mutant::StateAlone) {
        0
    } else {
        events
    };
    DealState {
        ident: deal.ident,
        deal_id: Arc::clone(&deal.deal_id),
        status: deal
            .events
            .last()
            .map_or(DealStatus::Created, |event| event.body.status),
        stage: last_text(|event| event.stage.as_ref()),
        pipeline: last_text(|event| event.pipeline.as_ref()),
        manager_id: last_text(|event| event.manager_id.as_ref()),
        created_at: deal.events.first().map_or(0, |event| event.key.at),
        won_at: won_at(&deal.events),
        gross,
        refunds: refunds.min(gross),
        cost,
        rate_missing,
        events,
        creation: None,
    }
}

/// The events that stand in a deal's row, in order: all, or the newest.
pub fn listed(deal: &Deal) -> &[Dated<Box<DealEvent>>] {
    let earlier = deal.events.len().saturating_sub(LISTED_EVENTS);
    deal.events.get(earlier..).unwrap_or_default()
}

/// When the deal was won: the earliest `won` after the latest `lost`, if there is one.
fn won_at(events: &[Dated<Box<DealEvent>>]) -> Option<i64> {
    let after_lost = events
        .iter()
        .rposition(|event| event.body.status == DealStatus::Lost)
        .map_or(0, |index| index + 1);
    events
        .get(after_lost..)?
        .iter()
        .find(|event| event.body.status == DealStatus::Won)
        .map(|event| event.key.at)
}
