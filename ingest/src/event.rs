//! An event after validation and normalisation. Its texts are those of its
//! record, or were made in the arena that is emptied with the records.

use chrono::NaiveDate;
pub use throughline_proto::events::Source;
use throughline_proto::events::{CallStatus, DealStatus};

use crate::money::MinorUnit;
use crate::tenant::Tenant;
use throughline_proto::hours::HourSpan;

/// One valid, normalised event.
#[derive(Debug)]
pub struct Event<'a> {
    /// The tenant's name.
    pub tenant_name: &'a str,
    /// Its settings.
    pub tenant: &'a Tenant,
    /// The producer's id, 1 to 128 bytes.
    pub event_id: &'a str,
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
    pub visitor: Option<&'a str>,
    /// An account.
    pub user: Option<&'a str>,
    /// A phone, in E.164.
    pub phone: Option<&'a str>,
    /// The phone that called, in E.164; of the same kind as `phone`.
    pub caller: Option<&'a str>,
    /// An e-mail address.
    pub email: Option<&'a str>,
    /// A contact of the CRM.
    pub crm_contact: Option<&'a str>,
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
        kind: &'a str,
    },
    /// A number shown to a visitor.
    Lease {
        /// The number, in E.164 when valid.
        number: &'a str,
        /// The end of the lease, epoch milliseconds.
        until: i64,
    },
    /// What is known of identifiers.
    Identity(Statement<'a>),
}

/// What is said of identifiers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Statement<'a> {
    /// They are one client.
    OneClient,
    /// The person who has them is to be erased.
    Erase,
    /// Of two or more: that some event names two of them together does not
    /// make them one client. Of one: it links nobody.
    Split {
        /// A deal may be among them.
        deal_id: Option<&'a str>,
    },
}

/// The fields of a web hit.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Web<'a> {
    pub event: &'a str,
    pub url: &'a str,
    pub referrer: Option<&'a str>,
    pub user_agent: Option<&'a str>,
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
    pub dialed_number: &'a str,
    pub outbound: bool,
    pub status: CallStatus,
    pub wait_seconds: Option<i64>,
    pub talk_seconds: Option<i64>,
    pub manager_id: Option<&'a str>,
    pub recording_url: Option<&'a str>,
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
    pub campaign: &'a str,
    pub message_id: Option<&'a str>,
    pub url: Option<&'a str>,
    pub source: &'a str,
}

/// The fields of a deal's event. Money: minor units of `currency`.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the contract's, by their names there"
)]
pub struct Deal<'a> {
    pub deal_id: &'a str,
    pub status: DealStatus,
    pub stage: Option<&'a str>,
    pub pipeline: Option<&'a str>,
    pub currency: MinorUnit,
    pub amount: Option<i64>,
    pub cost: Option<i64>,
    pub refund_amount: Option<i64>,
    pub manager_id: Option<&'a str>,
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
    pub sku: Option<&'a str>,
    pub category: Option<&'a str>,
    pub quantity: Option<&'a str>,
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
    pub hour: Option<u8>,
    /// The UTC hours the cost is spread over.
    pub hours: HourSpan,
    pub source: Source<'a>,
    pub currency: MinorUnit,
    pub cost: i64,
    pub impressions: Option<i64>,
    pub clicks: Option<i64>,
    pub bid: Option<i64>,
}
