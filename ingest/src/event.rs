//! An event after validation and normalisation, still borrowing from its record.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use throughline_proto::events::{CallStatus, DealStatus};

use crate::hours::HourSpan;
use crate::money::MinorUnit;
use crate::tenant::Tenant;

/// A text of the record, or made from one.
pub type Text<'a> = Cow<'a, str>;

/// One valid, normalised event.
#[derive(Debug)]
pub struct Event<'a> {
    /// The tenant's name.
    pub tenant_name: Text<'a>,
    /// Its settings.
    pub tenant: &'a Tenant,
    /// The producer's id, 1 to 128 bytes.
    pub event_id: Text<'a>,
    /// When it happened, epoch milliseconds.
    pub at: i64,
    /// Who did it.
    pub identifiers: Identifiers<'a>,
    /// What its topic adds.
    pub body: Body<'a>,
}

/// Identifiers, normalised; what is junk or invalid is absent.
#[derive(Debug, Default)]
pub struct Identifiers<'a> {
    /// A browser.
    pub visitor: Option<Text<'a>>,
    /// An account.
    pub user: Option<Text<'a>>,
    /// A phone, in E.164.
    pub phone: Option<Arc<str>>,
    /// The phone that called, in E.164; of the same kind as `phone`.
    pub caller: Option<Arc<str>>,
    /// An e-mail address.
    pub email: Option<Text<'a>>,
    /// A contact of the CRM.
    pub crm_contact: Option<Text<'a>>,
}

/// Source, medium, campaign, content and term; an absent one is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Source<'a> {
    pub source: Text<'a>,
    pub medium: Text<'a>,
    pub campaign: Text<'a>,
    pub content: Text<'a>,
    pub term: Text<'a>,
}

impl Source<'_> {
    /// The same, borrowing from nothing.
    pub fn into_owned(self) -> Source<'static> {
        let owned = |text: Text<'_>| Cow::Owned(text.into_owned());
        Source {
            source: owned(self.source),
            medium: owned(self.medium),
            campaign: owned(self.campaign),
            content: owned(self.content),
            term: owned(self.term),
        }
    }
}

/// What a topic adds.
#[derive(Debug)]
pub enum Body<'a> {
    /// A hit of a web site.
    Web(Web<'a>),
    /// A telephone call.
    Call(Call<'a>),
    /// Something that happened to an e-mail.
    Email(Email<'a>),
    /// Something that happened to a deal.
    Deal(Deal<'a>),
    /// What a campaign cost.
    Cost(Cost<'a>),
    /// Any other contact.
    Touch {
        /// Where it came from.
        source: Source<'a>,
        /// What it calls itself, `touch` by default.
        kind: Text<'a>,
    },
    /// A number shown to a visitor.
    Lease {
        /// The number, in E.164 when valid.
        number: Arc<str>,
        /// The end of the lease, epoch milliseconds.
        until: i64,
    },
    /// Identifiers of one client.
    Identity,
}

/// The fields of a web hit.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Web<'a> {
    pub event: Text<'a>,
    pub url: Text<'a>,
    pub referrer: Option<Text<'a>>,
    pub user_agent: Option<Text<'a>>,
    /// The explicit fields.
    pub given: Source<'a>,
    /// What the rules make of fields, address and referrer.
    pub source: Option<Source<'a>>,
}

/// The fields of a call.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Call<'a> {
    pub dialed_number: Arc<str>,
    pub outbound: bool,
    pub status: CallStatus,
    pub wait_seconds: Option<i64>,
    pub talk_seconds: Option<i64>,
    pub manager_id: Option<Text<'a>>,
    pub recording_url: Option<Text<'a>>,
    pub quality_score: Option<i64>,
}

/// The fields of an e-mail event.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Email<'a> {
    pub event: &'static str,
    pub campaign: Text<'a>,
    pub message_id: Option<Text<'a>>,
    pub url: Option<Text<'a>>,
    pub source: Text<'a>,
}

/// The fields of a deal's event. Money: minor units of `currency`.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Deal<'a> {
    pub deal_id: Text<'a>,
    pub status: DealStatus,
    pub stage: Option<Text<'a>>,
    pub pipeline: Option<Text<'a>>,
    pub currency: MinorUnit,
    pub amount: Option<i64>,
    pub cost: Option<i64>,
    pub refund_amount: Option<i64>,
    pub manager_id: Option<Text<'a>>,
    pub items: Vec<Item<'a>>,
    /// The local day of the event.
    pub date: NaiveDate,
}

/// One position of a deal.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Item<'a> {
    pub sku: Option<Text<'a>>,
    pub category: Option<Text<'a>>,
    pub quantity: Option<Text<'a>>,
    pub amount: Option<i64>,
}

/// The fields of an ad cost. Money: minor units of `currency`.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Cost<'a> {
    pub date: NaiveDate,
    pub hour: Option<u32>,
    /// The UTC hours the cost is spread over.
    pub hours: HourSpan,
    pub source: Source<'a>,
    pub currency: MinorUnit,
    pub cost: i64,
    pub impressions: Option<i64>,
    pub clicks: Option<i64>,
    pub bid: Option<i64>,
}
