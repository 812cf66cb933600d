//! Protobuf records: the messages of `raw.proto` as the same fields as JSON's.

use prost::Message as _;
use throughline_proto::raw::{self, moment::Form};
use throughline_proto::topics::RawTopic;

use crate::decode::{Field, Object, Value};
use crate::reject::{Reason, Rejection};

/// The message of a topic.
#[derive(Debug)]
pub enum Message {
    /// Topic `web`.
    Web(raw::Web),
    /// Topic `calls`.
    Call(raw::Call),
    /// Topic `emails`.
    Email(raw::Email),
    /// Topic `deals`.
    Deal(raw::Deal),
    /// Topic `costs`.
    Cost(raw::Cost),
    /// Topic `touches`.
    Touch(raw::Touch),
    /// Topic `numbers`.
    Lease(raw::Lease),
    /// Topic `identities`.
    Identity(raw::Identity),
}

impl Message {
    /// Decodes the topic's message.
    pub fn decode(topic: RawTopic, bytes: &[u8]) -> Result<Self, Rejection> {
        match topic {
            RawTopic::Web => raw::Web::decode(bytes).map(Self::Web),
            RawTopic::Calls => raw::Call::decode(bytes).map(Self::Call),
            RawTopic::Emails => raw::Email::decode(bytes).map(Self::Email),
            RawTopic::Deals => raw::Deal::decode(bytes).map(Self::Deal),
            RawTopic::Costs => raw::Cost::decode(bytes).map(Self::Cost),
            RawTopic::Touches => raw::Touch::decode(bytes).map(Self::Touch),
            RawTopic::Numbers => raw::Lease::decode(bytes).map(Self::Lease),
            RawTopic::Identities => raw::Identity::decode(bytes).map(Self::Identity),
        }
        .map_err(|error| Rejection::whole(Reason::InvalidProtobuf, error.to_string()))
    }

    /// Its fields.
    pub fn object(&self) -> Object<'_> {
        let mut object = Object::default();
        match self {
            Self::Web(web) => set_web(&mut object, web),
            Self::Call(call) => set_call(&mut object, call),
            Self::Email(email) => set_email(&mut object, email),
            Self::Deal(deal) => set_deal(&mut object, deal),
            Self::Cost(cost) => set_cost(&mut object, cost),
            Self::Touch(touch) => set_touch(&mut object, touch),
            Self::Lease(lease) => {
                set_common(&mut object, lease.common.as_ref());
                object.set_text(Field::Number, lease.number.as_ref());
                object.set_moment(Field::LeasedUntil, lease.leased_until.as_ref());
            }
            Self::Identity(identity) => {
                set_common(&mut object, identity.common.as_ref());
                if let Some(erase) = identity.erase {
                    object.set(Field::Erase, Value::Flag(erase));
                }
            }
        }
        object
    }
}

/// The fields of an item of a deal.
pub fn item(item: &raw::Item) -> Object<'_> {
    let mut object = Object::default();
    object.set_text(Field::Sku, item.sku.as_ref());
    object.set_text(Field::Category, item.category.as_ref());
    object.set_text(Field::Quantity, item.quantity.as_ref());
    object.set_text(Field::Amount, item.amount.as_ref());
    object
}

impl<'a> Object<'a> {
    fn set_text(&mut self, field: Field, text: Option<&'a String>) {
        if let Some(text) = text {
            self.set(field, Value::Text(text));
        }
    }

    fn set_integer(&mut self, field: Field, number: Option<i64>) {
        if let Some(number) = number {
            self.set(field, Value::Integer(number));
        }
    }

    fn set_moment(&mut self, field: Field, moment: Option<&'a raw::Moment>) {
        match moment.and_then(|moment| moment.form.as_ref()) {
            Some(Form::Rfc3339(text)) => self.set(field, Value::Text(text)),
            Some(Form::EpochMs(ms)) => self.set(field, Value::Integer(*ms)),
            None => {}
        }
    }
}

fn set_common<'a>(object: &mut Object<'a>, common: Option<&'a raw::Common>) {
    let Some(common) = common else { return };
    object.set_text(Field::EventId, common.event_id.as_ref());
    object.set_moment(Field::OccurredAt, common.occurred_at.as_ref());
    object.set_text(Field::Tenant, common.tenant.as_ref());
    object.set_text(Field::VisitorId, common.visitor_id.as_ref());
    object.set_text(Field::UserId, common.user_id.as_ref());
    object.set_text(Field::Phone, common.phone.as_ref());
    object.set_text(Field::Email, common.email.as_ref());
    object.set_text(Field::CrmContactId, common.crm_contact_id.as_ref());
}

fn set_web<'a>(object: &mut Object<'a>, web: &'a raw::Web) {
    set_common(object, web.common.as_ref());
    object.set_text(Field::Url, web.url.as_ref());
    object.set_text(Field::Event, web.event.as_ref());
    object.set_text(Field::Referrer, web.referrer.as_ref());
    object.set_text(Field::UserAgent, web.user_agent.as_ref());
    object.set_text(Field::Source, web.source.as_ref());
    object.set_text(Field::Medium, web.medium.as_ref());
    object.set_text(Field::Campaign, web.campaign.as_ref());
    object.set_text(Field::Content, web.content.as_ref());
    object.set_text(Field::Term, web.term.as_ref());
}

fn set_call<'a>(object: &mut Object<'a>, call: &'a raw::Call) {
    set_common(object, call.common.as_ref());
    object.set_text(Field::CallerPhone, call.caller_phone.as_ref());
    object.set_text(Field::DialedNumber, call.dialed_number.as_ref());
    object.set_text(Field::Direction, call.direction.as_ref());
    object.set_text(Field::Status, call.status.as_ref());
    object.set_integer(Field::WaitSeconds, call.wait_seconds);
    object.set_integer(Field::TalkSeconds, call.talk_seconds);
    object.set_text(Field::ManagerId, call.manager_id.as_ref());
    object.set_text(Field::RecordingUrl, call.recording_url.as_ref());
    object.set_integer(Field::QualityScore, call.quality_score);
}

fn set_email<'a>(object: &mut Object<'a>, email: &'a raw::Email) {
    set_common(object, email.common.as_ref());
    object.set_text(Field::Event, email.event.as_ref());
    object.set_text(Field::Campaign, email.campaign.as_ref());
    object.set_text(Field::MessageId, email.message_id.as_ref());
    object.set_text(Field::Url, email.url.as_ref());
    object.set_text(Field::Source, email.source.as_ref());
}

fn set_deal<'a>(object: &mut Object<'a>, deal: &'a raw::Deal) {
    set_common(object, deal.common.as_ref());
    object.set_text(Field::DealId, deal.deal_id.as_ref());
    object.set_text(Field::Event, deal.event.as_ref());
    object.set_text(Field::Stage, deal.stage.as_ref());
    object.set_text(Field::Pipeline, deal.pipeline.as_ref());
    object.set_text(Field::Amount, deal.amount.as_ref());
    object.set_text(Field::Currency, deal.currency.as_ref());
    object.set_text(Field::Cost, deal.cost.as_ref());
    object.set_text(Field::ManagerId, deal.manager_id.as_ref());
    object.set_text(Field::RefundAmount, deal.refund_amount.as_ref());
    object.set(Field::Items, Value::Items(&deal.items));
}

fn set_cost<'a>(object: &mut Object<'a>, cost: &'a raw::Cost) {
    set_common(object, cost.common.as_ref());
    object.set_text(Field::Date, cost.date.as_ref());
    object.set_text(Field::Source, cost.source.as_ref());
    object.set_text(Field::Medium, cost.medium.as_ref());
    object.set_text(Field::Cost, cost.cost.as_ref());
    object.set_integer(Field::Hour, cost.hour);
    object.set_text(Field::Campaign, cost.campaign.as_ref());
    object.set_text(Field::Content, cost.content.as_ref());
    object.set_text(Field::Term, cost.term.as_ref());
    object.set_text(Field::Currency, cost.currency.as_ref());
    object.set_integer(Field::Impressions, cost.impressions);
    object.set_integer(Field::Clicks, cost.clicks);
    object.set_text(Field::Bid, cost.bid.as_ref());
}

fn set_touch<'a>(object: &mut Object<'a>, touch: &'a raw::Touch) {
    set_common(object, touch.common.as_ref());
    object.set_text(Field::Source, touch.source.as_ref());
    object.set_text(Field::Medium, touch.medium.as_ref());
    object.set_text(Field::Campaign, touch.campaign.as_ref());
    object.set_text(Field::Content, touch.content.as_ref());
    object.set_text(Field::Term, touch.term.as_ref());
    object.set_text(Field::Kind, touch.kind.as_ref());
}
