//! The weekly newsletter: sent, delivered, opened, and sometimes clicked.

use throughline_proto::topics::RawTopic;

use super::client::Client;
use super::ledger::Charge;
use super::line::Kopecks;
use super::market::{NEWSLETTER, SOURCES, campaign_name};
use super::shop::SITE;
use super::simulation::Simulation;
use super::time::{At, DAY, HOUR, MINUTE, SECOND};

/// The time between two newsletters.
const EVERY: i64 = 7 * DAY;

/// A mail on its way.
struct Mail {
    client: u64,
    email: String,
    week: u32,
    id: String,
    /// The account, when there is one.
    user: Option<String>,
}

impl Simulation {
    /// A client gets the newsletter.
    pub(super) fn newsletter(&mut self, client: &mut Client, at: At) {
        let (year, week) = at.week();
        let mail = Mail {
            client: client.number,
            email: self.names.email(client.number),
            week: year.unsigned_abs() * 100 + week,
            id: format!("{:016x}", self.dice.bits()),
            user: client.known.user.then(|| self.names.user(client.number)),
        };
        let charge = Charge {
            impressions: 1,
            clicks: 0,
            spend: Kopecks::from_roubles(SOURCES[NEWSLETTER].click_cost),
        };
        self.ledger.charge(NEWSLETTER, mail.week, charge);
        self.write_mail(&mail, "sent", at);
        client.patience = client.patience.saturating_sub(1);
        let delivered = at + self.dice.whole(2 * SECOND, 40 * SECOND);
        if self.dice.chance(0.015) {
            self.write_mail(&mail, "bounced", delivered);
            client.patience = 0;
        } else {
            self.write_mail(&mail, "delivered", delivered);
            self.read_mail(client, &mail, delivered);
        }
        client.next_mail = (client.patience > 0).then(|| {
            let next = at + self.tempo.slow(EVERY);
            next.max(at + MINUTE)
        });
    }

    fn read_mail(&mut self, client: &mut Client, mail: &Mail, delivered: At) {
        if !self.dice.chance(0.26) {
            return;
        }
        let later = self.dice.log_normal(2.5 * HOUR as f64, 1.1) as i64;
        let opened = delivered + self.tempo.slow(later.min(2 * DAY)) + SECOND;
        self.write_mail(mail, "opened", opened);
        let read = opened + self.dice.whole(5 * SECOND, 90 * SECOND);
        if self.dice.chance(0.22) {
            self.write_mail(mail, "clicked", read);
            client.next_click = Some((read + 2 * SECOND, mail.week));
        } else if self.dice.chance(0.02) {
            self.write_mail(mail, "unsubscribed", read);
            client.patience = 0;
        } else if self.dice.chance(0.004) {
            self.write_mail(mail, "complained", read);
            client.patience = 0;
        } else if self.dice.chance(0.005) {
            self.write_mail(mail, "replied", read + 3 * MINUTE);
        }
    }

    /// The client comes through a link in the newsletter.
    pub(super) fn follow_newsletter(&mut self, client: &mut Client, week: u32, at: At) {
        let charge = Charge {
            impressions: 0,
            clicks: 1,
            spend: Kopecks(0),
        };
        self.ledger.charge(NEWSLETTER, week, charge);
        client.influence.add(NEWSLETTER, at);
        self.truth.contact(NEWSLETTER);
        self.visit(client, NEWSLETTER, week, at);
    }

    fn write_mail(&mut self, mail: &Mail, event: &str, at: At) {
        let url = format!("{SITE}/sale?mail={}", mail.id);
        let clicked = event == "clicked";
        let line = self
            .event(RawTopic::Emails, at)
            .text("email", &mail.email)
            .text_if("user_id", mail.user.as_deref())
            .text("event", event)
            .text("campaign", &campaign_name(NEWSLETTER, mail.week))
            .text(
                "message_id",
                &format!("{}.{}@mail.example", mail.id, mail.client),
            )
            .text("source", SOURCES[NEWSLETTER].name)
            .text_if("url", clicked.then_some(url.as_str()));
        self.send(RawTopic::Emails, at, line);
    }
}
