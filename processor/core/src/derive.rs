//! What follows from a journey's facts: its touches, leads, calls and deals.
//! A pure function, so that what changed is the difference of two results.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::credit;
use crate::deal::{self, Creation, DealState};
use crate::fact::{CallStatus, EventKey, Origin};
use crate::ids::{Ident, Source};
use crate::journey::{Dated, Journey};
use crate::names::{Names, Tenant};
use crate::rules::Rules;
use crate::visit::Visit;

/// The topic in a touch's id. The order of the variants is that of the names,
/// since touches at one moment are ordered bytewise by id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TouchTopic {
    /// A call.
    Calls,
    /// A clicked e-mail.
    Emails,
    /// Any other contact.
    Touches,
    /// A visit, by its opening hit.
    Web,
}

impl TouchTopic {
    /// The part of a touch id before the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Emails => "emails",
            Self::Touches => "touches",
            Self::Web => "web",
        }
    }
}

/// A touch's identity, in the order of a journey: time, touch id, content.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TouchKey {
    /// Epoch milliseconds.
    pub at: i64,
    /// The first part of the touch id.
    pub topic: TouchTopic,
    /// The second part of the touch id: the event id.
    pub id: SmolStr,
    /// Tells apart events of one id with other content.
    pub content: u64,
}

impl TouchKey {
    /// The key of the touch that an event makes.
    pub fn new(topic: TouchTopic, event: &EventKey) -> Self {
        Self {
            at: event.at,
            topic,
            id: event.id.clone(),
            content: event.content,
        }
    }
}

/// What kind of contact a touch was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TouchKind {
    /// A visit of the web site.
    Visit,
    /// An inbound call.
    Call {
        /// Nobody answered.
        missed: bool,
    },
    /// A clicked e-mail.
    Email,
    /// Another contact, by the name it gives itself.
    Other(Arc<str>),
}

impl TouchKind {
    /// The name in the views.
    pub fn name(&self) -> &str {
        match self {
            Self::Visit => "visit",
            Self::Call { .. } => "call",
            Self::Email => "email",
            Self::Other(name) => name,
        }
    }
}

/// A contact that may earn credit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Touch {
    /// When, and by which event.
    pub key: TouchKey,
    /// What it was.
    pub kind: TouchKind,
    /// Where it came from.
    pub source: Source,
    /// The record that said so.
    pub origin: Option<Origin>,
}

/// A lead form that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lead {
    /// When, and by which event.
    pub key: EventKey,
    /// The browser it was sent from.
    pub visitor: Ident,
    /// The source of the visit it was sent in.
    pub source: Source,
}

/// A call of either direction, with its source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallState {
    /// When, and by which event.
    pub key: EventKey,
    /// Where it came from.
    pub source: Source,
    /// More than one visitor held the number at that moment.
    pub ambiguous: bool,
}

/// All that follows from a journey.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Derived {
    /// Touches in order.
    pub touches: Vec<Touch>,
    /// Leads in order of time, event and visitor.
    pub leads: Vec<Lead>,
    /// Calls in order.
    pub calls: Vec<CallState>,
    /// Deals in the order of their identifiers.
    pub deals: Vec<DealState>,
}

/// Derives everything from a journey.
pub fn derive(journey: &Journey, names: &Names, rules: &dyn Rules) -> Derived {
    let tenant = names.tenant(journey.tenant);
    let mut touches = Vec::with_capacity(journey.items());
    let mut leads = Vec::new();
    for visitor in &journey.visitors {
        touches.extend(visitor.visits(tenant.direct).map(web_touch));
        let mut visits = visitor.visits(tenant.direct).peekable();
        let mut source = tenant.direct;
        for lead in &visitor.leads {
            while let Some(visit) = visits.next_if(|visit| visit.opening.key <= *lead) {
                source = visit.source;
            }
            leads.push(Lead {
                key: lead.clone(),
                visitor: visitor.ident,
                source,
            });
        }
    }
    let calls: Vec<CallState> = journey
        .calls
        .iter()
        .map(|call| CallState {
            key: call.key.clone(),
            source: call_source(journey, call.key.at, call, tenant),
            ambiguous: call.body.ambiguous,
        })
        .collect();
    touches.extend(
        journey
            .calls
            .iter()
            .zip(&calls)
            .filter(|(call, _)| !call.body.outbound)
            .map(|(call, state)| Touch {
                key: TouchKey::new(TouchTopic::Calls, &call.key),
                kind: TouchKind::Call {
                    missed: call.body.status == CallStatus::Missed,
                },
                source: state.source,
                origin: call.origin,
            }),
    );
    touches.extend(journey.contacts.iter().map(|contact| {
        let (topic, kind) = if contact.body.email {
            (TouchTopic::Emails, TouchKind::Email)
        } else {
            (
                TouchTopic::Touches,
                TouchKind::Other(Arc::clone(&contact.body.kind)),
            )
        };
        let key = TouchKey::new(topic, &contact.key);
        Touch {
            key,
            kind,
            source: contact.body.source,
            origin: contact.origin,
        }
    }));
    touches.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    leads.sort_unstable_by(|a, b| (&a.key, a.visitor).cmp(&(&b.key, b.visitor)));
    let deals = journey
        .deals
        .iter()
        .map(|deal| {
            let mut state = deal::state(deal, tenant, rules);
            let touch = credit::creating_touch(&touches, state.created_at, tenant, names);
            state.creation = touch.map(|touch| Creation {
                touch: touch.key.clone(),
                dim: touch.source.dim,
            });
            state
        })
        .collect();
    Derived {
        touches,
        leads,
        calls,
        deals,
    }
}

/// The touch that a visit is.
pub(crate) fn web_touch(visit: Visit<'_>) -> Touch {
    Touch {
        key: TouchKey::new(TouchTopic::Web, &visit.opening.key),
        kind: TouchKind::Visit,
        source: visit.source,
        origin: visit.opening.origin,
    }
}

/// A leased call has the source of the latest visit, at or before the call, of
/// the very visitor who was shown the number; any other has the number's own.
fn call_source(
    journey: &Journey,
    at: i64,
    call: &Dated<Box<crate::fact::Call>>,
    tenant: &Tenant,
) -> Source {
    let Some(lease) = &call.body.lease else {
        return call.body.source;
    };
    journey
        .visitors
        .binary_search_by(|visitor| visitor.ident.cmp(&lease.visitor))
        .ok()
        .and_then(|index| journey.visitors.get(index))
        .and_then(|visitor| {
            visitor
                .visits(tenant.direct)
                .take_while(|visit| visit.opening.key.at <= at)
                .last()
        })
        .map_or(tenant.direct, |visit| visit.source)
}

impl Derived {
    /// The moments at which the client first showed intent: leads, inbound
    /// calls and created deals. The earliest within `[from, to]`.
    pub fn lead_created_at(&self, from: i64, to: i64) -> Option<i64> {
        let leads = self.leads.iter().map(|lead| lead.key.at);
        let calls = self
            .touches
            .iter()
            .filter(|touch| matches!(touch.kind, TouchKind::Call { .. }))
            .map(|touch| touch.key.at);
        let deals = self.deals.iter().map(|deal| deal.created_at);
        leads
            .chain(calls)
            .chain(deals)
            .filter(|at| (from..=to).contains(at))
            .min()
    }
}
