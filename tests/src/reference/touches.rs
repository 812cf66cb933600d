//! Touches: every contact that can earn credit, with its client.

use super::calls::SourcedCall;
use super::channel::Channels;
use super::event::{Body, Event, Source, Topic};
use super::identity::Clients;
use super::visits::Visits;

/// A touch.
#[derive(Clone, Debug)]
pub struct Touch<'a> {
    /// Tenant.
    pub tenant: &'a str,
    /// `topic:event_id`.
    pub id: String,
    /// The topic that counts it.
    pub topic: Topic,
    /// `visit`, `call`, `email`, or what the producer calls it.
    pub kind: &'a str,
    /// Its moment.
    pub at: i64,
    /// Its source.
    pub source: Source,
    /// Its channel.
    pub channel: &'static str,
    /// Its client.
    pub client: usize,
    /// A missed call.
    pub missed: bool,
    /// Moments of the forms sent during a visit.
    pub leads: Vec<i64>,
}

/// All touches, in order of (time, id).
///
/// # Panics
///
/// When a touch has no identifier, which its topic does not allow.
pub fn touches<'a>(
    events: &[&'a Event],
    visits: &Visits<'a>,
    calls: &[SourcedCall<'a>],
    channels: &Channels<'_>,
    clients: &Clients<'a>,
) -> Vec<Touch<'a>> {
    let touch = |event: &'a Event, kind: &'a str, source: &Source| Touch {
        tenant: &event.tenant,
        id: format!("{}:{}", event.topic.name(), event.event_id),
        topic: event.topic,
        kind,
        at: event.occurred_at,
        source: source.clone(),
        channel: channels.of(&source.source, &source.medium, &source.campaign),
        client: client_of(event, clients).expect("a touch has an identifier"),
        missed: false,
        leads: Vec::new(),
    };
    let mut touches = Vec::new();
    for visit in visits.values().flatten() {
        touches.push(Touch {
            leads: visit.leads.clone(),
            ..touch(visit.opening, "visit", &visit.source)
        });
    }
    for call in calls.iter().filter(|call| call.is_inbound()) {
        let plain = touch(call.event, "call", &call.source);
        touches.push(Touch {
            channel: call.channel,
            missed: call.is_missed(),
            ..plain
        });
    }
    for event in events {
        match &event.body {
            Body::Email {
                event: name,
                campaign,
                source,
                ..
            } if name == "clicked" => {
                let source = Source {
                    source: if source.is_empty() {
                        "email".to_owned()
                    } else {
                        source.clone()
                    },
                    medium: "email".to_owned(),
                    campaign: campaign.clone(),
                    ..Source::default()
                };
                touches.push(touch(event, "email", &source));
            }
            Body::Touch { source, kind } => touches.push(touch(event, kind, source)),
            _ => {}
        }
    }
    touches.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    touches
}

/// The client of an event.
pub fn client_of<'a>(event: &'a Event, clients: &Clients<'a>) -> Option<usize> {
    let owner = event.owner()?;
    Some(clients.of(&event.tenant, &owner))
}
