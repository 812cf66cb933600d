//! Sums per hour, channel, source, medium and campaign.

use std::collections::BTreeMap;

use super::channel::{Channels, UNATTRIBUTED};
use super::costs;
use super::event::{Cost, Source, Topic};
use super::journeys::Credit;
use super::settings::Settings;
use super::time::hour_of;
use super::touches::Touch;

/// Tenant, hour, channel, source, medium, campaign.
pub type Place<'a> = (&'a str, i64, &'a str, String, String, String);

fn place<'a>(tenant: &'a str, at: i64, channel: &'a str, source: &Source) -> Place<'a> {
    (
        tenant,
        hour_of(at),
        channel,
        source.source.clone(),
        source.medium.clone(),
        source.campaign.clone(),
    )
}

/// Sums of credit. Money is in minor units of the tenant's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earned {
    /// Parts per million.
    pub ppm: i64,
    /// Gross.
    pub gross: i64,
    /// Revenue.
    pub revenue: i64,
    /// Profit.
    pub profit: i64,
}

impl Earned {
    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.ppm += other.ppm;
        self.gross += other.gross;
        self.revenue += other.revenue;
        self.profit += other.profit;
    }
}

/// Model and basis.
pub type Lens<'a> = (&'a str, &'static str);

/// Sums of credit by hour; rows of zeros are left out.
pub fn earned<'a>(credits: &[Credit<'a>]) -> BTreeMap<(Place<'a>, Lens<'a>), Earned> {
    let mut cells: BTreeMap<_, Earned> = BTreeMap::new();
    for credit in credits {
        let part = Earned {
            ppm: credit.ppm,
            gross: credit.gross,
            revenue: credit.revenue,
            profit: credit.profit,
        };
        let nowhere = Source::default();
        let (touch_at, channel, source) = match credit.touch {
            Some(touch) => (touch.at, touch.channel, &touch.source),
            None => (credit.won_at, UNATTRIBUTED, &nowhere),
        };
        for (basis, at) in [("conversion", credit.won_at), ("touch", touch_at)] {
            let place = place(credit.deal.tenant, at, channel, source);
            cells
                .entry((place, (credit.model, basis)))
                .or_default()
                .add(&part);
        }
    }
    cells.retain(|_, cell| *cell != Earned::default());
    cells
}

/// Counts and spend. Money is in minor units of the tenant's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Visits.
    pub visits: i64,
    /// Inbound calls.
    pub calls: i64,
    /// Missed ones among them.
    pub missed_calls: i64,
    /// Forms sent.
    pub leads: i64,
    /// E-mail clicks.
    pub email_clicks: i64,
    /// Events of `touches`.
    pub other_touches: i64,
    /// Ad spend.
    pub spend: i64,
    /// Impressions.
    pub impressions: i64,
    /// Clicks on ads.
    pub clicks: i64,
}

impl Traffic {
    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.visits += other.visits;
        self.calls += other.calls;
        self.missed_calls += other.missed_calls;
        self.leads += other.leads;
        self.email_clicks += other.email_clicks;
        self.other_touches += other.other_touches;
        self.spend += other.spend;
        self.impressions += other.impressions;
        self.clicks += other.clicks;
    }
}

/// Counts and spend by hour; rows of zeros are left out.
pub fn traffic<'a>(
    touches: &'a [Touch<'a>],
    costs: &[(&'a str, &'a Cost)],
    channels: &Channels<'_>,
    settings: &Settings,
) -> BTreeMap<Place<'a>, Traffic> {
    let mut cells: BTreeMap<_, Traffic> = BTreeMap::new();
    for touch in touches {
        let mut count = |at, counted: Traffic| {
            cells
                .entry(place(touch.tenant, at, touch.channel, &touch.source))
                .or_default()
                .add(&counted);
        };
        let none = Traffic::default();
        match touch.topic {
            Topic::Web => count(touch.at, Traffic { visits: 1, ..none }),
            Topic::Calls => count(
                touch.at,
                Traffic {
                    calls: 1,
                    missed_calls: i64::from(touch.missed),
                    ..none
                },
            ),
            Topic::Emails => count(
                touch.at,
                Traffic {
                    email_clicks: 1,
                    ..none
                },
            ),
            _ => count(
                touch.at,
                Traffic {
                    other_touches: 1,
                    ..none
                },
            ),
        }
        for lead in &touch.leads {
            count(*lead, Traffic { leads: 1, ..none });
        }
    }
    for (tenant, cost) in costs {
        let channel = channels.of(
            &cost.source.source,
            &cost.source.medium,
            &cost.source.campaign,
        );
        for part in costs::hours(tenant, cost, settings) {
            let cell = cells
                .entry(place(tenant, part.hour, channel, &cost.source))
                .or_default();
            cell.spend += part.spend;
            cell.impressions += part.impressions;
            cell.clicks += part.clicks;
        }
    }
    cells.retain(|_, cell| *cell != Traffic::default());
    cells
}
