//! Which rows a partition has to write because facts moved to it.

use std::collections::BTreeSet;

use crate::derive::{TouchKey, TouchTopic};
use crate::fact::{EventKey, Fact, FactBody};
use crate::ids::Ident;

/// Keys of rows to be written, as they are or as tombstones.
#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) members: BTreeSet<Ident>,
    pub(crate) touches: BTreeSet<TouchKey>,
    pub(crate) calls: BTreeSet<EventKey>,
    pub(crate) deals: BTreeSet<Ident>,
}

impl Claims {
    /// Claims the rows keyed by a fact.
    pub(super) fn claim(&mut self, fact: &Fact) {
        let touch = |topic| TouchKey::new(topic, &fact.key);
        match &fact.body {
            FactBody::Member(ident) => {
                self.members.insert(*ident);
            }
            FactBody::Hit(_) => {
                self.touches.insert(touch(TouchTopic::Web));
            }
            FactBody::Lead { .. } => {}
            FactBody::Call(call) => {
                self.calls.insert(fact.key.clone());
                if !call.outbound {
                    self.touches.insert(touch(TouchTopic::Calls));
                }
            }
            FactBody::Contact(contact) => {
                let topic = if contact.email {
                    TouchTopic::Emails
                } else {
                    TouchTopic::Touches
                };
                self.touches.insert(touch(topic));
            }
            FactBody::Deal(event) => {
                self.deals.insert(event.deal);
            }
        }
    }
}
