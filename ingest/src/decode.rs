//! A record's value, taken apart into fields, whatever its encoding.

pub mod json;
pub mod protobuf;

use throughline_proto::raw;

/// One field's value as it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub enum Value<'a> {
    /// Not given, or `null`.
    #[default]
    Absent,
    /// A JSON value, as written.
    Json(&'a str),
    /// A string of a protobuf message.
    Text(&'a str),
    /// An integer of a protobuf message.
    Integer(i64),
    /// A flag of a protobuf message.
    Flag(bool),
    /// The items of a deal, from a protobuf message.
    Items(&'a [raw::Item]),
}

macro_rules! fields {
    ($($variant:ident $name:literal,)+) => {
        /// Every field of the contract.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[expect(missing_docs, reason = "the fields are the contract's, by their names there")]
        pub enum Field { $($variant,)+ }

        impl Field {
            /// How many there are.
            pub const COUNT: usize = [$($name),+].len();

            /// The name in JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The field of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

fields! {
    EventId "event_id",
    OccurredAt "occurred_at",
    Tenant "tenant",
    VisitorId "visitor_id",
    UserId "user_id",
    Phone "phone",
    Email "email",
    CrmContactId "crm_contact_id",
    Url "url",
    Event "event",
    Referrer "referrer",
    UserAgent "user_agent",
    Source "source",
    Medium "medium",
    Campaign "campaign",
    Content "content",
    Term "term",
    CallerPhone "caller_phone",
    DialedNumber "dialed_number",
    Direction "direction",
    Status "status",
    WaitSeconds "wait_seconds",
    TalkSeconds "talk_seconds",
    ManagerId "manager_id",
    RecordingUrl "recording_url",
    QualityScore "quality_score",
    MessageId "message_id",
    DealId "deal_id",
    Stage "stage",
    Pipeline "pipeline",
    Amount "amount",
    Currency "currency",
    Cost "cost",
    RefundAmount "refund_amount",
    Items "items",
    Sku "sku",
    Category "category",
    Quantity "quantity",
    Date "date",
    Hour "hour",
    Impressions "impressions",
    Clicks "clicks",
    Bid "bid",
    Kind "kind",
    Number "number",
    LeasedUntil "leased_until",
    Erase "erase",
}

/// The fields of one object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    values: [Value<'a>; Field::COUNT],
}

impl Default for Object<'_> {
    fn default() -> Self {
        Self {
            values: [Value::Absent; Field::COUNT],
        }
    }
}

impl<'a> Object<'a> {
    /// A field's value.
    pub fn get(&self, field: Field) -> Value<'a> {
        self.values[field as usize]
    }

    /// Sets a field; of a name that stands twice the last value counts.
    pub fn set(&mut self, field: Field, value: Value<'a>) {
        self.values[field as usize] = value;
    }
}
