//! Rows that leave a partition: each the whole and newest state of its key.

use std::sync::Arc;

use crate::cost::Cost;
use crate::credit::Credits;
use crate::deal::DealState;
use crate::derive::{TouchKey, TouchKind};
use crate::fact::{Call, DealEvent, EventKey, Origin};
use crate::ids::{Ident, Source, TenantId};
use crate::journey::Dated;

/// What a row is keyed by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RowKey {
    /// A tenant, as this partition knows it.
    Tenant(TenantId),
    /// An identifier.
    Identity(TenantId, Ident),
    /// A link: its later and its earlier end; without one, all links of the first.
    Link(TenantId, Ident, Option<Ident>, LinkKind),
    /// A touch.
    Touchpoint(TenantId, TouchKey),
    /// A call of either direction.
    Call(TenantId, EventKey),
    /// A deal, by the CRM's id.
    Deal(TenantId, Arc<str>),
    /// The credits of a deal, by the CRM's id.
    Credits(TenantId, Arc<str>),
    /// An ad cost, by the node of its key.
    Cost(Ident),
    /// What is left of an erased identifier: its pseudonym.
    Erased(TenantId, Ident),
}

/// What is known of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LinkKind {
    /// An event named both ends.
    Link,
    /// The ends are one identifier, hashed with two keys.
    Alias,
    /// It was taken back.
    Split,
    /// The identifier has too many partners: it links nobody.
    Hub,
}

impl LinkKind {
    /// The name in the views.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Alias => "alias",
            Self::Split => "split",
            Self::Hub => "hub",
        }
    }
}

/// A row: the state of its key since a Lamport time. Rows of one key and one
/// version (Lamport time and partition) are equal.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its key.
    pub key: RowKey,
    /// Lamport time of the change.
    pub lamport: u64,
    /// Its state.
    pub body: RowBody,
}

/// The state of a row's key.
#[derive(Clone, PartialEq, Debug)]
pub enum RowBody {
    /// There is no such thing any more.
    Gone {
        /// The client it was last of.
        client: Ident,
    },
    /// The tenant is known here.
    Tenant,
    /// The client an identifier belongs to.
    Identity {
        /// The client.
        client: Ident,
    },
    /// There is such a link; its key says all.
    Link,
    /// A person was erased who had the identifier; its key says all.
    Erased,
    /// A touch and the client it belongs to; its key says when it was.
    Touchpoint {
        /// The client.
        client: Ident,
        /// What it was.
        kind: TouchKind,
        /// Where it came from.
        source: Source,
        /// The record that said so.
        origin: Option<Origin>,
    },
    /// A call and the client it belongs to.
    Call {
        /// The client.
        client: Ident,
        /// Where the call came from.
        source: Source,
        /// The call.
        call: Box<Call>,
        /// Its record.
        origin: Option<Origin>,
    },
    /// A deal and the client it belongs to.
    Deal {
        /// The client.
        client: Ident,
        /// The deal.
        state: Box<DealState>,
        /// Its events in order: see [`crate::deal::listed`].
        events: Vec<Dated<Box<DealEvent>>>,
    },
    /// The credits of a won deal.
    Credits {
        /// The client.
        client: Ident,
        /// The shares of all models.
        credits: Box<Credits>,
    },
    /// An ad cost.
    Cost {
        /// The latest statement.
        cost: Arc<Cost>,
        /// Its amount in minor units of the tenant's currency.
        spend: i64,
    },
}

impl RowBody {
    /// The client that the row is of, or was.
    pub const fn client(&self) -> Option<Ident> {
        match self {
            Self::Gone { client }
            | Self::Identity { client }
            | Self::Touchpoint { client, .. }
            | Self::Call { client, .. }
            | Self::Deal { client, .. }
            | Self::Credits { client, .. } => Some(*client),
            Self::Tenant | Self::Link | Self::Erased | Self::Cost { .. } => None,
        }
    }
}
