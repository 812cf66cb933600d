//! What each topic requires, allows and means: one JSON object to one [`Event`].

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::currency::Purse;
use super::event::{Body, Call, Cost, DealEvent, Event, Identifier, Item, Kind, Source, Topic};
use super::json::Json;
use super::normalise;
use super::parse::{Fields, IDENTIFIER_BYTES, Reason, Rejected, TEXT_BYTES, URL_BYTES};
use super::settings::{Settings, Tenant};
use super::time::{DAY, local_date, parse_date};

/// 2000-01-01T00:00:00Z.
const EARLIEST: i64 = 946_684_800_000;
const ID_BYTES: usize = 128;
/// The most impressions or clicks of one event.
const MAX_COUNT: i64 = 10_000_000_000_000_000;
const DEAL_EVENTS: [&str; 5] = ["created", "stage_changed", "won", "lost", "refunded"];
const EMAIL_EVENTS: [&str; 8] = [
    "sent",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "bounced",
    "unsubscribed",
    "complained",
];
const CALL_STATUSES: [&str; 4] = ["answered", "missed", "busy", "voicemail"];

/// Reads and checks one event; `timestamp_ms` is that of its record in Kafka.
pub fn event(
    topic: Topic,
    fields: &Fields<'_>,
    timestamp_ms: i64,
    settings: &Settings,
) -> Result<Event, Rejected> {
    let event_id = sized(fields, "event_id", ID_BYTES)?;
    let event_id = fields.required("event_id", event_id)?;
    let tenant = sized(fields, "tenant", ID_BYTES)?.unwrap_or_else(|| "default".to_owned());
    let occurred_at = fields.time("occurred_at")?;
    if occurred_at < EARLIEST || occurred_at > timestamp_ms.saturating_add(DAY) {
        return Err(fields.reject(
            Reason::OutOfRange,
            "occurred_at",
            "before 2000 or over a day ahead of its record",
        ));
    }
    let reader = Reader {
        fields,
        tenant: settings.tenant(&tenant),
        occurred_at,
    };
    let mut identifiers = reader.identifiers()?;
    let body = reader.body(topic, &mut identifiers)?;
    let needed = match topic {
        Topic::Identities if matches!(body, Body::Identity { split, erase } if split || erase) => 1,
        Topic::Identities => 2,
        Topic::Costs => 0,
        // A deal always has its own id.
        _ => 1,
    };
    if identifiers.len() < needed {
        return Err(fields.reject(
            Reason::NoIdentifier,
            "",
            "no identifier that says who the client is",
        ));
    }
    Ok(Event {
        tenant,
        topic,
        occurred_at,
        event_id,
        identifiers,
        body,
    })
}

/// A string of 1 to `limit` bytes.
fn sized(fields: &Fields<'_>, name: &str, limit: usize) -> Result<Option<String>, Rejected> {
    match fields.text(name, limit)? {
        Some(text) if text.is_empty() => Err(fields.reject(Reason::OutOfRange, name, "empty")),
        text => Ok(text),
    }
}

struct Reader<'a> {
    fields: &'a Fields<'a>,
    tenant: &'a Tenant,
    occurred_at: i64,
}

impl Reader<'_> {
    /// The identifiers every topic may have.
    fn identifiers(&self) -> Result<BTreeSet<Identifier>, Rejected> {
        let raw = |name| self.fields.text(name, IDENTIFIER_BYTES);
        let opaque = |value: Option<String>| value.as_deref().and_then(normalise::opaque);
        let found = [
            (Kind::Visitor, opaque(raw("visitor_id")?)),
            (Kind::User, opaque(raw("user_id")?)),
            (
                Kind::Phone,
                raw("phone")?.and_then(|value| normalise::phone(&value, &self.tenant.phone_region)),
            ),
            (
                Kind::Email,
                raw("email")?.as_deref().and_then(normalise::email),
            ),
            (Kind::CrmContact, opaque(raw("crm_contact_id")?)),
        ];
        Ok(found
            .into_iter()
            .filter_map(|(kind, value)| Some((kind, value?)))
            .collect())
    }

    fn body(&self, topic: Topic, identifiers: &mut BTreeSet<Identifier>) -> Result<Body, Rejected> {
        Ok(match topic {
            Topic::Web => self.web()?,
            Topic::Calls => {
                let call = self.call()?;
                identifiers.extend(call.caller.clone().map(|phone| (Kind::Phone, phone)));
                Body::Call(call)
            }
            Topic::Emails => self.email()?,
            Topic::Deals => {
                let deal = self.deal()?;
                identifiers.insert((Kind::Deal, deal.deal_id.clone()));
                Body::Deal(deal)
            }
            Topic::Costs => Body::Cost(self.cost()?),
            Topic::Touches => {
                self.require_text("source")?;
                self.require_text("medium")?;
                let kind = self
                    .fields
                    .text("kind", TEXT_BYTES)?
                    .unwrap_or_else(|| "touch".to_owned());
                Body::Touch {
                    source: self.source()?,
                    kind,
                }
            }
            Topic::Numbers => self.lease()?,
            Topic::Identities => {
                let split = self.fields.flag("split")?;
                let erase = self.fields.flag("erase")?;
                if split && erase {
                    let message = "an erasure cannot split as well";
                    return Err(self.fields.reject(Reason::OutOfRange, "split", message));
                }
                if split {
                    let deal_id = sized(self.fields, "deal_id", IDENTIFIER_BYTES)?;
                    identifiers.extend(deal_id.map(|deal_id| (Kind::Deal, deal_id)));
                }
                Body::Identity { split, erase }
            }
        })
    }

    fn require_text(&self, name: &str) -> Result<String, Rejected> {
        let text = self.fields.text(name, TEXT_BYTES)?;
        self.fields.required(name, text)
    }

    /// The visitor, present but possibly junk.
    fn visitor(&self) -> Result<Option<String>, Rejected> {
        let raw = self.fields.text("visitor_id", IDENTIFIER_BYTES)?;
        Ok(normalise::opaque(&self.fields.required("visitor_id", raw)?))
    }

    fn trimmed(&self, name: &str) -> Result<String, Rejected> {
        Ok(self
            .fields
            .text_or_empty(name, TEXT_BYTES)?
            .trim()
            .to_owned())
    }

    fn source(&self) -> Result<Source, Rejected> {
        Ok(Source {
            source: self.trimmed("source")?.to_lowercase(),
            medium: self.trimmed("medium")?.to_lowercase(),
            campaign: self.trimmed("campaign")?,
            content: self.trimmed("content")?,
            term: self.trimmed("term")?,
        })
    }

    fn web(&self) -> Result<Body, Rejected> {
        let url = self.fields.text("url", URL_BYTES)?;
        Ok(Body::Web {
            visitor: self.visitor()?,
            event: self
                .fields
                .text("event", TEXT_BYTES)?
                .unwrap_or_else(|| "page_view".to_owned()),
            url: self.fields.required("url", url)?,
            referrer: self.fields.text_or_empty("referrer", URL_BYTES)?,
            user_agent: self.fields.text_or_empty("user_agent", URL_BYTES)?,
            given: self.source()?,
        })
    }

    fn call(&self) -> Result<Call, Rejected> {
        let caller = self.fields.text("caller_phone", IDENTIFIER_BYTES)?;
        let caller = self.fields.required("caller_phone", caller)?;
        let word = |name, allowed: &[&str], default: &str| {
            Ok(self
                .fields
                .word(name, allowed)?
                .unwrap_or_else(|| default.to_owned()))
        };
        Ok(Call {
            caller: normalise::phone(&caller, &self.tenant.phone_region),
            dialed: normalise::number(
                &self.require_text("dialed_number")?,
                &self.tenant.phone_region,
            ),
            direction: word("direction", &["inbound", "outbound"], "inbound")?,
            status: word("status", &CALL_STATUSES, "answered")?,
            wait_seconds: self.fields.integer("wait_seconds", 0, i64::MAX)?,
            talk_seconds: self.fields.integer("talk_seconds", 0, i64::MAX)?,
            manager_id: self.fields.text("manager_id", TEXT_BYTES)?,
            recording_url: self.fields.text("recording_url", URL_BYTES)?,
            quality_score: self.fields.integer("quality_score", 0, 100)?,
        })
    }

    fn email(&self) -> Result<Body, Rejected> {
        let address = self.fields.text("email", IDENTIFIER_BYTES)?;
        self.fields.required("email", address)?;
        let event = self.fields.word("event", &EMAIL_EVENTS)?;
        Ok(Body::Email {
            event: self.fields.required("event", event)?,
            campaign: self.trimmed("campaign")?,
            message_id: self.fields.text_or_empty("message_id", TEXT_BYTES)?,
            url: self.fields.text_or_empty("url", URL_BYTES)?,
            source: self.trimmed("source")?.to_lowercase(),
        })
    }

    fn deal(&self) -> Result<DealEvent, Rejected> {
        let deal_id = sized(self.fields, "deal_id", IDENTIFIER_BYTES)?;
        let event = self.fields.word("event", &DEAL_EVENTS)?;
        let purse = Purse::open(
            self.fields,
            self.tenant,
            local_date(self.tenant.zone, self.occurred_at),
        )?;
        Ok(DealEvent {
            deal_id: self.fields.required("deal_id", deal_id)?,
            event: self.fields.required("event", event)?,
            stage: self.fields.text("stage", TEXT_BYTES)?,
            pipeline: self.fields.text("pipeline", TEXT_BYTES)?,
            amount: purse.amount(self.fields, "amount")?,
            cost: purse.amount(self.fields, "cost")?,
            refund: purse.amount(self.fields, "refund_amount")?,
            manager_id: self.fields.text("manager_id", TEXT_BYTES)?,
            items: self.items(&purse)?,
            currency: purse.currency,
        })
    }

    fn items(&self, purse: &Purse<'_>) -> Result<Vec<Item>, Rejected> {
        let items = match self.fields.value("items")? {
            None => return Ok(Vec::new()),
            Some(Json::Array(items)) => items,
            Some(_) => {
                return Err(self
                    .fields
                    .reject(Reason::WrongType, "items", "not an array"));
            }
        };
        let item = |(index, raw): (usize, &RawValue)| {
            let name = format!("items[{index}]");
            let Some(Json::Object(object)) = Json::of(raw) else {
                return Err(self
                    .fields
                    .reject(Reason::WrongType, &name, "not an object"));
            };
            let fields = Fields {
                object: &object,
                path: format!("{}{name}.", self.fields.path),
            };
            let quantity = match fields.value("quantity")? {
                None => None,
                Some(Json::Number(text)) => fields.decimal("quantity")?.map(|_| text),
                Some(_) => {
                    return Err(fields.reject(Reason::WrongType, "quantity", "not a number"));
                }
            };
            Ok(Item {
                sku: fields.text("sku", TEXT_BYTES)?,
                category: fields.text("category", TEXT_BYTES)?,
                quantity,
                amount: purse.amount(&fields, "amount")?,
            })
        };
        items
            .iter()
            .map(AsRef::as_ref)
            .enumerate()
            .map(item)
            .collect()
    }

    fn cost(&self) -> Result<Cost, Rejected> {
        let text = self.require_text("date")?;
        let Some(date) = parse_date(&text) else {
            return Err(self
                .fields
                .reject(Reason::OutOfRange, "date", "not YYYY-MM-DD"));
        };
        self.require_text("source")?;
        self.require_text("medium")?;
        let purse = Purse::open(self.fields, self.tenant, date)?;
        let cost = purse.amount(self.fields, "cost")?;
        Ok(Cost {
            date,
            hour: self.fields.integer("hour", 0, 23)?.map(|hour| hour as u32),
            source: self.source()?,
            cost: self.fields.required("cost", cost)?,
            impressions: self.fields.integer("impressions", 0, MAX_COUNT)?,
            clicks: self.fields.integer("clicks", 0, MAX_COUNT)?,
            bid: purse.amount(self.fields, "bid")?,
            currency: purse.currency,
        })
    }

    fn lease(&self) -> Result<Body, Rejected> {
        let number = self.require_text("number")?;
        Ok(Body::Lease {
            number: normalise::number(&number, &self.tenant.phone_region),
            visitor: self.visitor()?,
            until: self.fields.time("leased_until")?,
        })
    }
}
