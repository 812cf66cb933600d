//! Valid JSON events as the protobuf messages that mean the same.

use std::collections::BTreeMap;

use prost::Message as _;
use serde_json::value::RawValue;
use throughline_proto::raw::{self, moment::Form};

/// The message of a JSON object; nothing for other values.
///
/// The event must be a valid one without items: texts are texts, numbers are
/// numbers.
pub fn protobuf(topic: &str, json: &[u8]) -> Option<Vec<u8>> {
    let fields = Fields(serde_json::from_slice(json).ok()?);
    let text = |name| fields.text(name);
    let common = Some(common(&fields));
    let message = match topic {
        "web" => raw::Web {
            common,
            url: text("url"),
            event: text("event"),
            referrer: text("referrer"),
            user_agent: text("user_agent"),
            source: text("source"),
            medium: text("medium"),
            campaign: text("campaign"),
            content: text("content"),
            term: text("term"),
        }
        .encode_to_vec(),
        "calls" => raw::Call {
            common,
            caller_phone: text("caller_phone"),
            dialed_number: text("dialed_number"),
            direction: text("direction"),
            status: text("status"),
            wait_seconds: fields.integer("wait_seconds"),
            talk_seconds: fields.integer("talk_seconds"),
            manager_id: text("manager_id"),
            recording_url: text("recording_url"),
            quality_score: fields.integer("quality_score"),
        }
        .encode_to_vec(),
        "emails" => raw::Email {
            common,
            event: text("event"),
            campaign: text("campaign"),
            message_id: text("message_id"),
            url: text("url"),
            source: text("source"),
        }
        .encode_to_vec(),
        "deals" => raw::Deal {
            common,
            deal_id: text("deal_id"),
            event: text("event"),
            stage: text("stage"),
            pipeline: text("pipeline"),
            amount: text("amount"),
            currency: text("currency"),
            cost: text("cost"),
            manager_id: text("manager_id"),
            refund_amount: text("refund_amount"),
            items: Vec::new(),
        }
        .encode_to_vec(),
        "costs" => raw::Cost {
            common,
            date: text("date"),
            source: text("source"),
            medium: text("medium"),
            cost: text("cost"),
            hour: fields.integer("hour"),
            campaign: text("campaign"),
            content: text("content"),
            term: text("term"),
            currency: text("currency"),
            impressions: fields.integer("impressions"),
            clicks: fields.integer("clicks"),
            bid: text("bid"),
        }
        .encode_to_vec(),
        "touches" => raw::Touch {
            common,
            source: text("source"),
            medium: text("medium"),
            campaign: text("campaign"),
            content: text("content"),
            term: text("term"),
            kind: text("kind"),
        }
        .encode_to_vec(),
        "numbers" => raw::Lease {
            common,
            number: text("number"),
            leased_until: fields.moment("leased_until"),
        }
        .encode_to_vec(),
        "identities" => raw::Identity {
            common,
            erase: fields.written("erase").map(|flag| flag == "true"),
            split: fields.written("split").map(|flag| flag == "true"),
            deal_id: text("deal_id"),
        }
        .encode_to_vec(),
        _ => return None,
    };
    Some(message)
}

fn common(fields: &Fields) -> raw::Common {
    raw::Common {
        event_id: fields.text("event_id"),
        occurred_at: fields.moment("occurred_at"),
        tenant: fields.text("tenant"),
        visitor_id: fields.text("visitor_id"),
        user_id: fields.text("user_id"),
        phone: fields.text("phone"),
        email: fields.text("email"),
        crm_contact_id: fields.text("crm_contact_id"),
    }
}

/// The fields of an event as they are written.
struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    fn written(&self, name: &str) -> Option<&str> {
        let written = self.0.get(name)?.get();
        (written != "null").then_some(written)
    }

    /// A text, or a number as it is written (amounts are texts in protobuf).
    fn text(&self, name: &str) -> Option<String> {
        let written = self.written(name)?;
        Some(serde_json::from_str(written).unwrap_or_else(|_| written.to_owned()))
    }

    fn integer(&self, name: &str) -> Option<i64> {
        Some(self.written(name)?.parse().unwrap())
    }

    fn moment(&self, name: &str) -> Option<raw::Moment> {
        let written = self.written(name)?;
        let form = match written.parse() {
            Ok(epoch_ms) => Form::EpochMs(epoch_ms),
            Err(_) => Form::Rfc3339(self.text(name)?),
        };
        Some(raw::Moment { form: Some(form) })
    }
}
