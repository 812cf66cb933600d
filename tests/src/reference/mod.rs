//! The batch reference: every view recomputed from the raw events by brute force.
//!
//! It is written for being obviously right, from the contract alone. It keeps every event, knows no streams, no
//! increments and no partitions, and shares no code with the pipeline. It reads JSON only.

pub mod calls;
pub mod channel;
mod compare;
pub mod costs;
pub mod creations;
pub mod currency;
pub mod deals;
pub mod decimal;
pub mod event;
pub mod identity;
pub mod journeys;
pub mod json;
pub mod lists;
mod load;
pub mod models;
pub mod normalise;
pub mod parse;
pub mod rollups;
pub mod schema;
pub mod settings;
pub mod source;
pub mod split;
pub mod tables;
pub mod time;
pub mod topics;
pub mod touches;
pub mod url;
pub mod views;
pub mod visits;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use channel::Channels;
use event::{Body, Event, Identifier, Kind, Topic};
use identity::Clients;
use json::Json;
use parse::{Fields, Reason};

pub use parse::Rejected;
pub use settings::Settings;
pub use tables::Tables;

/// All events so far.
#[derive(Debug, Default)]
pub struct Reference {
    settings: Settings,
    events: BTreeSet<Event>,
    rejected: Vec<(String, Rejected)>,
}

impl Reference {
    /// A reference that has seen nothing.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Takes one record; a record with any invalid element is refused whole.
    pub fn record(&mut self, topic: &str, value: &[u8], timestamp_ms: i64) -> Result<(), Rejected> {
        match self.read(topic, value, timestamp_ms) {
            Ok(events) => {
                self.events.extend(events);
                Ok(())
            }
            Err(rejected) => {
                self.rejected.push((topic.to_owned(), rejected.clone()));
                Err(rejected)
            }
        }
    }

    fn read(&self, topic: &str, value: &[u8], timestamp_ms: i64) -> Result<Vec<Event>, Rejected> {
        let nowhere = Fields {
            object: &json::Object::new(),
            path: String::new(),
        };
        let Some(topic) = Topic::ALL.into_iter().find(|known| known.name() == topic) else {
            return Err(nowhere.reject(
                Reason::UnknownTopic,
                "",
                format!("no topic is called {topic}"),
            ));
        };
        let one = |value: Option<Json>, path: String| match value {
            Some(Json::Object(object)) => topics::event(
                topic,
                &Fields {
                    object: &object,
                    path,
                },
                timestamp_ms,
                &self.settings,
            ),
            Some(_) => Err(Rejected {
                reason: Reason::WrongType,
                field: path,
                message: "not an object".to_owned(),
            }),
            None => Err(Rejected {
                reason: Reason::Malformed,
                field: path,
                message: "not JSON".to_owned(),
            }),
        };
        match Json::document(value) {
            Some(Json::Array(elements)) => {
                let elements = elements.iter().enumerate();
                elements
                    .map(|(index, raw)| one(Json::of(raw), format!("[{index}].")))
                    .collect()
            }
            single => Ok(vec![one(single, String::new())?]),
        }
    }

    /// The refused records: topic and why.
    pub fn rejected(&self) -> &[(String, Rejected)] {
        &self.rejected
    }

    /// The events so far, each once.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    /// How many events share their topic, tenant and id with another one of other content.
    pub fn conflicting(&self) -> usize {
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        for event in &self.events {
            *seen
                .entry((event.topic, &event.tenant, &event.event_id))
                .or_default() += 1;
        }
        seen.values().map(|contents| contents - 1).sum()
    }

    /// Every view.
    pub fn compute(&self) -> Tables {
        let settings = &self.settings;
        let events: Vec<&Event> = self.events.iter().collect();
        let channels = Channels::new(&settings.lists);
        let visits = visits::visits(&events, settings);
        let mut calls = calls::calls(&events, &visits, &channels, settings);
        let clients = Clients::unite(&named(&events, &calls), settings.max_partners);
        for call in &mut calls {
            call.divide(&clients, &channels);
        }
        let touches = touches::touches(&events, &visits, &calls, &channels, &clients);
        let deals = deals::deals(&events);
        let credits = journeys::credits(&touches, &deals, &clients, settings);
        let costs = costs::latest(&events);
        let earned = rollups::earned(&credits);
        let traffic = rollups::traffic(&touches, &costs, &channels, settings);

        let mut tables = Tables::default();
        tables.set("channel_hourly", views::channel_hourly(&earned, settings));
        tables.set("traffic_hourly", views::traffic_hourly(&traffic, settings));
        tables.set(
            "channel_roi",
            views::channel_roi(&earned, &traffic, settings),
        );
        let creations = creations::touches(&deals, &touches, &clients, settings);
        let deal_rows = views::deals(&deals, &creations, &clients, settings);
        tables.set("deals", deal_rows);
        tables.set("deal_events", views::deal_events(&deals, &clients));
        tables.set("credits", views::credits(&credits, &clients, settings));
        tables.set("touchpoints", views::touchpoints(&touches, &clients));
        tables.set("calls", views::calls(&calls, &clients));
        tables.set("costs", views::costs(&costs, settings));
        views::identities(&clients, &mut tables);
        tables
    }
}

/// What the events of each tenant say of identifiers: those of one event are named together, and so is a call's owner
/// with each visitor who held its number.
fn named<'a>(
    events: &[&'a Event],
    calls: &[calls::SourcedCall<'a>],
) -> BTreeMap<&'a str, identity::Named> {
    let mut tenants: BTreeMap<&str, identity::Named> = BTreeMap::new();
    for event in events {
        let named = tenants.entry(&event.tenant).or_default();
        let identifiers: Vec<Identifier> = event.identifiers.iter().cloned().collect();
        match event.body {
            Body::Identity { split: true, .. } => named.apart(&identifiers),
            Body::Identity { erase: true, .. } => {
                named.together(&identifiers);
                named.erased.extend(event.owner());
            }
            _ => named.together(&identifiers),
        }
    }
    for call in calls {
        let named = tenants.entry(&call.event.tenant).or_default();
        for visitor in &call.visitors {
            let owner = call.event.owner();
            let visitor = (Kind::Visitor, (*visitor).to_owned());
            named.together(&owner.into_iter().chain([visitor]).collect::<Vec<_>>());
        }
    }
    tenants
}
