//! An event after validation and normalisation. Two events that are equal here are one event.
//!
//! The order of the fields is the order of events: within a tenant and topic by time, then by id, then by content.

use std::collections::BTreeSet;

use chrono::NaiveDate;

/// One valid, normalised event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Tenant.
    pub tenant: String,
    /// Topic.
    pub topic: Topic,
    /// Epoch milliseconds.
    pub occurred_at: i64,
    /// The producer's id.
    pub event_id: String,
    /// Valid identifiers; a deal's id is one of them.
    pub identifiers: BTreeSet<Identifier>,
    /// What the topic adds.
    pub body: Body,
}

/// The topics, by their default names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Page views and forms.
    Web,
    /// Calls.
    Calls,
    /// E-mail events.
    Emails,
    /// CRM deals.
    Deals,
    /// Ad spend.
    Costs,
    /// Any other contact.
    Touches,
    /// Leases of call-tracking numbers.
    Numbers,
    /// Identifiers of one client.
    Identities,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 8] = [
        Self::Web,
        Self::Calls,
        Self::Emails,
        Self::Deals,
        Self::Costs,
        Self::Touches,
        Self::Numbers,
        Self::Identities,
    ];

    /// The default name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Calls => "calls",
            Self::Emails => "emails",
            Self::Deals => "deals",
            Self::Costs => "costs",
            Self::Touches => "touches",
            Self::Numbers => "numbers",
            Self::Identities => "identities",
        }
    }
}

/// A kind and a normalised value.
pub type Identifier = (Kind, String);

/// Kinds of identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A browser.
    Visitor,
    /// An account.
    User,
    /// A phone, in E.164; `caller_phone` is one too.
    Phone,
    /// An e-mail address.
    Email,
    /// A contact in the CRM.
    CrmContact,
    /// A deal.
    Deal,
}

impl Kind {
    /// The name in the `identities` view.
    pub fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor_id",
            Self::User => "user_id",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::CrmContact => "crm_contact_id",
            Self::Deal => "deal_id",
        }
    }
}

/// Source, medium, campaign, content and term; an absent one is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Source.
    pub source: String,
    /// Medium.
    pub medium: String,
    /// Campaign.
    pub campaign: String,
    /// Content.
    pub content: String,
    /// Term.
    pub term: String,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money {
    /// In minor units of its own currency.
    pub original: i64,
    /// In minor units of the tenant's currency.
    pub converted: i64,
}

/// The fields of each topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub enum Body {
    /// `visitor` is absent when the visitor id is junk: then the event only links.
    Web {
        visitor: Option<String>,
        event: String,
        url: String,
        referrer: String,
        user_agent: String,
        given: Source,
    },
    Call(Call),
    Email {
        event: String,
        campaign: String,
        message_id: String,
        url: String,
        source: String,
    },
    Deal(DealEvent),
    Cost(Cost),
    Touch {
        source: Source,
        kind: String,
    },
    /// `visitor` is absent when the visitor id is junk: then the event only links.
    Lease {
        number: String,
        visitor: Option<String>,
        until: i64,
    },
    /// With `split`, that identifiers are named together does not make them one client. With `erase`, the client is
    /// counted, and nothing is told of it.
    Identity {
        split: bool,
        erase: bool,
    },
}

impl Event {
    /// The identifier that says whose event it is, of those that it has.
    pub fn owner(&self) -> Option<Identifier> {
        let find = |wanted: Kind| self.identifiers.iter().find(|(kind, _)| *kind == wanted);
        let order = match (&self.body, self.topic) {
            (Body::Call(call), _) => {
                if let Some(caller) = &call.caller {
                    return Some((Kind::Phone, caller.clone()));
                }
                [
                    Kind::Phone,
                    Kind::CrmContact,
                    Kind::User,
                    Kind::Visitor,
                    Kind::Email,
                ]
            }
            (_, Topic::Emails) => [
                Kind::Email,
                Kind::Visitor,
                Kind::User,
                Kind::Phone,
                Kind::CrmContact,
            ],
            _ => [
                Kind::Visitor,
                Kind::User,
                Kind::Phone,
                Kind::Email,
                Kind::CrmContact,
            ],
        };
        let deal = find(Kind::Deal);
        deal.or_else(|| order.into_iter().find_map(find)).cloned()
    }
}

/// The fields of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Call {
    pub caller: Option<String>,
    pub dialed: String,
    pub direction: String,
    pub status: String,
    pub wait_seconds: Option<i64>,
    pub talk_seconds: Option<i64>,
    pub manager_id: Option<String>,
    pub recording_url: Option<String>,
    pub quality_score: Option<i64>,
}

/// The fields of a deal's event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct DealEvent {
    pub deal_id: String,
    pub event: String,
    pub stage: Option<String>,
    pub pipeline: Option<String>,
    pub currency: String,
    pub amount: Option<Money>,
    pub cost: Option<Money>,
    pub refund: Option<Money>,
    pub manager_id: Option<String>,
    pub items: Vec<Item>,
}

/// One item of a deal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Item {
    pub sku: Option<String>,
    pub category: Option<String>,
    pub quantity: Option<String>,
    pub amount: Option<Money>,
}

/// The fields of a row of ad spend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Cost {
    pub date: NaiveDate,
    pub hour: Option<u32>,
    pub source: Source,
    pub currency: String,
    pub cost: Money,
    pub impressions: Option<i64>,
    pub clicks: Option<i64>,
    pub bid: Option<Money>,
}
