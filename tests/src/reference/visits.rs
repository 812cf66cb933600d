//! Visits: a visitor's hits, cut where the contract cuts them.

use std::collections::BTreeMap;

use super::event::{Body, Event, Source, Topic};
use super::settings::Settings;
use super::source;

/// A longer pause ends the visit.
const PAUSE: i64 = 30 * 60 * 1000;

/// A visit.
#[derive(Debug)]
pub struct Visit<'a> {
    /// The hit that opened it.
    pub opening: &'a Event,
    /// That hit's source, or Direct.
    pub source: Source,
    /// Moments of the forms sent during it.
    pub leads: Vec<i64>,
}

/// The visits of each (tenant, visitor), in order.
pub type Visits<'a> = BTreeMap<(&'a str, &'a str), Vec<Visit<'a>>>;

/// Cuts all hits into visits. The events are in the order of [`Event`].
pub fn visits<'a>(events: &[&'a Event], settings: &Settings) -> Visits<'a> {
    let mut visits = Visits::new();
    let mut previous = BTreeMap::new();
    for event in events.iter().filter(|event| event.topic == Topic::Web) {
        let Body::Web {
            visitor: Some(visitor),
            event: name,
            url,
            referrer,
            given,
            ..
        } = &event.body
        else {
            continue;
        };
        let key = (event.tenant.as_str(), visitor.as_str());
        let excluded = &settings.tenant(&event.tenant).excluded_referrers;
        let own = source::of_hit(given, url, referrer, &settings.lists, excluded);

        let visits = visits.entry(key).or_default();
        let paused = previous
            .insert(key, event.occurred_at)
            .is_none_or(|last| event.occurred_at - last > PAUSE);
        let changed = match (visits.last(), &own) {
            (Some(visit), Some(own)) => visit.source != *own,
            _ => false,
        };
        if paused || changed {
            visits.push(Visit {
                opening: event,
                source: own.unwrap_or_else(source::direct),
                leads: Vec::new(),
            });
        }
        if let (Some(visit), "lead") = (visits.last_mut(), name.as_str()) {
            visit.leads.push(event.occurred_at);
        }
    }
    visits
}
