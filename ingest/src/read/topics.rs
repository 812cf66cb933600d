//! What each topic requires and allows.

use throughline_proto::events::{CallStatus, DealStatus, MAX_FIGURE};

use crate::decode::{Field, Object, Value, json};
use crate::event::{Body, Call, Cost, Deal, Email, Item, Source, Statement, Web};
use crate::fields::{Fields, IDENTIFIER_BYTES, TEXT_BYTES, URL_BYTES};
use crate::moment;
use crate::normalise::{lower, trimmed};
use crate::read::Reader;
use crate::read::money::Purse;
use crate::reject::{Reason, Rejection};
use throughline_proto::hours;

const DIRECTIONS: [(&str, bool); 2] = [("inbound", false), ("outbound", true)];
const CALL_STATUSES: [(&str, CallStatus); 4] = [
    ("answered", CallStatus::Answered),
    ("missed", CallStatus::Missed),
    ("busy", CallStatus::Busy),
    ("voicemail", CallStatus::Voicemail),
];
const EMAIL_EVENTS: [(&str, &str); 8] = [
    ("sent", "sent"),
    ("delivered", "delivered"),
    ("opened", "opened"),
    ("clicked", Email::CLICKED),
    ("replied", "replied"),
    ("bounced", "bounced"),
    ("unsubscribed", "unsubscribed"),
    ("complained", "complained"),
];
const DEAL_EVENTS: [(&str, DealStatus); 5] = [
    ("created", DealStatus::Created),
    ("stage_changed", DealStatus::StageChanged),
    ("won", DealStatus::Won),
    ("lost", DealStatus::Lost),
    ("refunded", DealStatus::Refunded),
];

impl Email<'_> {
    /// The event that makes a touch.
    pub const CLICKED: &'static str = "clicked";
}

impl Web<'_> {
    /// The event that says a form was sent.
    pub const LEAD: &'static str = "lead";
}

impl<'a> Reader<'_, 'a> {
    pub(super) fn web(&mut self) -> Result<Web<'a>, Rejection> {
        let fields = self.fields;
        self.require_text(Field::VisitorId, IDENTIFIER_BYTES)?;
        let url = self.require_text(Field::Url, URL_BYTES)?;
        let event = fields.text(Field::Event, TEXT_BYTES)?;
        let referrer = self.filled(Field::Referrer, URL_BYTES)?;
        let given = self.source()?;
        let excluded = &self.tenant.excluded_referrers;
        let source = self
            .memory
            .sources
            .of_hit(&given, url, referrer, excluded, fields.arena());
        Ok(Web {
            event: event.unwrap_or("page_view"),
            user_agent: self.filled(Field::UserAgent, URL_BYTES)?,
            url,
            referrer,
            given,
            source,
        })
    }

    pub(super) fn call(&mut self) -> Result<Call<'a>, Rejection> {
        let dialed = self.require_text(Field::DialedNumber, TEXT_BYTES)?;
        let fields = self.fields;
        Ok(Call {
            dialed_number: self.number(dialed),
            outbound: fields.word(Field::Direction, &DIRECTIONS)?.unwrap_or(false),
            status: fields
                .word(Field::Status, &CALL_STATUSES)?
                .unwrap_or(CallStatus::Answered),
            wait_seconds: fields.integer(Field::WaitSeconds, 0, i64::MAX)?,
            talk_seconds: fields.integer(Field::TalkSeconds, 0, i64::MAX)?,
            manager_id: fields.text(Field::ManagerId, TEXT_BYTES)?,
            recording_url: fields.text(Field::RecordingUrl, URL_BYTES)?,
            quality_score: fields.integer(Field::QualityScore, 0, 100)?,
        })
    }

    pub(super) fn email(&self) -> Result<Email<'a>, Rejection> {
        self.require_text(Field::Email, IDENTIFIER_BYTES)?;
        let event = self.fields.word(Field::Event, &EMAIL_EVENTS)?;
        Ok(Email {
            event: self.fields.require(Field::Event, event)?,
            campaign: self.trimmed(Field::Campaign)?,
            message_id: self.filled(Field::MessageId, TEXT_BYTES)?,
            url: self.filled(Field::Url, URL_BYTES)?,
            source: self.lower(Field::Source)?,
        })
    }

    pub(super) fn deal(&self) -> Result<Deal<'a>, Rejection> {
        let fields = self.fields;
        let deal_id = fields.filled_text(Field::DealId, IDENTIFIER_BYTES)?;
        let event = fields.word(Field::Event, &DEAL_EVENTS)?;
        let date = hours::local_day(self.tenant.time_zone, self.at).ok_or_else(|| {
            fields.reject(Reason::OutOfRange, Field::OccurredAt, "beyond the calendar")
        })?;
        let purse = Purse::open(fields, self.tenant, date)?;
        Ok(Deal {
            deal_id: fields.require(Field::DealId, deal_id)?,
            status: fields.require(Field::Event, event)?,
            stage: fields.text(Field::Stage, TEXT_BYTES)?,
            pipeline: fields.text(Field::Pipeline, TEXT_BYTES)?,
            currency: purse.currency,
            amount: purse.amount(fields, Field::Amount)?,
            cost: purse.amount(fields, Field::Cost)?,
            refund_amount: purse.amount(fields, Field::RefundAmount)?,
            manager_id: fields.text(Field::ManagerId, TEXT_BYTES)?,
            items: self.items(&purse)?,
            date,
        })
    }

    pub(super) fn cost(&mut self) -> Result<Cost<'a>, Rejection> {
        let fields = self.fields;
        let date = self.require_text(Field::Date, TEXT_BYTES)?;
        let date = moment::parse_date(date)
            .ok_or_else(|| fields.reject(Reason::InvalidTime, Field::Date, "not YYYY-MM-DD"))?;
        self.require_text(Field::Source, TEXT_BYTES)?;
        self.require_text(Field::Medium, TEXT_BYTES)?;
        let hour = fields.integer(Field::Hour, 0, 23)?.map(|hour| hour as u8);
        let purse = Purse::open(fields, self.tenant, date)?;
        let cost = purse.amount(fields, Field::Cost)?;
        Ok(Cost {
            date,
            hour,
            hours: self.hours(date, hour),
            source: self.source()?,
            currency: purse.currency,
            cost: fields.require(Field::Cost, cost)?,
            impressions: fields.integer(Field::Impressions, 0, MAX_FIGURE)?,
            clicks: fields.integer(Field::Clicks, 0, MAX_FIGURE)?,
            bid: purse.amount(fields, Field::Bid)?,
        })
    }

    pub(super) fn touch(&self) -> Result<Body<'a>, Rejection> {
        self.require_text(Field::Source, TEXT_BYTES)?;
        self.require_text(Field::Medium, TEXT_BYTES)?;
        let kind = self.filled(Field::Kind, TEXT_BYTES)?;
        Ok(Body::Touch {
            source: self.source()?,
            kind: kind.unwrap_or("touch"),
        })
    }

    pub(super) fn lease(&mut self) -> Result<Body<'a>, Rejection> {
        let number = self.require_text(Field::Number, TEXT_BYTES)?;
        self.require_text(Field::VisitorId, IDENTIFIER_BYTES)?;
        let until = self.fields.moment(Field::LeasedUntil)?;
        Ok(Body::Lease {
            number: self.number(number),
            until: self.fields.require(Field::LeasedUntil, until)?,
        })
    }

    pub(super) fn statement(&self) -> Result<Statement<'a>, Rejection> {
        let fields = self.fields;
        let splits = fields.flag(Field::Split)? == Some(true);
        match fields.flag(Field::Erase)? == Some(true) {
            true if splits => {
                let message = "an erasure cannot split as well";
                return Err(fields.reject(Reason::UnknownValue, Field::Split, message));
            }
            true => return Ok(Statement::Erase),
            false if !splits => return Ok(Statement::OneClient),
            false => {}
        }
        let deal_id = fields.filled_text(Field::DealId, IDENTIFIER_BYTES)?;
        Ok(Statement::Split { deal_id })
    }

    fn source(&self) -> Result<Source<'a>, Rejection> {
        Ok(Source {
            source: self.lower(Field::Source)?,
            medium: self.lower(Field::Medium)?,
            campaign: self.trimmed(Field::Campaign)?,
            content: self.trimmed(Field::Content)?,
            term: self.trimmed(Field::Term)?,
        })
    }

    /// A text that says nothing when it is empty.
    fn filled(&self, field: Field, limit: usize) -> Result<Option<&'a str>, Rejection> {
        Ok(self
            .fields
            .text(field, limit)?
            .filter(|text| !text.is_empty()))
    }

    fn trimmed(&self, field: Field) -> Result<&'a str, Rejection> {
        let text = self.fields.text(field, TEXT_BYTES)?;
        Ok(text.map_or("", trimmed))
    }

    fn lower(&self, field: Field) -> Result<&'a str, Rejection> {
        let text = self.fields.text(field, TEXT_BYTES)?;
        Ok(text.map_or("", |text| lower(text, self.fields.arena())))
    }

    fn number(&mut self, number: &'a str) -> &'a str {
        let region = self.tenant.phone_region;
        let phones = &mut self.memory.phones;
        phones.number(number, region, self.fields.arena())
    }

    fn items(&self, purse: &Purse<'_>) -> Result<Vec<Item<'a>>, Rejection> {
        let fields = self.fields;
        let mut items = Vec::new();
        match fields.value(Field::Items) {
            Value::Absent => {}
            Value::Items(objects) => {
                for (index, object) in objects.iter().enumerate() {
                    items.push(item(&fields.item(object, index), purse)?);
                }
            }
            Value::Nested(text) if text.starts_with('[') => {
                json::objects(text, &mut Object::default(), |index, object| {
                    let index = index.unwrap_or_default();
                    let object = object.ok_or_else(|| fields.reject_item(index))?;
                    items.push(item(&fields.item(object, index), purse)?);
                    Ok(())
                })?;
            }
            _ => return Err(fields.reject(Reason::WrongType, Field::Items, "not an array")),
        }
        Ok(items)
    }
}

fn item<'a>(fields: &Fields<'_, 'a>, purse: &Purse<'_>) -> Result<Item<'a>, Rejection> {
    Ok(Item {
        sku: fields.text(Field::Sku, TEXT_BYTES)?,
        category: fields.text(Field::Category, TEXT_BYTES)?,
        quantity: fields.quantity(Field::Quantity)?,
        amount: purse.amount(fields, Field::Amount)?,
    })
}
