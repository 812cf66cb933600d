//! Ad costs: the latest statement about each key, spread over its hours.

use crate::cell::{Deltas, traffic};
use crate::fact::{EventKey, Money};
use crate::ids::{Source, TenantId};

/// What one campaign cost in one hour or on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cost {
    /// When it was stated, and by which event; the latest counts.
    pub key: EventKey,
    /// The tenant.
    pub tenant: TenantId,
    /// The campaign.
    pub source: Source,
    /// The day in the tenant's zone, days since the epoch.
    pub date: i32,
    /// The hour in the tenant's zone; `None`: the whole day.
    pub hour: Option<u8>,
    /// The first UTC hour of it as ingest reckoned it, since the epoch. It is
    /// spread over those of the generation's time zone: see [`crate::Rules::hours`].
    pub first_hour: i32,
    /// How many UTC hours those are.
    pub hours: u32,
    /// What it cost.
    pub cost: Money,
    /// How often it was shown.
    pub impressions: i64,
    /// How often it was clicked.
    pub clicks: i64,
}

/// What a cost is by the rules of a generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spend {
    /// Its amount in minor units of the tenant's currency.
    pub minor: i64,
    /// The first UTC hour it is spread over, since the epoch.
    pub first_hour: i32,
    /// How many UTC hours it is spread over.
    pub hours: u32,
}

/// Adds `sign` times a cost to its hours: evenly, the remainder to the earlier
/// ones.
pub fn spread(cost: &Cost, spend: Spend, sign: i64, deltas: &mut Deltas) {
    let parts = i64::from(spend.hours.max(1));
    for part in 0..parts {
        let share = |total: i64| sign * (total / parts + i64::from(part < total % parts));
        let hour = spend.first_hour + part as i32;
        let dim = cost.source.dim;
        let figures = [0, 0, share(spend.minor), share(cost.impressions)];
        deltas.traffic(dim, hour, traffic::OTHERS_AND_SPEND, figures);
        deltas.traffic(dim, hour, traffic::AD_CLICKS, [share(cost.clicks), 0, 0, 0]);
    }
}
