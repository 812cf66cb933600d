//! Protobuf records: the messages of `raw.proto` as the same fields as JSON's.

use bumpalo::Bump;
use prost::Message as _;
use throughline_proto::raw::{self, moment::Form};
use throughline_proto::topics::RawTopic;

use crate::decode::{Field, Object, Value};
use crate::reject::{Reason, Rejection};

/// Puts the fields of the topic's message into `object`, what they hold into the arena.
pub fn object<'a>(
    topic: RawTopic,
    bytes: &[u8],
    object: &mut Object<'a>,
    arena: &'a Bump,
) -> Result<(), Rejection> {
    object.clear();
    let mut fields = Setter { object, arena };
    match topic {
        RawTopic::Web => raw::Web::decode(bytes).map(|web| fields.web(&web)),
        RawTopic::Calls => raw::Call::decode(bytes).map(|call| fields.call(&call)),
        RawTopic::Emails => raw::Email::decode(bytes).map(|email| fields.email(&email)),
        RawTopic::Deals => raw::Deal::decode(bytes).map(|deal| fields.deal(&deal)),
        RawTopic::Costs => raw::Cost::decode(bytes).map(|cost| fields.cost(&cost)),
        RawTopic::Touches => raw::Touch::decode(bytes).map(|touch| fields.touch(&touch)),
        RawTopic::Numbers => raw::Lease::decode(bytes).map(|lease| fields.lease(&lease)),
        RawTopic::Identities => raw::Identity::decode(bytes).map(|it| fields.identity(&it)),
    }
    .map_err(|error| Rejection::whole(Reason::InvalidProtobuf, error.to_string()))
}

/// Sets the fields that a message gives.
struct Setter<'o, 'a> {
    object: &'o mut Object<'a>,
    arena: &'a Bump,
}

impl Setter<'_, '_> {
    fn text(&mut self, field: Field, text: Option<&String>) {
        if let Some(text) = text {
            self.object
                .set(field, Value::Text(self.arena.alloc_str(text)));
        }
    }

    fn integer(&mut self, field: Field, number: Option<i64>) {
        if let Some(number) = number {
            self.object.set(field, Value::Integer(number));
        }
    }

    fn moment(&mut self, field: Field, moment: Option<&raw::Moment>) {
        match moment.and_then(|moment| moment.form.as_ref()) {
            Some(Form::Rfc3339(text)) => self.text(field, Some(text)),
            Some(Form::EpochMs(ms)) => self.integer(field, Some(*ms)),
            None => {}
        }
    }

    fn items(&mut self, items: &[raw::Item]) {
        let arena = self.arena;
        let items = items.iter().map(|item| {
            let mut object = Object::default();
            let mut fields = Setter {
                object: &mut object,
                arena,
            };
            fields.text(Field::Sku, item.sku.as_ref());
            fields.text(Field::Category, item.category.as_ref());
            fields.text(Field::Amount, item.amount.as_ref());
            if let Some(quantity) = &item.quantity {
                object.set(Field::Quantity, Value::Number(arena.alloc_str(quantity)));
            }
            object
        });
        let items = arena.alloc_slice_fill_iter(items);
        self.object.set(Field::Items, Value::Items(items));
    }

    fn common(&mut self, common: Option<&raw::Common>) {
        let Some(common) = common else { return };
        self.text(Field::EventId, common.event_id.as_ref());
        self.moment(Field::OccurredAt, common.occurred_at.as_ref());
        self.text(Field::Tenant, common.tenant.as_ref());
        self.text(Field::VisitorId, common.visitor_id.as_ref());
        self.text(Field::UserId, common.user_id.as_ref());
        self.text(Field::Phone, common.phone.as_ref());
        self.text(Field::Email, common.email.as_ref());
        self.text(Field::CrmContactId, common.crm_contact_id.as_ref());
    }

    fn web(&mut self, web: &raw::Web) {
        self.common(web.common.as_ref());
        self.text(Field::Url, web.url.as_ref());
        self.text(Field::Event, web.event.as_ref());
        self.text(Field::Referrer, web.referrer.as_ref());
        self.text(Field::UserAgent, web.user_agent.as_ref());
        self.text(Field::Source, web.source.as_ref());
        self.text(Field::Medium, web.medium.as_ref());
        self.text(Field::Campaign, web.campaign.as_ref());
        self.text(Field::Content, web.content.as_ref());
        self.text(Field::Term, web.term.as_ref());
    }

    fn call(&mut self, call: &raw::Call) {
        self.common(call.common.as_ref());
        self.text(Field::CallerPhone, call.caller_phone.as_ref());
        self.text(Field::DialedNumber, call.dialed_number.as_ref());
        self.text(Field::Direction, call.direction.as_ref());
        self.text(Field::Status, call.status.as_ref());
        self.integer(Field::WaitSeconds, call.wait_seconds);
        self.integer(Field::TalkSeconds, call.talk_seconds);
        self.text(Field::ManagerId, call.manager_id.as_ref());
        self.text(Field::RecordingUrl, call.recording_url.as_ref());
        self.integer(Field::QualityScore, call.quality_score);
    }

    fn email(&mut self, email: &raw::Email) {
        self.common(email.common.as_ref());
        self.text(Field::Event, email.event.as_ref());
        self.text(Field::Campaign, email.campaign.as_ref());
        self.text(Field::MessageId, email.message_id.as_ref());
        self.text(Field::Url, email.url.as_ref());
        self.text(Field::Source, email.source.as_ref());
    }

    fn deal(&mut self, deal: &raw::Deal) {
        self.common(deal.common.as_ref());
        self.text(Field::DealId, deal.deal_id.as_ref());
        self.text(Field::Event, deal.event.as_ref());
        self.text(Field::Stage, deal.stage.as_ref());
        self.text(Field::Pipeline, deal.pipeline.as_ref());
        self.text(Field::Amount, deal.amount.as_ref());
        self.text(Field::Currency, deal.currency.as_ref());
        self.text(Field::Cost, deal.cost.as_ref());
        self.text(Field::ManagerId, deal.manager_id.as_ref());
        self.text(Field::RefundAmount, deal.refund_amount.as_ref());
        self.items(&deal.items);
    }

    fn cost(&mut self, cost: &raw::Cost) {
        self.common(cost.common.as_ref());
        self.text(Field::Date, cost.date.as_ref());
        self.text(Field::Source, cost.source.as_ref());
        self.text(Field::Medium, cost.medium.as_ref());
        self.text(Field::Cost, cost.cost.as_ref());
        self.integer(Field::Hour, cost.hour);
        self.text(Field::Campaign, cost.campaign.as_ref());
        self.text(Field::Content, cost.content.as_ref());
        self.text(Field::Term, cost.term.as_ref());
        self.text(Field::Currency, cost.currency.as_ref());
        self.integer(Field::Impressions, cost.impressions);
        self.integer(Field::Clicks, cost.clicks);
        self.text(Field::Bid, cost.bid.as_ref());
    }

    fn touch(&mut self, touch: &raw::Touch) {
        self.common(touch.common.as_ref());
        self.text(Field::Source, touch.source.as_ref());
        self.text(Field::Medium, touch.medium.as_ref());
        self.text(Field::Campaign, touch.campaign.as_ref());
        self.text(Field::Content, touch.content.as_ref());
        self.text(Field::Term, touch.term.as_ref());
        self.text(Field::Kind, touch.kind.as_ref());
    }

    fn lease(&mut self, lease: &raw::Lease) {
        self.common(lease.common.as_ref());
        self.text(Field::Number, lease.number.as_ref());
        self.moment(Field::LeasedUntil, lease.leased_until.as_ref());
    }

    fn identity(&mut self, identity: &raw::Identity) {
        self.common(identity.common.as_ref());
        if let Some(erase) = identity.erase {
            self.object.set(Field::Erase, Value::Flag(erase));
        }
        if let Some(split) = identity.split {
            self.object.set(Field::Split, Value::Flag(split));
        }
        self.text(Field::DealId, identity.deal_id.as_ref());
    }
}
