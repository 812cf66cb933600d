//! Messages between nodes: the log's content.

use std::sync::Arc;

use crate::cost::Cost;
use crate::fact::{EventKey, Fact, LinkForm};
use crate::ids::{Ident, TenantId};

/// One record of a partition's log.
#[derive(Clone, Debug)]
pub struct Record {
    /// The sender's Lamport time; 0 when it comes from ingest.
    pub lamport: u64,
    /// Its messages, in order.
    pub messages: Vec<Message>,
}

/// One message to one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The node's tenant.
    pub tenant: TenantId,
    /// The node.
    pub to: Ident,
    /// The fact was in a journey before, or came by another partition: rows
    /// keyed by it are owned by whoever receives it.
    pub moved: bool,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// A fact for the client that the node belongs to.
    Event {
        /// The fact.
        fact: Fact,
        /// The first node that passed it on.
        via: Option<Ident>,
        /// How many nodes passed it on.
        hops: u32,
    },
    /// An event named the node and `higher` (after it in the identity order).
    /// It goes to the lower end first, since a link needs the consent of both.
    Link {
        /// The other identifier.
        higher: Ident,
        /// What the link amounts to, unless an end refuses it.
        form: LinkForm,
    },
    /// The same at the higher end, with what the lower one makes of it.
    Answer {
        /// The other identifier.
        lower: Ident,
        /// What the link amounts to.
        form: LinkForm,
    },
    /// The node and `lower` (before it in the identity order) stand in one journey.
    Join {
        /// The other identifier.
        lower: Ident,
    },
    /// The node is a hub: it takes no more links.
    Close,
    /// The person whom the node belongs to is erased. Goes to all partitions.
    Forget {
        /// The moment of the newest fact that was forgotten.
        until: i64,
        /// The node stands on the way of others' facts.
        stays: bool,
    },
    /// The node may take `root` for its parent.
    Shortcut {
        /// An ancestor, as the sender saw it.
        root: Ident,
    },
    /// A call, at the node of the dialed number.
    Call {
        /// The client's first identifier.
        caller: Ident,
        /// The call.
        fact: Fact,
    },
    /// A lease, at the node of its number.
    Lease(Lease),
    /// An ad cost, at the node of its key.
    Cost(Arc<Cost>),
}

impl Body {
    /// A fact that no node passed on.
    pub const fn fresh(fact: Fact) -> Self {
        Self::Event {
            fact,
            via: None,
            hops: 0,
        }
    }
}

/// A number is shown to one visitor from `key.at` until before `until`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Lease {
    /// When it begins, and which event said so.
    pub key: EventKey,
    /// Who was shown the number.
    pub visitor: Ident,
    /// When it ends, exclusive, epoch milliseconds.
    pub until: i64,
}
