//! A record's value, taken apart into fields, whatever its encoding.

pub mod json;
pub mod protobuf;
mod scan;

/// One field's value as it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub enum Value<'a> {
    /// Not given, or `null`.
    #[default]
    Absent,
    /// A string.
    Text(&'a str),
    /// A JSON string with escapes in it, as it was written, with its quotes.
    Escaped(&'a str),
    /// A JSON number, as it was written; in protobuf a decimal in its place.
    Number(&'a str),
    /// An integer of a protobuf message.
    Integer(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A JSON array or object, as it was written.
    Nested(&'a str),
    /// The items of a deal, from a protobuf message.
    Items(&'a [Object<'a>]),
}

macro_rules! fields {
    ($($variant:ident $name:literal,)+) => {
        /// Every field of the contract.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[expect(missing_docs, reason = "the fields are the contract's, by their names there")]
        pub enum Field { $($variant,)+ }

        impl Field {
            /// How many there are.
            pub const COUNT: usize = [$($name.as_slice()),+].len();

            /// The name in JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => match std::str::from_utf8($name) {
                        Ok(name) => name,
                        Err(_) => unreachable!(),
                    },)+
                }
            }

            /// The field of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                // Patterns of bytes become a decision tree, those of texts a chain of comparisons.
                match name.as_bytes() { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

fields! {
    EventId b"event_id",
    OccurredAt b"occurred_at",
    Tenant b"tenant",
    VisitorId b"visitor_id",
    UserId b"user_id",
    Phone b"phone",
    Email b"email",
    CrmContactId b"crm_contact_id",
    Url b"url",
    Event b"event",
    Referrer b"referrer",
    UserAgent b"user_agent",
    Source b"source",
    Medium b"medium",
    Campaign b"campaign",
    Content b"content",
    Term b"term",
    CallerPhone b"caller_phone",
    DialedNumber b"dialed_number",
    Direction b"direction",
    Status b"status",
    WaitSeconds b"wait_seconds",
    TalkSeconds b"talk_seconds",
    ManagerId b"manager_id",
    RecordingUrl b"recording_url",
    QualityScore b"quality_score",
    MessageId b"message_id",
    DealId b"deal_id",
    Stage b"stage",
    Pipeline b"pipeline",
    Amount b"amount",
    Currency b"currency",
    Cost b"cost",
    RefundAmount b"refund_amount",
    Items b"items",
    Sku b"sku",
    Category b"category",
    Quantity b"quantity",
    Date b"date",
    Hour b"hour",
    Impressions b"impressions",
    Clicks b"clicks",
    Bid b"bid",
    Kind b"kind",
    Number b"number",
    LeasedUntil b"leased_until",
    Erase b"erase",
    Split b"split",
}

/// The fields of one object. Made once and filled again for each: most fields
/// are absent from most objects.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// A bit for each field that is given; the values of others mean nothing.
    given: u64,
    values: [Value<'a>; Field::COUNT],
}

const _: () = assert!(Field::COUNT <= u64::BITS as usize);

impl Default for Object<'_> {
    fn default() -> Self {
        Self {
            given: 0,
            values: [Value::Absent; Field::COUNT],
        }
    }
}

impl<'a> Object<'a> {
    /// A field's value.
    pub fn get(&self, field: Field) -> Value<'a> {
        if self.given & 1 << field as u32 == 0 {
            return Value::Absent;
        }
        self.values[field as usize]
    }

    /// Sets a field; of a name that stands twice the last value counts.
    pub fn set(&mut self, field: Field, value: Value<'a>) {
        self.given |= 1 << field as u32;
        self.values[field as usize] = value;
    }

    /// Every field is absent again.
    pub fn clear(&mut self) {
        self.given = 0;
    }
}
