//! The hash of an event's content: one event id with other content is another
//! event. It covers the contract's fields after normalisation, so both
//! encodings of an event give the same, and unknown fields do not count.
//!
//! XXH3 over tagged fields, texts with their length in front: the same on
//! every machine and in every version. Two contents that collide would be
//! taken for one event only if they also had the same id.
//!
//! XXH3 has no key, and there are few enough phones to try them all, so
//! identifiers go in as their keyed hashes, under the key that never rotates:
//! an event that comes again after a rotation is the same event.

use throughline_proto::{Ident, IdentKind};
use xxhash_rust::xxh3::xxh3_64;

use crate::event::{Body, Call, Cost, Deal, Email, Event, Source, Statement, Web};
use throughline_proto::hours::days_since_epoch;

/// The half of the hash that covers identifiers. The half in front does not,
/// so that which of two contents comes first does not depend on a secret.
const WITH_IDENTIFIERS: u64 = 0xffff_ffff;

/// The stable hashes of an event's visitor, user, phone, caller, e-mail address
/// and contact.
pub type StableHashes = [Option<Ident>; 6];

/// Computes content hashes in a buffer of its own.
#[derive(Debug, Default)]
pub struct ContentHasher {
    bytes: Vec<u8>,
}

impl ContentHasher {
    /// The hash of all that is in the event but its tenant and id, which are
    /// part of its identity anyway.
    pub fn hash(&mut self, event: &Event<'_>, identifiers: &StableHashes) -> u64 {
        self.bytes.clear();
        self.number(1, event.at);
        match &event.body {
            Body::Web(web) => self.web(web),
            Body::Call(call) => self.call(call),
            Body::Email(email) => self.email(email),
            Body::Deal(deal) => self.deal(deal),
            Body::Cost(cost) => self.cost(cost),
            Body::Touch { source, kind } => {
                self.source(source);
                self.text(15, kind);
            }
            Body::Lease { number, until } => {
                self.text(15, number);
                self.number(16, *until);
            }
            Body::Identity(Statement::OneClient) => {}
            Body::Identity(Statement::Erase) => self.number(15, 2),
            Body::Identity(Statement::Split { deal_id }) => {
                self.number(15, 1);
                self.option(16, *deal_id);
            }
        }
        let without = xxh3_64(&self.bytes);
        for (tag, ident) in (2..).zip(identifiers) {
            if let Some(ident) = ident {
                self.bytes.push(tag);
                self.bytes.extend_from_slice(&ident.0.to_le_bytes());
            }
        }
        let with = xxh3_64(&self.bytes);
        without & !WITH_IDENTIFIERS | with & WITH_IDENTIFIERS
    }

    /// The value whose keyed hash names the node of a cost's key.
    pub fn cost_key(&mut self, cost: &Cost<'_>) -> &[u8] {
        self.bytes.clear();
        self.text(0, IdentKind::CostKey.name());
        self.number(1, days_since_epoch(cost.date).into());
        self.optional_number(2, cost.hour.map(i64::from));
        self.source(&cost.source);
        &self.bytes
    }

    fn web(&mut self, web: &Web<'_>) {
        self.source(&web.given);
        self.text(15, web.event);
        self.text(16, web.url);
        self.option(17, web.referrer);
        self.option(18, web.user_agent);
    }

    fn call(&mut self, call: &Call<'_>) {
        self.text(15, call.dialed_number);
        self.number(16, call.outbound.into());
        self.number(17, i64::from(call.status as i32));
        self.optional_number(18, call.wait_seconds);
        self.optional_number(19, call.talk_seconds);
        self.option(20, call.manager_id);
        self.option(21, call.recording_url);
        self.optional_number(22, call.quality_score);
    }

    fn email(&mut self, email: &Email<'_>) {
        self.text(15, email.event);
        self.text(16, email.campaign);
        self.option(17, email.message_id);
        self.option(18, email.url);
        self.text(19, email.source);
    }

    fn deal(&mut self, deal: &Deal<'_>) {
        self.text(15, deal.deal_id);
        self.number(16, i64::from(deal.status as i32));
        self.option(17, deal.stage);
        self.option(18, deal.pipeline);
        self.text(19, deal.currency.code);
        self.optional_number(20, deal.amount);
        self.optional_number(21, deal.cost);
        self.optional_number(22, deal.refund_amount);
        self.option(23, deal.manager_id);
        for item in &deal.items {
            self.number(24, 0);
            self.option(25, item.sku);
            self.option(26, item.category);
            self.option(27, item.quantity);
            self.optional_number(28, item.amount);
        }
    }

    fn cost(&mut self, cost: &Cost<'_>) {
        self.source(&cost.source);
        self.number(15, days_since_epoch(cost.date).into());
        self.optional_number(16, cost.hour.map(i64::from));
        self.text(17, cost.currency.code);
        self.number(18, cost.cost);
        self.optional_number(19, cost.impressions);
        self.optional_number(20, cost.clicks);
        self.optional_number(21, cost.bid);
    }

    fn source(&mut self, source: &Source<'_>) {
        self.text(10, source.source);
        self.text(11, source.medium);
        self.text(12, source.campaign);
        self.text(13, source.content);
        self.text(14, source.term);
    }

    fn text(&mut self, tag: u8, text: &str) {
        self.number(tag, text.len() as i64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn option(&mut self, tag: u8, text: Option<&str>) {
        if let Some(text) = text {
            self.text(tag, text);
        }
    }

    fn number(&mut self, tag: u8, number: i64) {
        let mut tagged = [tag; 9];
        tagged[1..].copy_from_slice(&number.to_le_bytes());
        self.bytes.extend_from_slice(&tagged);
    }

    fn optional_number(&mut self, tag: u8, number: Option<i64>) {
        if let Some(number) = number {
            self.number(tag, number);
        }
    }
}
