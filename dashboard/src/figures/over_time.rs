//! The period by hour or day and by channel: what the overview is made of.

use std::collections::BTreeMap;

use crate::error::ReadError;
use crate::queries::{CREDIT_OVER_TIME, TRAFFIC_OVER_TIME};

use super::channels::Name;
use super::{Amounts, Ask};

/// Amounts by step and channel. A step is an hour, in seconds since 1970, or a
/// day, in days since 1970.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OverTime(pub BTreeMap<i64, BTreeMap<String, Amounts>>);

row! {
    /// Traffic and spend.
    struct TrafficRow {
        step: i64,
        channel_name: String,
        visits: i64,
        calls: i64,
        missed_calls: i64,
        leads: i64,
        email_clicks: i64,
        other_touches: i64,
        spend: i64,
        impressions: i64,
        clicks: i64,
    }
}

impl OverTime {
    /// Asks for it.
    pub async fn read(ask: &Ask) -> Result<Self, ReadError> {
        let params = ask
            .params(ask.span.hours)
            .number("hourly", i64::from(ask.span.is_hourly()));
        let (credit, traffic) = tokio::try_join!(
            ask.rows::<(i64, String, i64, i64, i64)>(CREDIT_OVER_TIME, &params),
            ask.rows::<TrafficRow>(TRAFFIC_OVER_TIME, &params),
        )?;
        let mut all: BTreeMap<i64, BTreeMap<String, Amounts>> = BTreeMap::new();
        for row in traffic {
            let amounts = Amounts {
                visits: row.visits,
                calls: row.calls,
                missed_calls: row.missed_calls,
                leads: row.leads,
                email_clicks: row.email_clicks,
                other_touches: row.other_touches,
                spend: row.spend,
                impressions: row.impressions,
                clicks: row.clicks,
                ..Amounts::default()
            };
            let step = all.entry(row.step).or_default();
            *step.entry(row.channel_name).or_default() += amounts;
        }
        for (at, channel, conversions, revenue, profit) in credit {
            let amounts = Amounts {
                conversions,
                revenue,
                profit,
                ..Amounts::default()
            };
            *all.entry(at).or_default().entry(channel).or_default() += amounts;
        }
        Ok(Self(all))
    }

    /// All of it.
    pub fn total(&self) -> Amounts {
        let mut total = Amounts::default();
        for amounts in self.0.values().flat_map(BTreeMap::values) {
            total += *amounts;
        }
        total
    }

    /// One step.
    pub fn at(&self, step: i64) -> Amounts {
        let mut total = Amounts::default();
        for amounts in self.0.get(&step).into_iter().flat_map(BTreeMap::values) {
            total += *amounts;
        }
        total
    }

    /// By channel over the whole period.
    pub fn by_channel(&self) -> BTreeMap<Name, Vec<Amounts>> {
        let mut all: BTreeMap<Name, Vec<Amounts>> = BTreeMap::new();
        for (channel, amounts) in self.0.values().flatten() {
            let name = [channel.clone(), String::new(), String::new(), String::new()];
            let sums = all.entry(name).or_insert_with(|| vec![Amounts::default()]);
            for sum in sums {
                *sum += *amounts;
            }
        }
        all.retain(|_, sums| sums.iter().any(|sum| *sum != Amounts::default()));
        all
    }
}
