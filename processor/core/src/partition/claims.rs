//! Which rows a partition has to write because facts moved to it.

use crate::derive::{TouchKey, TouchTopic};
use crate::fact::{EventKey, Fact, FactBody};
use crate::ids::Ident;

/// Keys of rows to be written, as they are or as tombstones. A key may stand
/// here more than once.
#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) members: Vec<Ident>,
    pub(crate) touches: Vec<TouchKey>,
    pub(crate) calls: Vec<EventKey>,
    pub(crate) deals: Vec<Ident>,
}

impl Claims {
    /// Claims the rows keyed by a fact.
    pub(super) fn claim(&mut self, fact: &Fact) {
        let touch = |topic| TouchKey::new(topic, &fact.key);
        match &fact.body {
            FactBody::Member(ident) => self.members.push(*ident),
            FactBody::Hit(_) => self.touches.push(touch(TouchTopic::Web)),
            FactBody::Lead { .. } => {}
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
