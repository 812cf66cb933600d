//! f(journey, deal, models): how a won deal's credit is split. Integers only.
//! And under which touch a deal was created, won or not.

use crate::deal::DealState;
use crate::derive::{Derived, Touch};
use crate::ids::DimId;
use crate::model::{Milestones, Model};
use crate::names::{Names, Tenant};
use crate::split::split;

/// A conversion's whole credit, in parts per million.
pub const WHOLE_PPM: i64 = 1_000_000;

/// The credits of one won deal in all models.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credits {
    /// When the deal was won.
    pub won_at: i64,
    /// The touches that have a share in some model, in order; empty when the
    /// whole credit is unattributed.
    pub touches: Vec<Touch>,
    /// Shares ordered by model, then touch; none is all zero.
    pub shares: Vec<Share>,
}

/// One touch's share in one model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// The model's place in the tenant's list.
    pub model: u16,
    /// Index into [`Credits::touches`]; `None`: unattributed.
    pub touch: Option<u32>,
    /// Credit in parts per million, gross, revenue, profit.
    pub figures: [i64; 4],
}

impl Credits {
    /// The dimension and moment that a share is booked under.
    pub fn place(&self, share: &Share, tenant: &Tenant) -> (DimId, i64) {
        share
            .touch
            .and_then(|index| self.touches.get(index as usize))
            .map_or((tenant.unattributed, self.won_at), |touch| {
                (touch.source.dim, touch.key.at)
            })
    }
}

/// The window in which touches may earn credit of a deal that was won at the
/// moment, both ends inclusive. What was created then looks as far back.
pub fn window(moment: i64, tenant: &Tenant) -> (i64, i64) {
    (moment.saturating_sub(tenant.rules.lookback_ms), moment)
}

/// The touch under which a deal was created: of those in the window before its
/// creation the latest that is not Direct; the latest, when all are Direct.
pub fn creating_touch<'a>(
    touches: &'a [Touch],
    created_at: i64,
    tenant: &Tenant,
    names: &Names,
) -> Option<&'a Touch> {
    let (from, to) = window(created_at, tenant);
    let touches = touches_within(touches, from, to, None);
    let mut latest_first = touches.iter().rev();
    let is_sourced = |touch: &&Touch| !names.is_direct(touch.source.dim);
    latest_first.find(is_sourced).or(touches.last())
}

/// The credits of a deal; `None` when it is not won.
pub fn credits(
    deal: &DealState,
    derived: &Derived,
    tenant: &Tenant,
    names: &Names,
) -> Option<Credits> {
    let won_at = deal.won_at?;
    let (from, to) = window(won_at, tenant);
    let after = tenant
        .rules
        .reset_on_conversion
        .then(|| previous_won_at(deal, derived))
        .flatten();
    let journey = touches_within(&derived.touches, from, to, after);
    let totals = [WHOLE_PPM, deal.gross, deal.revenue(), deal.profit()];
    let mut all = Vec::new();
    if journey.is_empty() {
        all.extend((0..tenant.rules.models.len()).map(|model| Share {
            model: model as u16,
            touch: None,
            figures: totals,
        }));
        return Some(Credits {
            won_at,
            touches: Vec::new(),
            shares: all,
        });
    }
    let everything = Eligible::new(journey, |_| true);
    let not_direct = Eligible::new(journey, |touch| !names.is_direct(touch.source.dim));
    let lead_created_at = derived.lead_created_at(from, to);
    for (number, model) in tenant.rules.models.iter().enumerate() {
        let eligible = if model.direct_counts || not_direct.times.is_empty() {
            &everything
        } else {
            &not_direct
        };
        let weights = weigh(model, &eligible.times, lead_created_at, deal.created_at);
        let parts = totals.map(|total| split(total, &weights));
        for (position, index) in eligible.indices.iter().enumerate() {
            let figures = parts
                .each_ref()
                .map(|parts| parts.get(position).copied().unwrap_or_default());
            if figures != [0; 4] {
                all.push(Share {
                    model: number as u16,
                    touch: Some(*index),
                    figures,
                });
            }
        }
    }
    Some(keep_touches_with_shares(won_at, journey, all))
}

/// The touches that may earn credit in a model.
struct Eligible {
    /// Their places among the touches of the window.
    indices: Vec<u32>,
    /// When they happened.
    times: Vec<i64>,
}

impl Eligible {
    fn new(journey: &[Touch], earns: impl Fn(&Touch) -> bool) -> Self {
        let touches = (0..).zip(journey).filter(|(_, touch)| earns(touch));
        let (indices, times) = touches.map(|(index, touch)| (index, touch.key.at)).unzip();
        Self { indices, times }
    }
}

/// The weights of touches at these times; milestones are the last touch at or
/// before the moment, or the first when there is none.
fn weigh(model: &Model, times: &[i64], lead: Option<i64>, deal: i64) -> Vec<u64> {
    let last_by = |moment: i64| times.partition_point(|at| *at <= moment).saturating_sub(1);
    let milestones = Milestones {
        lead_creation: lead.map_or(0, last_by),
        deal_creation: last_by(deal),
    };
    model.weighing.weights(times, milestones)
}

/// When the client's deal before this one was won. Deals won at one moment
/// share their touches.
fn previous_won_at(deal: &DealState, derived: &Derived) -> Option<i64> {
    let won = derived.deals.iter().filter_map(|other| other.won_at);
    won.filter(|at| Some(*at) < deal.won_at).max()
}

fn touches_within(touches: &[Touch], from: i64, to: i64, after: Option<i64>) -> &[Touch] {
    let start = touches.partition_point(|touch| {
        touch.key.at < from || after.is_some_and(|after| touch.key.at <= after)
    });
    let end = touches.partition_point(|touch| touch.key.at <= to);
    touches.get(start..end).unwrap_or_default()
}

/// Drops touches without any share, so that equal credits are equal values.
fn keep_touches_with_shares(won_at: i64, journey: &[Touch], mut shares: Vec<Share>) -> Credits {
    let mut kept = vec![None; journey.len()];
    for share in &shares {
        if let Some(place) = share.touch.and_then(|touch| kept.get_mut(touch as usize)) {
            *place = Some(0_u32);
        }
    }
    let mut touches = Vec::new();
    for (place, touch) in kept.iter_mut().zip(journey) {
        if let Some(place) = place {
            *place = touches.len() as u32;
            touches.push(touch.clone());
        }
    }
    for share in &mut shares {
        share.touch = share
            .touch
            .and_then(|touch| kept.get(touch as usize).copied().flatten());
    }
    Credits {
        won_at,
        touches,
        shares,
    }
}
