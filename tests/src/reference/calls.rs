//! Calls: where they come from, and whom a leased number makes them.

use std::collections::BTreeMap;

use super::channel::{CALLS, Channels};
use super::event::{Body, Call, Event, Identifier, Kind, Source};
use super::identity::Clients;
use super::normalise;
use super::settings::Settings;
use super::source;
use super::touches::client_of;
use super::visits::Visits;

/// A call with its source.
#[derive(Debug)]
pub struct SourcedCall<'a> {
    /// The event.
    pub event: &'a Event,
    /// Its fields.
    pub call: &'a Call,
    /// Its source.
    pub source: Source,
    /// Its channel.
    pub channel: &'static str,
    /// The visitors whose leases cover the call, without repeats.
    pub visitors: Vec<&'a str>,
    /// The visitor of the latest lease: the call's source is one of his visits'.
    pub winner: Option<&'a str>,
}

impl<'a> SourcedCall<'a> {
    /// A visitor that the caller was split from gives the call no source.
    pub fn divide(&mut self, clients: &Clients<'a>, channels: &Channels<'_>) {
        let tenant = &self.event.tenant;
        let visitor = self
            .winner
            .map(|visitor| (Kind::Visitor, visitor.to_owned()));
        let other = |visitor: Identifier| {
            client_of(self.event, clients) != Some(clients.of(tenant, &visitor))
        };
        if visitor.is_some_and(other) {
            self.source = source::direct();
            let source = &self.source;
            self.channel = channels.of(&source.source, &source.medium, &source.campaign);
        }
    }

    /// Only inbound calls are touches.
    pub fn is_inbound(&self) -> bool {
        self.call.direction == "inbound"
    }

    /// More than one visitor held the number.
    pub fn is_ambiguous(&self) -> bool {
        self.visitors.len() > 1
    }

    /// Missed means the status `missed` alone.
    pub fn is_missed(&self) -> bool {
        self.call.status == "missed"
    }
}

struct Lease<'a> {
    from: i64,
    until: i64,
    visitor: &'a str,
}

/// Resolves all calls. The events are in the order of [`Event`], so the last lease is the latest one.
pub fn calls<'a>(
    events: &[&'a Event],
    visits: &Visits<'a>,
    channels: &Channels<'_>,
    settings: &Settings,
) -> Vec<SourcedCall<'a>> {
    let mut leases: BTreeMap<(&str, &str), Vec<Lease<'a>>> = BTreeMap::new();
    for event in events {
        if let Body::Lease {
            number,
            visitor: Some(visitor),
            until,
        } = &event.body
        {
            let lease = Lease {
                from: event.occurred_at,
                until: *until,
                visitor,
            };
            leases
                .entry((&event.tenant, number))
                .or_default()
                .push(lease);
        }
    }
    let mut calls = Vec::new();
    for event in events {
        let Body::Call(call) = &event.body else {
            continue;
        };
        let at = event.occurred_at;
        let of_number = leases.get(&(event.tenant.as_str(), call.dialed.as_str()));
        let covers = |lease: &&Lease<'a>| lease.from <= at && at < lease.until;
        let covering: Vec<&Lease<'a>> = of_number.into_iter().flatten().filter(covers).collect();
        let tenant = settings.tenant(&event.tenant);
        let is_dialed =
            |number: &str| normalise::number(number, &tenant.phone_region) == call.dialed;
        let printed = tenant
            .static_numbers
            .iter()
            .find(|(number, _)| is_dialed(number));
        let (source, channel) = if let Some(latest) = covering.last() {
            let of_visitor = visits.get(&(event.tenant.as_str(), latest.visitor));
            let visit = of_visitor
                .and_then(|visits| visits.iter().rfind(|visit| visit.opening.occurred_at <= at));
            let source = visit.map_or_else(source::direct, |visit| visit.source.clone());
            let channel = channels.of(&source.source, &source.medium, &source.campaign);
            (source, channel)
        } else if let Some((_, printed)) = printed {
            let source = Source {
                source: printed.source.trim().to_lowercase(),
                medium: printed.medium.trim().to_lowercase(),
                campaign: printed.campaign.trim().to_owned(),
                ..Source::default()
            };
            let channel = channels.of(&source.source, &source.medium, &source.campaign);
            (source, channel)
        } else {
            (
                Source {
                    source: call.dialed.clone(),
                    medium: "call".to_owned(),
                    ..Source::default()
                },
                CALLS,
            )
        };
        let mut visitors: Vec<&str> = covering.iter().map(|lease| lease.visitor).collect();
        visitors.sort_unstable();
        visitors.dedup();
        calls.push(SourcedCall {
            event,
            call,
            source,
            channel,
            visitors,
            winner: covering.last().map(|lease| lease.visitor),
        });
    }
    calls
}
