//! Facts: what happened, as the journey of a client keeps it. A fact is never
//! changed or taken back; the same fact again changes nothing.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::ids::{Ident, OriginId, Source};

/// An event's place in time, and its identity within its topic and tenant.
/// Ordered by time, then bytewise by id; the hash tells apart events of one id
/// with other content.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventKey {
    /// Epoch milliseconds.
    pub at: i64,
    /// The producer's event id; short ones stand in place, so that journeys
    /// can be walked without a jump for each event.
    pub id: SmolStr,
    /// Hash of the event's content.
    pub content: u64,
}

/// Where an event's record stands, so that a figure can be traced to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The partition of a raw topic.
    pub partition: OriginId,
    /// The record's offset there.
    pub offset: i64,
}

/// One fact about a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// When it happened, and which event said so.
    pub key: EventKey,
    /// The record that said so; not kept for what no row names.
    pub origin: Option<Origin>,
    /// What happened.
    pub body: FactBody,
}

impl Link {
    /// The identifier that the link makes a member of the journey it stands in.
    pub fn member(&self) -> Option<Ident> {
        (self.form != LinkForm::Refused).then_some(self.high)
    }
}

impl FactBody {
    /// The identifier that the fact is about; of an erasure, what is left of it.
    pub fn owner(&self) -> Ident {
        match self {
            Self::Member(ident) | Self::Lead { visitor: ident } => *ident,
            Self::Linked(link) => link.high,
            Self::Split(split) => split.one,
            Self::Erased(pseudonym) => *pseudonym,
            Self::Hit(hit) => hit.visitor,
            Self::Call(call) => call.owner,
            Self::Contact(contact) => contact.owner,
            Self::Deal(event) => event.deal,
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FactBody {
    /// The identifier belongs to the client.
    Member(Ident),
    /// An event named both identifiers.
    Linked(Link),
    /// What an event named together is not one client.
    Split(Split),
    /// The person who has an identifier is erased. It is named by its pseudonym
    /// (see [`crate::identity::Linking::pseudonym`]), so that the fact can stay.
    Erased(Ident),
    /// A web hit.
    Hit(Hit),
    /// A lead form was sent; its hit stands elsewhere, in a run.
    Lead {
        /// The browser it was sent from.
        visitor: Ident,
    },
    /// A telephone call.
    Call(Box<Call>),
    /// A clicked e-mail or another contact.
    Contact(Contact),
    /// Something happened to a deal.
    Deal(Box<DealEvent>),
}

/// Two identifiers that one event named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Link {
    /// The later in the identity order.
    pub high: Ident,
    /// The earlier.
    pub low: Ident,
    /// What that amounts to.
    pub form: LinkForm,
}

/// What a link amounts to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LinkForm {
    /// Both ends took it: they stand in one journey.
    Taken,
    /// The ends are one identifier, hashed with two keys.
    Alias,
    /// One end is closed and did not take it: it only makes the other end one
    /// partner more.
    Refused,
}

/// A link that was taken back for good.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Split {
    /// An identifier; of two, the later in the identity order.
    pub one: Ident,
    /// The other end of the link; `None`: no link of the identifier counts.
    pub other: Option<Ident>,
}

/// A web hit of one visitor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The browser's identifier.
    pub visitor: Ident,
    /// The source the hit names, when it names one.
    pub source: Option<Source>,
    /// A lead form was sent with it.
    pub lead: bool,
    /// The time of the last hit of the unbroken sourceless run that begins
    /// here, epoch milliseconds; the hit's own time when there is no run.
    pub until: i64,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallStatus {
    /// Somebody answered.
    Answered,
    /// Nobody answered.
    Missed,
    /// The line was busy.
    Busy,
    /// The caller spoke to a machine.
    Voicemail,
}

/// A telephone call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The identifier whose call it is.
    pub owner: Ident,
    /// The company called the client; such a call is no touch.
    pub outbound: bool,
    /// How it ended.
    pub status: CallStatus,
    /// The company's number, E.164 when it is valid.
    pub dialed_number: Arc<str>,
    /// Seconds until it was answered.
    pub wait_seconds: Option<i64>,
    /// Seconds of talk.
    pub talk_seconds: Option<i64>,
    /// Who answered; empty when not given.
    pub manager_id: Arc<str>,
    /// Where the recording is; empty when not given.
    pub recording_url: Arc<str>,
    /// 0–100.
    pub quality_score: Option<u32>,
    /// The source of the number itself: by the static table, or the number.
    pub source: Source,
    /// The greatest lease seen that covers the call.
    pub lease: Option<LeaseRef>,
    /// More than one visitor held the number at that moment.
    pub ambiguous: bool,
}

/// A lease that covers a call, in the order in which leases win.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LeaseRef {
    /// When the lease began, and which event said so.
    pub key: EventKey,
    /// Who was shown the number.
    pub visitor: Ident,
}

/// A clicked e-mail or an event of `touches`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// The identifier whose contact it is.
    pub owner: Ident,
    /// Its source.
    pub source: Source,
    /// It is a clicked e-mail.
    pub email: bool,
    /// What it calls itself.
    pub kind: Arc<str>,
}

/// What happened to a deal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DealStatus {
    /// The deal was opened.
    Created,
    /// It moved to another stage.
    StageChanged,
    /// The client bought.
    Won,
    /// The client did not buy.
    Lost,
    /// Money was given back.
    Refunded,
}

impl DealStatus {
    /// The name in the views.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::StageChanged => "stage_changed",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Refunded => "refunded",
        }
    }
}

impl CallStatus {
    /// The name in the views.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::Busy => "busy",
            Self::Voicemail => "voicemail",
        }
    }
}

/// An amount in minor units of the currency that the event names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// ISO 4217 code, upper case.
    pub currency: [u8; 3],
}

/// One event of a deal; what it does not give is absent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DealEvent {
    /// The deal's own identifier.
    pub deal: Ident,
    /// The CRM's id.
    pub deal_id: Arc<str>,
    /// What happened.
    pub status: DealStatus,
    /// The stage of the pipeline.
    pub stage: Option<Arc<str>>,
    /// The pipeline.
    pub pipeline: Option<Arc<str>>,
    /// What the client pays.
    pub amount: Option<Money>,
    /// What the goods or the service cost.
    pub cost: Option<Money>,
    /// What was given back.
    pub refund: Option<Money>,
    /// Who is in charge.
    pub manager_id: Option<Arc<str>>,
    /// The event's day as ingest reckoned it (days since the epoch). Rates go by
    /// that of the generation's time zone: see [`crate::Rules::day`].
    pub date: i32,
}
