//! What travels in `rollups`: rows, each the whole and newest state of its
//! key, many of one table in a record. Rows of one key and one version are
//! equal. Texts that repeat stand once, in tables in front; rows refer to them
//! by index. Money is in 1/10000 of the tenant's currency, a version the
//! Lamport time of the change × 2¹⁶ + the partition.

use std::marker::PhantomData;

use crate::Ident;
use crate::flat::{ContentHash, Flat, ListWriter, Malformed, Reader};

/// The number of this layout, the first byte of each record.
const FORMAT: u8 = 3;

/// The tables of one record, and what its rows are.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch<'a> {
    /// The generation of figures the rows belong to.
    pub generation: u32,
    /// The table of the rows.
    pub table: Table,
    /// The tenants that rows refer to.
    pub tenants: Vec<&'a str>,
    /// The dimensions that rows refer to.
    pub dimensions: Vec<Dimension<'a>>,
    /// The models that rows refer to, by name.
    pub models: Vec<&'a str>,
    /// The raw topics that rows refer to.
    pub topics: Vec<&'a str>,
}

impl<'a> Batch<'a> {
    /// Reads the tables of a record. What is left are its rows: see [`Rows`].
    pub fn read(value: &'a [u8]) -> Result<(Self, Reader<'a>), Malformed> {
        let mut reader = Reader::new(value);
        if reader.take::<u8>()? != FORMAT {
            return Err(Malformed("a format that this version does not know"));
        }
        let batch = Self {
            generation: reader.take()?,
            table: reader.take()?,
            tenants: reader.take()?,
            dimensions: reader.take()?,
            models: reader.take()?,
            topics: reader.take()?,
        };
        Ok((batch, reader))
    }
}

/// The rows of a record, all of one type, in order. After an error there are
/// no more.
#[derive(Clone, Debug)]
pub struct Rows<'a, T>(Reader<'a>, PhantomData<T>);

impl<'a, T: Row<'a>> Rows<'a, T> {
    /// The rows that are left of a record, which are of [`Row::TABLE`].
    pub const fn new(reader: Reader<'a>) -> Self {
        Self(reader, PhantomData)
    }
}

impl<'a, T: Row<'a>> Iterator for Rows<'a, T> {
    type Item = Result<T, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let row = self.0.take();
        if row.is_err() {
            self.0 = Reader::new(&[]);
        }
        Some(row)
    }
}

/// A record that is being written. Whoever writes sees to it that each text
/// stands in its table once.
#[derive(Debug)]
pub struct BatchWriter {
    table: Table,
    /// Tenants.
    pub tenants: ListWriter,
    /// [`Dimension`]s.
    pub dimensions: ListWriter,
    /// Models.
    pub models: ListWriter,
    /// Raw topics.
    pub topics: ListWriter,
    rows: ListWriter,
}

impl BatchWriter {
    /// A record of a table's rows.
    pub fn new(table: Table) -> Self {
        Self {
            table,
            tenants: ListWriter::default(),
            dimensions: ListWriter::default(),
            models: ListWriter::default(),
            topics: ListWriter::default(),
            rows: ListWriter::default(),
        }
    }

    /// Appends a row of the writer's table.
    pub fn push<'a, T: Row<'a>>(&mut self, row: &T) {
        debug_assert_eq!(T::TABLE, self.table, "a record has rows of one table");
        self.rows.push(row);
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows.len()
    }

    /// About how many bytes the record takes.
    pub const fn size(&self) -> usize {
        self.rows.size() + self.dimensions.size()
    }

    /// The record; what is left is an empty one with its room kept.
    pub fn finish(&mut self, generation: u32) -> Vec<u8> {
        let tables = self.tenants.size() + self.models.size() + self.topics.size();
        let mut out = Vec::with_capacity(tables + self.size() + 64);
        out.push(FORMAT);
        generation.put(&mut out);
        self.table.put(&mut out);
        self.tenants.finish(&mut out);
        self.dimensions.finish(&mut out);
        self.models.finish(&mut out);
        self.topics.finish(&mut out);
        self.rows.finish_unnumbered(&mut out);
        out
    }
}

/// A row of one of the tables.
pub trait Row<'a>: Flat<'a> {
    /// The table.
    const TABLE: Table;
}

macro_rules! rows {
    ($($row:ty = $table:ident,)*) => {
        $(impl<'a> Row<'a> for $row {
            const TABLE: Table = Table::$table;
        })*
    };
}

rows! {
    Tenant<'a> = Tenants,
    Identity<'a> = Identities,
    Link<'a> = Links,
    Touchpoint<'a> = Touchpoints,
    Call<'a> = Calls,
    Deal<'a> = Deals,
    Credit<'a> = Credits,
    Cost = Costs,
    TrafficCell = TrafficCells,
    CreditCell = CreditCells,
    Erasure = Erasures,
}

crate::flat! {
    /// What a row is of.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    pub enum Table {
        /// What the views need to know of a tenant: [`Tenant`].
        Tenants = 0,
        /// Which client an identifier belongs to: [`Identity`].
        Identities = 1,
        /// Touches: [`Touchpoint`].
        Touchpoints = 2,
        /// Calls of either direction: [`Call`].
        Calls = 3,
        /// Deals: [`Deal`].
        Deals = 4,
        /// Credits of won deals: [`Credit`].
        Credits = 5,
        /// Ad costs: [`Cost`].
        Costs = 6,
        /// Traffic and spend by the hour: [`TrafficCell`].
        TrafficCells = 7,
        /// Credit by the hour: [`CreditCell`].
        CreditCells = 8,
        /// Which identifiers were named together: [`Link`].
        Links = 9,
        /// What is left of erased persons: [`Erasure`].
        Erasures = 10,
    }

    /// A source with the channel that the generation's rules give it. In cells
    /// `content` and `term` are empty: they are no part of a cell's key.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct Dimension<'a> {
        /// The channel.
        pub channel: &'a str,
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

    /// A record of a raw topic.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Origin {
        /// Index into [`Batch::topics`].
        pub topic: u32,
        /// The partition.
        pub partition: i32,
        /// The offset.
        pub offset: i64,
    }

    /// Key: tenant, partition. What the views need to know of a tenant.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Tenant<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The processor's partition that says so.
        pub partition: u32,
        /// The version.
        pub version: u64,
        /// IANA name of the zone of its days.
        pub time_zone: &'a str,
        /// ISO 4217 code.
        pub currency: &'a str,
        /// Indices into [`Batch::models`], in the configured order.
        pub models: Vec<u32>,
    }

    /// Key: tenant, identifier.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Identity<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The identifier.
        pub identifier: Ident,
        /// Its kind.
        pub kind: &'a str,
        /// The version.
        pub version: u64,
        /// The client it belongs to.
        pub client: Ident,
        /// Its person is erased: there is no such row any more.
        pub is_erased: bool,
    }

    /// Key: all but the version. A person was erased who had the identifier.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Erasure {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// What is left of the identifier: see [`Ident::pseudonym`].
        pub pseudonym: Ident,
        /// The version.
        pub version: u64,
    }

    /// Key: all but the version.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Link<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// An identifier; of two, the later in the identity order.
        pub identifier: Ident,
        /// The other one; none: all links of the identifier are meant.
        pub other: Option<Ident>,
        /// What is known: link, alias, split or hub.
        pub kind: &'a str,
        /// The version.
        pub version: u64,
    }

    /// Key: tenant, touch id (topic and event id), content.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Touchpoint<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The first part of the touch id.
        pub topic: TouchTopic,
        /// The second part of the touch id.
        pub event_id: &'a str,
        /// One id with other content is another touch.
        pub content: ContentHash,
        /// The version.
        pub version: u64,
        /// The client; of one that is gone, the client it was last of.
        pub client: Ident,
        /// What it is now; none: there is no such touch any more.
        pub state: Option<TouchState<'a>>,
    }

    /// The topic in a touch's id.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum TouchTopic {
        /// A call.
        Calls = 0,
        /// A clicked e-mail.
        Emails = 1,
        /// Any other contact.
        Touches = 2,
        /// A visit, by its opening hit.
        Web = 3,
    }

    /// A touch as it is now.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct TouchState<'a> {
        /// Epoch milliseconds.
        pub at: i64,
        /// visit, call, email or what an event of `touches` calls itself.
        pub kind: &'a str,
        /// Index into [`Batch::dimensions`].
        pub dimension: u32,
        /// Its record, when it is known.
        pub origin: Option<Origin>,
    }

    /// Key: tenant, event id, content. Calls of either direction.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Call<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The event id of the call.
        pub event_id: &'a str,
        /// One id with other content is another call.
        pub content: ContentHash,
        /// The version.
        pub version: u64,
        /// The client; of one that is gone, the client it was last of.
        pub client: Ident,
        /// What it is now; none: there is no such call any more.
        pub state: Option<CallState<'a>>,
    }

    /// A call as it is now.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct CallState<'a> {
        /// Epoch milliseconds.
        pub at: i64,
        /// The company called.
        pub outbound: bool,
        /// answered, missed, busy or voicemail.
        pub status: &'a str,
        /// The company's number.
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
        /// More than one visitor held the number at that moment.
        pub ambiguous: bool,
        /// Index into [`Batch::dimensions`]: where the call came from; of an
        /// outbound call, the number's own source.
        pub dimension: u32,
        /// Its record, when it is known.
        pub origin: Option<Origin>,
    }

    /// Key: tenant, deal id.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Deal<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The CRM's id.
        pub deal_id: &'a str,
        /// The version.
        pub version: u64,
        /// The client; of one that is gone, the client it was last of.
        pub client: Ident,
        /// What it is now; none: its client is erased.
        pub state: Option<DealState<'a>>,
    }

    /// A deal as it is now.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct DealState<'a> {
        /// created, `stage_changed`, won, lost or refunded.
        pub status: &'a str,
        /// The latest given; empty when never given.
        pub stage: &'a str,
        /// The latest given; empty when never given.
        pub pipeline: &'a str,
        /// The latest given; empty when never given.
        pub manager_id: &'a str,
        /// Epoch milliseconds.
        pub created_at: i64,
        /// Epoch milliseconds; none unless the deal is won now.
        pub won_at: Option<i64>,
        /// Money.
        pub gross: i64,
        /// Money.
        pub refunds: i64,
        /// Money.
        pub revenue: i64,
        /// Money.
        pub cost: i64,
        /// Money.
        pub profit: i64,
        /// The touch under which it was created; none when there was none.
        pub created_touch: Option<TouchRef<'a>>,
        /// Index into [`Batch::dimensions`]: where that touch came from.
        pub created_dimension: u32,
        /// How many of its events come before those below: of very many, the
        /// newest are listed.
        pub earlier_events: u32,
        /// Its events in the order of time and id.
        pub events: Vec<DealEvent<'a>>,
    }

    /// An event of a deal; what it does not give is empty.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct DealEvent<'a> {
        /// The producer's id.
        pub event_id: &'a str,
        /// Epoch milliseconds.
        pub at: i64,
        /// created, `stage_changed`, won, lost or refunded.
        pub event: &'a str,
        /// The stage of the pipeline.
        pub stage: &'a str,
        /// The pipeline.
        pub pipeline: &'a str,
        /// Who is in charge.
        pub manager_id: &'a str,
        /// Its record, when it is known.
        pub origin: Option<Origin>,
    }

    /// Key: tenant, deal id. All models' credits of one won deal, replaced whole.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Credit<'a> {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The CRM's id.
        pub deal_id: &'a str,
        /// The version.
        pub version: u64,
        /// The client; of one that is gone, the client it was last of.
        pub client: Ident,
        /// The credits now; none when the deal is not won.
        pub state: Option<CreditState<'a>>,
    }

    /// The credits of a won deal.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct CreditState<'a> {
        /// Epoch milliseconds.
        pub won_at: i64,
        /// The touches that have credit in some model; a single one without id
        /// when all is unattributed.
        pub touches: Vec<CreditTouch<'a>>,
        /// By model, then touch; none is all zero.
        pub shares: Vec<CreditShare>,
    }

    /// A touch that has credit in some model.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct CreditTouch<'a> {
        /// The touch id's parts; none: nobody earned the credit.
        pub touch: Option<TouchRef<'a>>,
        /// Epoch milliseconds.
        pub at: i64,
        /// As in [`TouchState`]; empty for nobody.
        pub kind: &'a str,
        /// Index into [`Batch::dimensions`].
        pub dimension: u32,
    }

    /// A touch's id.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct TouchRef<'a> {
        /// The first part.
        pub topic: TouchTopic,
        /// The second part.
        pub event_id: &'a str,
    }

    /// One touch's share in one model.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct CreditShare {
        /// Index into [`Batch::models`].
        pub model: u32,
        /// Index into [`CreditState::touches`].
        pub touch: u32,
        /// Parts of a million.
        pub credit_ppm: i64,
        /// Money.
        pub gross: i64,
        /// Money.
        pub revenue: i64,
        /// Money.
        pub profit: i64,
    }

    /// Key: tenant, date, hour, source, medium, campaign, content, term.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Cost {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// Days since 1970-01-01 in the tenant's zone.
        pub date: i32,
        /// The hour in the tenant's zone, 0–23; none: the whole day.
        pub hour: Option<u8>,
        /// Index into [`Batch::dimensions`].
        pub dimension: u32,
        /// The version.
        pub version: u64,
        /// Money.
        pub cost: i64,
        /// How often it was shown.
        pub impressions: i64,
        /// How often it was clicked.
        pub clicks: i64,
    }

    /// Key: tenant, hour, dimension, partition. All zero: there is no such
    /// cell any more.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct TrafficCell {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// Hours since the epoch, UTC.
        pub hour: i32,
        /// The hour's day in the tenant's zone, days since 1970-01-01.
        pub day: i32,
        /// Index into [`Batch::dimensions`].
        pub dimension: u32,
        /// The partition of the processor.
        pub partition: u32,
        /// The version.
        pub version: u64,
        /// Visits that began in the hour.
        pub visits: i64,
        /// Inbound calls.
        pub calls: i64,
        /// Those that nobody answered.
        pub missed_calls: i64,
        /// Forms that were sent.
        pub leads: i64,
        /// E-mails that were clicked.
        pub email_clicks: i64,
        /// Touches of other kinds.
        pub other_touches: i64,
        /// Money.
        pub spend: i64,
        /// How often advertisements were shown.
        pub impressions: i64,
        /// How often they were clicked.
        pub clicks: i64,
    }

    /// Which moment a credit is booked under.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Basis {
        /// When the deal was won.
        Conversion = 0,
        /// When the touch happened.
        Touch = 1,
    }

    /// Key: tenant, basis, hour, dimension, partition. Without shares there is
    /// no such cell any more.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct CreditCell {
        /// Index into [`Batch::tenants`].
        pub tenant: u32,
        /// The basis.
        pub basis: Basis,
        /// Hours since the epoch, UTC.
        pub hour: i32,
        /// The hour's day in the tenant's zone, days since 1970-01-01.
        pub day: i32,
        /// Index into [`Batch::dimensions`].
        pub dimension: u32,
        /// The partition of the processor.
        pub partition: u32,
        /// The version.
        pub version: u64,
        /// Only models with a figure other than zero.
        pub shares: Vec<CellShare>,
    }

    /// One model's figures in a cell.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct CellShare {
        /// Index into [`Batch::models`].
        pub model: u32,
        /// Parts of a million.
        pub conversions_ppm: i64,
        /// Money.
        pub gross: i64,
        /// Money.
        pub revenue: i64,
        /// Money.
        pub profit: i64,
    }
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 11] = [
        Self::Tenants,
        Self::Identities,
        Self::Touchpoints,
        Self::Calls,
        Self::Deals,
        Self::Credits,
        Self::Costs,
        Self::TrafficCells,
        Self::CreditCells,
        Self::Links,
        Self::Erasures,
    ];
}

impl TrafficCell {
    /// All figures are zero.
    pub fn is_empty(&self) -> bool {
        let figures = Self {
            tenant: 0,
            hour: 0,
            day: 0,
            dimension: 0,
            partition: 0,
            version: 0,
            ..*self
        };
        figures == Self::default()
    }
}

impl Basis {
    /// As it is called in tables and views.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversion => "conversion",
            Self::Touch => "touch",
        }
    }
}

impl TouchTopic {
    /// The part of a touch id before the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Emails => "emails",
            Self::Touches => "touches",
            Self::Web => "web",
        }
    }
}
