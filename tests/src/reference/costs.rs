//! Ad spend: the latest row of each key, spread over its hours.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::event::{Body, Cost, Event, Source};
use super::settings::Settings;
use super::time::{hour_of_day, hours_of_day};

type Key<'a> = (&'a str, NaiveDate, Option<u32>, &'a Source);

/// The row of ad spend that counts of each key, with its tenant. The events are in the order of [`Event`].
pub fn latest<'a>(events: &[&'a Event]) -> Vec<(&'a str, &'a Cost)> {
    let mut rows: BTreeMap<Key<'a>, (&str, &Cost)> = BTreeMap::new();
    for event in events {
        if let Body::Cost(cost) = &event.body {
            rows.insert(
                (&event.tenant, cost.date, cost.hour, &cost.source),
                (&event.tenant, cost),
            );
        }
    }
    rows.into_values().collect()
}

/// What one hour gets of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourOfSpend {
    /// Start of the UTC hour.
    pub hour: i64,
    /// Minor units of the tenant's currency.
    pub spend: i64,
    /// Impressions.
    pub impressions: i64,
    /// Clicks.
    pub clicks: i64,
}

/// Spreads a row over its hours.
pub fn hours(tenant: &str, cost: &Cost, settings: &Settings) -> Vec<HourOfSpend> {
    let zone = settings.tenant(tenant).zone;
    let hours = match cost.hour {
        Some(hour) => vec![hour_of_day(zone, cost.date, hour)],
        None => hours_of_day(zone, cost.date),
    };
    let spend = spread(cost.cost.converted, hours.len());
    let impressions = spread(cost.impressions.unwrap_or_default(), hours.len());
    let clicks = spread(cost.clicks.unwrap_or_default(), hours.len());
    let part = |(at, hour)| HourOfSpend {
        hour,
        spend: spend[at],
        impressions: impressions[at],
        clicks: clicks[at],
    };
    hours.into_iter().enumerate().map(part).collect()
}

/// Equal parts, the remainder one by one to the earlier.
fn spread(total: i64, parts: usize) -> Vec<i64> {
    let (each, more) = (total / parts as i64, total % parts as i64);
    (0..parts as i64)
        .map(|at| each + i64::from(at < more))
        .collect()
}
