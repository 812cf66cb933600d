//! What travels in `events`: messages to the nodes of a partition, many in a
//! record. Texts that repeat stand once, in tables in front; messages refer to
//! them by index.

use std::ops::RangeInclusive;

use crate::Ident;
use crate::flat::{ContentHash, Flat, ListWriter, Malformed, Reader};

/// The number of this layout, the first byte of each record.
const FORMAT: u8 = 3;

/// The moments that events happen at: what RFC 3339 can write, the years 0 to
/// 9999, in epoch milliseconds. Ingest lets no other one in; beyond them,
/// arithmetic on times and hours would overflow.
pub const MOMENTS_MS: RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// The largest amount of money or count that one event may state: 10^12 major
/// units of four decimal places. Sums of any number of them that is met fit.
pub const MAX_FIGURE: i64 = 10_000_000_000_000_000;

/// A Lamport time may be this large: with a partition it makes a version.
pub const MAX_LAMPORT: u64 = (1 << 47) - 1;

/// The hours since the epoch that a cost may begin in: those of every date of
/// four digits in any zone, and some more.
pub const HOURS: RangeInclusive<i32> = -100_000_000..=100_000_000;

/// The UTC hours of a day, at most: those of a day on which clocks are set back.
pub const MAX_DAY_HOURS: u32 = 25;

/// The tables of one record. Its messages follow: see [`Batch::read`].
#[derive(Clone, PartialEq, Debug)]
pub struct Batch<'a> {
    /// The sender's Lamport time; 0 from ingest, which keeps none.
    pub lamport: u64,
    /// The tenants that messages refer to.
    pub tenants: Vec<&'a str>,
    /// The sources that facts refer to.
    pub sources: Vec<Source<'a>>,
    /// The raw partitions that facts refer to.
    pub origins: Vec<Origin<'a>>,
}

impl<'a> Batch<'a> {
    /// Reads the tables of a record, and its messages as they are asked for.
    pub fn read(value: &'a [u8]) -> Result<(Self, Messages<'a>), Malformed> {
        let mut reader = Reader::new(value);
        if reader.take::<u8>()? != FORMAT {
            return Err(Malformed("a format that this version does not know"));
        }
        let batch = Self {
            lamport: reader.take()?,
            tenants: reader.take()?,
            sources: reader.take()?,
            origins: reader.take()?,
        };
        Ok((batch, Messages(reader)))
    }
}

/// The messages of a record, in order. After an error there are no more.
#[derive(Clone, Debug)]
pub struct Messages<'a>(Reader<'a>);

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let message = self.0.take();
        if message.is_err() {
            self.0 = Reader::new(&[]);
        }
        Some(message)
    }
}

/// A record that is being written. Whoever writes sees to it that each text
/// stands in its table once.
#[derive(Debug, Default)]
pub struct BatchWriter {
    /// Tenants.
    pub tenants: ListWriter,
    /// [`Source`]s.
    pub sources: ListWriter,
    /// [`Origin`]s.
    pub origins: ListWriter,
    messages: ListWriter,
}

impl BatchWriter {
    /// Appends a message.
    pub fn push(&mut self, message: &Message<'_>) {
        self.messages.push(message);
    }

    /// How many messages there are.
    pub const fn messages(&self) -> usize {
        self.messages.len()
    }

    /// About how many bytes the record takes.
    pub const fn size(&self) -> usize {
        self.messages.size() + self.sources.size()
    }

    /// The record; what is left is an empty one with its room kept.
    pub fn finish(&mut self, lamport: u64) -> Vec<u8> {
        let tables = self.tenants.size() + self.origins.size();
        let mut out = Vec::with_capacity(tables + self.size() + 64);
        out.push(FORMAT);
        lamport.put(&mut out);
        self.tenants.finish(&mut out);
        self.sources.finish(&mut out);
        self.origins.finish(&mut out);
        self.messages.finish_unnumbered(&mut out);
        out
    }
}

crate::flat! {
    /// Where a touchpoint came from, as its producer named it.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct Source<'a> {
        /// Lower case; empty when unknown.
        pub source: &'a str,
        /// Lower case; empty when unknown.
        pub medium: &'a str,
        /// As given.
        pub campaign: &'a str,
        /// As given.
        pub content: &'a str,
        /// As given.
        pub term: &'a str,
    }

    /// A partition of a raw topic.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Origin<'a> {
        /// The topic's name at the broker.
        pub topic: &'a str,
        /// The partition.
        pub partition: i32,
    }

    /// One message to one node.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Message<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The node it is addressed to.
        pub to: Ident,
        /// What it says.
        pub body: Body<'a>,
    }

    /// What a message says.
    #[derive(Clone, PartialEq, Debug)]
    pub enum Body<'a> {
        /// A fact from ingest, for the journey of the client that the node belongs to.
        Fact(Fact<'a>) = 0,
        /// The same, passed on by a node.
        Forwarded(Forwarded<'a>) = 1,
        /// An event named the node and this one, which is higher in the identity order.
        Link(Link) = 2,
        /// The node may take this one for its parent if that is lower than its own.
        Shortcut(Ident) = 3,
        /// A call, to the node of the number that was dialed.
        Call(CallAt<'a>) = 4,
        /// The number was shown to a visitor.
        Lease(Lease<'a>) = 5,
        /// What a campaign cost, to the node of the cost's key.
        Cost(Cost<'a>) = 6,
        /// The node has a link with this one, which is lower and has given its answer.
        Answer(Link) = 7,
        /// The node and this one, which is lower, stand in one journey.
        Join(Ident) = 8,
        /// The node (named again) is a hub and takes no more links.
        Close(Ident) = 9,
        /// The person whom the node belongs to is erased.
        Forget(Forget) = 10,
    }

    /// A link of the node with another one.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Link {
        /// The other one.
        pub other: Ident,
        /// What it amounts to.
        pub form: LinkForm,
    }

    /// What a link amounts to.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum LinkForm {
        /// Both ends take it.
        Taken = 0,
        /// Both ends are one identifier, hashed with two keys.
        Alias = 1,
        /// One end did not take it.
        Refused = 2,
    }

    /// What is forgotten of a person who is erased.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Forget {
        /// The moment of the newest fact that was forgotten, epoch milliseconds.
        pub until: i64,
        /// The node stands on the way of others' facts.
        pub stays: bool,
    }

    /// A fact that a node passed on to its parent.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Forwarded<'a> {
        /// The first node that passed it on; none when a journey moves.
        pub via: Option<Ident>,
        /// How often it was passed on.
        pub hops: u32,
        /// The fact.
        pub fact: Fact<'a>,
    }

    /// A call at the node of its number.
    #[derive(Clone, PartialEq, Debug)]
    pub struct CallAt<'a> {
        /// The client's first identifier.
        pub caller: Ident,
        /// The call.
        pub fact: Fact<'a>,
    }

    /// An event's place in time and its identity within its topic and tenant.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Key<'a> {
        /// Epoch milliseconds.
        pub at: i64,
        /// The producer's event id.
        pub id: &'a str,
        /// One id with other content is another event.
        pub content: ContentHash,
    }

    /// A record of a raw topic.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Place {
        /// Index into [`Batch::origins`].
        pub origin: u32,
        /// The offset there.
        pub offset: i64,
    }

    /// A number shown to one visitor.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Lease<'a> {
        /// From when on, and which event said so.
        pub key: Key<'a>,
        /// Before when, epoch milliseconds.
        pub until: i64,
        /// To whom.
        pub visitor: Ident,
    }

    /// What one campaign cost.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Cost<'a> {
        /// When it was stated, and by which event.
        pub key: Key<'a>,
        /// Index into [`Batch::sources`].
        pub source: u32,
        /// Days since 1970-01-01, in the tenant's time zone.
        pub date: i32,
        /// The hour in the tenant's time zone, 0–23; none: the whole day.
        pub hour: Option<u8>,
        /// The first of the UTC hours (since the epoch) it is spread over.
        pub first_hour: i32,
        /// How many there are.
        pub hours: u32,
        /// What it cost.
        pub cost: Money,
        /// How often it was shown.
        pub impressions: i64,
        /// How often it was clicked.
        pub clicks: i64,
    }

    /// An amount in a currency's minor units.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Money {
        /// ISO 4217 code, upper case.
        pub currency: [u8; 3],
        /// Minor units.
        pub minor: i64,
    }

    /// Something that happened, as the journey keeps it.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Fact<'a> {
        /// When, and which event said so.
        pub key: Key<'a>,
        /// The record that said so; not kept for what makes no row of its own.
        pub place: Option<Place>,
        /// What happened.
        pub body: FactBody<'a>,
    }

    /// What happened.
    #[derive(Clone, PartialEq, Debug)]
    pub enum FactBody<'a> {
        /// The identifier belongs to the client.
        Member(Ident) = 0,
        /// A web hit.
        Hit(Hit) = 1,
        /// A lead form was sent by this visitor; its hit stands elsewhere, in a run.
        Lead(Ident) = 2,
        /// A telephone call.
        Call(Call<'a>) = 3,
        /// A clicked e-mail or an event of `touches`.
        Contact(Contact<'a>) = 4,
        /// Something happened to a deal.
        Deal(DealEvent<'a>) = 5,
        /// An event named two identifiers.
        Linked(Linked) = 6,
        /// A link does not count, or none of an identifier.
        Split(Split) = 7,
        /// The person is erased; what is left of an identifier: see [`Ident::pseudonym`].
        Erased(Ident) = 8,
    }

    /// Two identifiers that one event named.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Linked {
        /// The higher in the identity order.
        pub high: Ident,
        /// The lower.
        pub low: Ident,
        /// What that amounts to.
        pub form: LinkForm,
    }

    /// A link that was taken back.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Split {
        /// An identifier; of two, the higher in the identity order.
        pub one: Ident,
        /// The other one; none: no link of the identifier counts.
        pub other: Option<Ident>,
    }

    /// A web hit.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Hit {
        /// The browser.
        pub visitor: Ident,
        /// Index into [`Batch::sources`]; none: the hit names no source.
        pub source: Option<u32>,
        /// A lead form was sent with it.
        pub lead: bool,
        /// Milliseconds until the last sourceless hit of the unbroken run that
        /// begins with it; 0 from ingest.
        pub run_ms: u64,
    }

    /// A telephone call.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Call<'a> {
        /// The identifier whose call it is.
        pub owner: Ident,
        /// The company called.
        pub outbound: bool,
        /// How it ended.
        pub status: CallStatus,
        /// The company's number, E.164 when it is valid.
        pub dialed_number: &'a str,
        /// Seconds until it was answered.
        pub wait_seconds: Option<i64>,
        /// Seconds of talk.
        pub talk_seconds: Option<i64>,
        /// Who answered; empty when not given.
        pub manager_id: &'a str,
        /// Where the recording is; empty when not given.
        pub recording_url: &'a str,
        /// 0–100.
        pub quality_score: Option<u32>,
        /// Index into [`Batch::sources`]: by the static number table, or the
        /// dialed number itself.
        pub source: u32,
        /// The winning lease, as far as the number's node knew.
        pub lease: Option<LeaseRef<'a>>,
        /// More than one visitor held the number at that moment.
        pub ambiguous: bool,
    }

    /// How a call ended.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum CallStatus {
        /// Somebody answered.
        Answered = 0,
        /// Nobody answered.
        Missed = 1,
        /// The line was busy.
        Busy = 2,
        /// The caller spoke to a machine.
        Voicemail = 3,
    }

    /// A lease by its place in the order of leases, and the visitor it names.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct LeaseRef<'a> {
        /// When it began, and which event said so.
        pub key: Key<'a>,
        /// Who was shown the number.
        pub visitor: Ident,
    }

    /// A clicked e-mail or an event of `touches`.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Contact<'a> {
        /// The identifier whose contact it is.
        pub owner: Ident,
        /// Index into [`Batch::sources`].
        pub source: u32,
        /// It is a clicked e-mail.
        pub email: bool,
        /// What a touch calls itself ("chat"); "email" for a clicked e-mail.
        pub kind: &'a str,
    }

    /// One event of a deal; what it does not give is absent.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct DealEvent<'a> {
        /// The deal's own identifier.
        pub deal: Ident,
        /// The CRM's id.
        pub deal_id: &'a str,
        /// What happened.
        pub status: DealStatus,
        /// The stage of the pipeline.
        pub stage: Option<&'a str>,
        /// The pipeline.
        pub pipeline: Option<&'a str>,
        /// What the client pays.
        pub amount: Option<Money>,
        /// What the goods or the service cost.
        pub cost: Option<Money>,
        /// What was given back.
        pub refund: Option<Money>,
        /// Who is in charge.
        pub manager_id: Option<&'a str>,
        /// The event's day in the tenant's zone (days since 1970-01-01): rates go by it.
        pub date: i32,
    }

    /// What happened to a deal.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum DealStatus {
        /// It was opened.
        Created = 0,
        /// It moved to another stage.
        StageChanged = 1,
        /// The client bought.
        Won = 2,
        /// The client did not buy.
        Lost = 3,
        /// Money was given back.
        Refunded = 4,
    }
}
