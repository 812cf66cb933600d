//! Contacts that are neither visits nor calls nor e-mails: fairs, chats, and
//! subscribing to the newsletter.

use throughline_proto::topics::RawTopic;

use super::client::Client;
use super::market::{SOURCES, campaign_name};
use super::simulation::Simulation;
use super::time::{At, DAY, MINUTE, SECOND};
use super::visit::{Hit, Visit};

/// How many newsletters a subscriber puts up with.
const PATIENCE: (i64, i64) = (3, 14);

impl Simulation {
    /// A client leaves its phone, and mostly its address, on a fair.
    pub(super) fn fair(&mut self, client: &mut Client, source: usize, at: At) {
        self.charge_click(source, 0);
        client.known.phone = true;
        client.known.email |= self.dice.chance(0.7);
        let email = self.names.written_email(client.number, &mut self.dice);
        let line = self
            .event(RawTopic::Touches, at)
            .text("phone", &self.names.phone(client.number))
            .text_if("email", client.known.email.then_some(email.as_str()))
            .text("source", SOURCES[source].name)
            .text("medium", SOURCES[source].medium)
            .text("campaign", &campaign_name(source, 0))
            .text("kind", "fair");
        self.send(RawTopic::Touches, at, line);
        let buys = self.dice.chance(client.readiness());
        if buys || self.dice.chance(0.15) {
            self.follow_up(client, at + 10 * MINUTE, buys);
        }
        self.plan_return(client, at);
    }

    /// A client comes to the showroom to see what it ordered.
    pub(super) fn visit_showroom(&mut self, client: u64, at: At) {
        let line = self
            .event(RawTopic::Touches, at)
            .text("phone", &self.names.phone(client))
            .text("crm_contact_id", &self.names.contact(client))
            .text("source", "showroom")
            .text("medium", "offline")
            .text("kind", "store_visit");
        self.send(RawTopic::Touches, at, line);
    }

    /// A question in the messenger, asked from the site.
    pub(super) fn chat(&mut self, visit: &Visit) {
        if !self.dice.chance(0.012) {
            return;
        }
        let at = visit.at + self.dice.whole(5 * SECOND, MINUTE);
        let messenger = self.dice.pick(&["telegram", "whatsapp"]);
        let line = self
            .event(RawTopic::Touches, at)
            .text("visitor_id", &visit.visitor)
            .text_if("user_id", visit.user.as_deref())
            .text("source", messenger)
            .text("medium", "social")
            .text("kind", "chat");
        self.send(RawTopic::Touches, at, line);
    }

    /// The client may order the newsletter.
    pub(super) fn subscribe(&mut self, client: &mut Client, visit: &mut Visit) {
        let chance = if client.known.email { 0.3 } else { 0.028 };
        if client.patience > 0 || !self.dice.chance(chance) {
            return;
        }
        client.known.email = true;
        client.patience = self.dice.whole(PATIENCE.0, PATIENCE.1) as u32;
        let first = self.dice.whole(DAY, 8 * DAY);
        client.next_mail = Some(self.tempo.awake_after(visit.at, first, &mut self.dice));
        let email = self.names.written_email(client.number, &mut self.dice);
        let hit = Hit {
            event: Some("subscribe"),
            email: Some(&email),
            ..Hit::default()
        };
        self.hit(visit, "/newsletter", &hit);
    }
}
