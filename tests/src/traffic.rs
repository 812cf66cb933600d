//! Small, dense, adversarial traffic from a seed, for comparing the pipeline with the [reference](crate::reference).
//!
//! Few clients, few moments and few sources, so that everything happens to everybody: hits at one moment, pauses of
//! exactly thirty minutes, leases that overlap, clients that turn out to be one, deals told backwards. What the
//! contract leaves open (which of two events with the same id *and* moment comes first) does not occur.

mod broken;
mod events;
mod json;
mod people;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use fastrand::Rng;

use crate::reference::Settings;
use crate::reference::decimal::Decimal;
use crate::reference::settings::{StaticSource, Tenant};
use crate::reference::time::{DAY, HOUR, local_date};
use events::Events;
pub use events::TENANTS;
use json::Draft;

/// What to make.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Same plan, same bytes.
    pub seed: u64,
    /// Valid events, before duplicates.
    pub events: usize,
    /// Clients of all tenants together, before some turn out to be one.
    pub clients: usize,
    /// The tenants that they belong to, in turn.
    pub tenants: Vec<&'static str>,
    /// How often each topic is chosen, in the order of web, calls, emails, deals, costs, touches, numbers, identities.
    pub mix: [u8; 8],
    /// The earliest `occurred_at`, in epoch milliseconds.
    pub start_ms: i64,
    /// How long after it the latest is.
    pub span_ms: i64,
    /// Records among a thousand that are repeated later.
    pub duplicates_per_mille: u32,
    /// Events among a thousand whose id comes again with other content and at another moment.
    pub conflicts_per_mille: u32,
    /// Events among a thousand that are broken.
    pub broken_per_mille: u32,
    /// Records among a thousand that are arrays of up to five events.
    pub arrays_per_mille: u32,
    /// Events among a thousand that arrive days late.
    pub late_per_mille: u32,
    /// Events of `identities` among a thousand that erase a client.
    pub erasures_per_mille: u32,
}

impl Plan {
    /// Two weeks around the night in March 2026 in which New York's clocks change, about thirty events a client.
    pub fn new(seed: u64, events: usize) -> Self {
        Self {
            seed,
            events,
            clients: events.div_ceil(30),
            tenants: TENANTS.to_vec(),
            mix: [50, 10, 7, 15, 5, 4, 7, 2],
            // 2026-03-01T00:00:00Z
            start_ms: 1_772_323_200_000,
            span_ms: 14 * DAY,
            duplicates_per_mille: 40,
            conflicts_per_mille: 10,
            broken_per_mille: 20,
            arrays_per_mille: 100,
            late_per_mille: 50,
            erasures_per_mille: 20,
        }
    }

    /// A Kafka timestamp that no valid event is too far ahead of.
    pub fn received_ms(&self) -> i64 {
        self.start_ms + self.span_ms + HOUR
    }

    /// Configuration for the tenants of the traffic. Rates exist for USD, EUR and JPY on every day of the plan, for no
    /// other currency and no other day.
    pub fn settings(&self) -> Settings {
        let moscow = self.tenant(Tz::Europe__Moscow, "RUB", "RU");
        let mut new_york = self.tenant(Tz::America__New_York, "USD", "US");
        new_york.reset_on_conversion = true;
        let mut kolkata = self.tenant(Tz::Asia__Kolkata, "INR", "IN");
        kolkata.lookback_days = 3;
        let named = [
            ("moscow", moscow),
            ("new-york", new_york),
            ("kolkata", kolkata),
        ];
        Settings {
            tenants: named
                .into_iter()
                .map(|(name, tenant)| (name.to_owned(), tenant))
                .collect(),
            default: self.tenant(Tz::UTC, "RUB", "RU"),
            ..Settings::default()
        }
    }

    fn tenant(&self, zone: Tz, currency: &str, region: &str) -> Tenant {
        let mut rates = BTreeMap::new();
        for day in -1..=self.span_ms / DAY + 1 {
            let date = local_date(Tz::UTC, self.start_ms + day * DAY);
            for (foreign, rate) in [("USD", 90_i64), ("EUR", 101), ("JPY", 1)] {
                let rate = Decimal::parse(&format!("{rate}.{:03}", (day + 1) * 137 % 1000));
                rates.extend(rate.map(|rate| ((foreign.to_owned(), date), rate)));
            }
        }
        let printed = StaticSource {
            source: "billboard".to_owned(),
            medium: "offline".to_owned(),
            campaign: "Centre".to_owned(),
        };
        Tenant {
            zone,
            currency: currency.to_owned(),
            phone_region: region.to_owned(),
            static_numbers: BTreeMap::from([(events::STATIC_NUMBER.to_owned(), printed)]),
            rates,
            excluded_referrers: vec!["paypal.com".to_owned(), "yookassa.ru".to_owned()],
            ..Tenant::default()
        }
    }

    /// The records in order of arrival: topic and value.
    pub fn records(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut rng = Rng::with_seed(self.seed);
        let arrivals = self.arrivals(&mut rng);
        let mut records = Vec::new();
        let mut open: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (topic, text) in arrivals {
            // An open array of the topic fills up with what arrives next.
            if let Some(elements) = open.get_mut(topic) {
                elements.push(text);
                if elements.len() == 5 || rng.u32(..3) == 0 {
                    records.push((topic, format!("[{}]", elements.join(", ")).into_bytes()));
                    open.remove(topic);
                }
            } else if hit(&mut rng, self.arrays_per_mille) {
                open.insert(topic, vec![text]);
            } else {
                records.push((topic, text.into_bytes()));
            }
        }
        records
            .extend(open.into_iter().map(|(topic, elements)| {
                (topic, format!("[{}]", elements.join(",")).into_bytes())
            }));
        for topic in events::TOPICS {
            if hit(&mut rng, self.broken_per_mille * 10) {
                records.push((topic, broken::bytes(&mut rng)));
            }
        }
        records
    }

    /// Events as texts, in order of arrival.
    fn arrivals(&self, rng: &mut Rng) -> Vec<(&'static str, String)> {
        let mut events = Events::new(self, rng);
        let mut arrivals: Vec<(i64, &str, String)> = Vec::new();
        for _ in 0..self.events {
            let draft = events.next(rng);
            let lag = if hit(rng, self.late_per_mille) {
                rng.i64(0..5 * DAY)
            } else {
                rng.i64(0..180_000)
            };
            let arrives = draft.at + lag;
            if hit(rng, self.broken_per_mille) {
                let topic = draft.topic;
                arrivals.push((arrives, topic, broken::spoil(draft, rng)));
                continue;
            }
            if hit(rng, self.conflicts_per_mille) {
                let mut other = draft.clone();
                other.move_to(draft.at + 1 + rng.i64(0..HOUR));
                arrivals.push((arrives + rng.i64(0..DAY), draft.topic, other.text(rng)));
            }
            if hit(rng, self.duplicates_per_mille) {
                let again: Draft = draft.clone();
                arrivals.push((arrives + rng.i64(0..3 * DAY), draft.topic, again.text(rng)));
            }
            arrivals.push((arrives, draft.topic, draft.text(rng)));
        }
        arrivals.sort_by_key(|(arrives, _, _)| *arrives);
        arrivals
            .into_iter()
            .map(|(_, topic, text)| (topic, text))
            .collect()
    }
}

/// A chance of so many in a thousand.
fn hit(rng: &mut Rng, per_mille: u32) -> bool {
    rng.u32(..1000) < per_mille
}
