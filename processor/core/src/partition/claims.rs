//! Which rows a partition has to write because facts moved to it.

use crate::derive::{Derived, TouchKey, TouchTopic};
use crate::fact::{EventKey, Fact, FactBody};
use crate::ids::Ident;

/// Keys of rows to be written, as they are or as tombstones. A key may stand
/// here more than once.
#[derive(Clone, Default)]
pub(crate) struct Claims {
    pub(crate) members: Vec<Ident>,
    pub(crate) touches: Vec<TouchKey>,
    pub(crate) calls: Vec<EventKey>,
    pub(crate) deals: Vec<Ident>,
}

impl Claims {
    /// Nothing is claimed.
    pub(crate) const fn is_empty(&self) -> bool {
        self.members.is_empty()
            && self.touches.is_empty()
            && self.calls.is_empty()
            && self.deals.is_empty()
    }

    /// Claims the rows of everything that follows from a journey.
    pub(crate) fn claim_all(&mut self, derived: &Derived) {
        let touches = derived.touches.iter();
        self.touches.extend(touches.map(|touch| touch.key.clone()));
        let calls = derived.calls.iter();
        self.calls.extend(calls.map(|call| call.key.clone()));
        self.deals
            .extend(derived.deals.iter().map(|deal| deal.ident));
    }

    /// Claims the rows keyed by a fact.
    pub(crate) fn claim(&mut self, fact: &Fact) {
        let touch = |topic| TouchKey::new(topic, &fact.key);
        match &fact.body {
            FactBody::Member(ident) => self.members.push(*ident),
            FactBody::Linked(link) => self.members.extend(link.member()),
            FactBody::Hit(_) => self.touches.push(touch(TouchTopic::Web)),
            FactBody::Split(_) | FactBody::Erased(_) | FactBody::Lead { .. } => {}
            FactBody::Call(call) => {
                self.calls.push(fact.key.clone());
                if !call.outbound {
                    self.touches.push(touch(TouchTopic::Calls));
                }
            }
            FactBody::Contact(contact) => {
                let topic = if contact.email {
                    TouchTopic::Emails
                } else {
                    TouchTopic::Touches
                };
                self.touches.push(touch(topic));
            }
            FactBody::Deal(event) => self.deals.push(event.deal),
        }
    }
}
