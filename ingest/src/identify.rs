//! Who an event is about: its identifiers as nodes, in the order of its topic.

use throughline_proto::topics::RawTopic;
use throughline_proto::{Ident, IdentKind};

use crate::content::StableHashes;
use crate::event::{Body, Event, Identifiers, Statement};
use crate::ident::Idents;

/// Who an event is about. Used again for the next event.
#[derive(Debug, Default)]
pub struct Identified {
    /// Its identifiers' nodes, the anchor first.
    pub nodes: Vec<Ident>,
    /// Nodes, and those that the same identifiers had under the previous key.
    pub rotated: Vec<(Ident, Ident)>,
    /// What the identifiers are in the hash of the content.
    pub stable: StableHashes,
}

/// One of an event's identifiers, in the order of [`StableHashes`].
#[derive(Clone, Copy)]
enum Slot {
    Visitor,
    User,
    Phone,
    Caller,
    Email,
    CrmContact,
}

use Slot::{Caller, CrmContact, Phone, User, Visitor};

/// In which order the identifiers of a topic's events are taken: the first
/// that exists is the anchor, which the event is sent to.
const fn order(topic: RawTopic) -> [Slot; 6] {
    match topic {
        RawTopic::Calls => [Caller, Phone, CrmContact, User, Visitor, Slot::Email],
        RawTopic::Emails => [Slot::Email, Visitor, User, Phone, CrmContact, Caller],
        _ => [Visitor, User, Phone, Slot::Email, CrmContact, Caller],
    }
}

impl Identifiers<'_> {
    /// Says that these will be identified soon.
    pub fn announce(&self, tenant: &str, idents: &mut Idents) {
        for slot in [Visitor, User, Phone, Caller, Slot::Email, CrmContact] {
            if let Some((kind, value)) = self.get(slot) {
                idents.announce(kind, tenant, value.as_bytes());
            }
        }
    }

    fn get(&self, slot: Slot) -> Option<(IdentKind, &str)> {
        let (kind, value) = match slot {
            Visitor => (IdentKind::Visitor, self.visitor),
            User => (IdentKind::User, self.user),
            Phone => (IdentKind::Phone, self.phone),
            Caller => (IdentKind::Phone, self.caller),
            Slot::Email => (IdentKind::Email, self.email),
            CrmContact => (IdentKind::CrmContact, self.crm_contact),
        };
        value.map(|value| (kind, value))
    }
}

impl Identified {
    /// The nodes of an identifier: one for each key that it is known under.
    pub fn variants(&self, node: Ident) -> impl Iterator<Item = Ident> {
        let rotated = self.rotated.iter();
        let previous = rotated.filter(move |(current, _)| *current == node);
        std::iter::once(node).chain(previous.map(|(_, previous)| *previous))
    }

    /// Takes the identifiers of an event in place of those before.
    pub fn identify(&mut self, topic: RawTopic, event: &Event<'_>, idents: &mut Idents) {
        self.nodes.clear();
        self.rotated.clear();
        self.stable = StableHashes::default();
        let tenant = event.tenant_name;
        let deal_id = match &event.body {
            Body::Deal(deal) => Some(deal.deal_id),
            Body::Identity(Statement::Split { deal_id }) => *deal_id,
            _ => None,
        };
        if let Some(deal_id) = deal_id {
            let node = idents.stable(IdentKind::Deal, tenant, deal_id.as_bytes());
            self.nodes.push(node);
        }
        for slot in order(topic) {
            let Some((kind, value)) = event.identifiers.get(slot) else {
                continue;
            };
            let hashes = idents.hashes(kind, tenant, value.as_bytes());
            self.stable[slot as usize] = Some(hashes.stable);
            if self.nodes.contains(&hashes.node) {
                continue;
            }
            self.nodes.push(hashes.node);
            let previous = hashes.previous.map(|previous| (hashes.node, previous));
            self.rotated.extend(previous);
        }
    }
}
