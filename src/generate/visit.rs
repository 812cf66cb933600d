//! A visit of the site: its hits, the account, and the number that it is shown.

use throughline_proto::topics::RawTopic;

use super::client::{Client, Used};
use super::decision::Intent;
use super::line::Line;
use super::link::Link;
use super::market::{NEWSLETTER, SOURCES, campaign_name};
use super::pool::Pool;
use super::shop::{AGENTS, LANDINGS, PAGES, SITE};
use super::simulation::Simulation;
use super::time::{At, MINUTE, SECOND};

/// A lease ends so long after the last hit.
const LEASE: i64 = 15 * MINUTE;
/// Which share of visits is shown a number of the pool: whoever just looks
/// mostly leaves before.
const TRACKED: f64 = 0.3;
/// The same of visits with a purpose.
const TRACKED_WITH_PURPOSE: f64 = 0.85;

/// A visit as it goes on.
pub(super) struct Visit {
    /// The device.
    pub used: Used,
    /// The cookie.
    pub visitor: String,
    /// The account, when it is signed in.
    pub user: Option<String>,
    /// The page it is on.
    pub page: String,
    /// When its last hit was.
    pub at: At,
    /// The number that it was shown.
    pub number: Option<u32>,
}

/// A hit beyond the page.
#[derive(Default)]
pub(super) struct Hit<'a> {
    /// The event's name; none for a view of a page.
    pub event: Option<&'a str>,
    /// A phone that was written into a form.
    pub phone: Option<&'a str>,
    /// An e-mail address that was written into a form.
    pub email: Option<&'a str>,
    /// Where it says to come from, when that is not the page before.
    pub referrer: Option<&'a str>,
}

impl Simulation {
    /// A visit through one of a source's campaigns.
    pub(super) fn visit_through(&mut self, client: &mut Client, source: usize, at: At) {
        let campaigns = SOURCES[source].campaigns.len() as u32;
        let weights = (0..campaigns).map(|campaign| 1.0 / f64::from(campaign + 1));
        let campaign = self.dice.weighted(weights) as u32;
        self.charge_click(source, campaign);
        self.visit(client, source, campaign, at);
    }

    /// A visit.
    pub(super) fn visit(&mut self, client: &mut Client, source: usize, campaign: u32, at: At) {
        let intent = self.intent(client);
        let link = self.link(source, campaign);
        let landing = self.dice.pick(&LANDINGS);
        let used = client.take_device(at, &mut self.dice);
        let mut visit = Visit {
            visitor: self.names.visitor(client.number, used.cookie),
            user: None,
            page: format!("{SITE}{landing}"),
            at,
            number: None,
            used,
        };
        self.recognise(client, &mut visit, source);
        self.first_hit(client, &visit, &link);
        let tracked = match intent {
            Intent::Look => TRACKED,
            Intent::Ask | Intent::Buy => TRACKED_WITH_PURPOSE,
        };
        if self.dice.chance(tracked) {
            self.show_number(client, &mut visit);
        }
        let hits = self.hit_count(intent);
        for _ in 1..hits {
            self.next_page(client, &mut visit);
        }
        self.decide(client, &mut visit, intent);
        self.chat(&visit);
        self.subscribe(client, &mut visit);
        self.plan_return(client, visit.at);
    }

    fn hit_count(&mut self, intent: Intent) -> i64 {
        let least = match intent {
            Intent::Look if self.dice.chance(0.36) => return 1,
            Intent::Look => 2,
            Intent::Ask | Intent::Buy => 3,
        };
        least + (self.dice.exponential(3.4) as i64).min(25)
    }

    /// Who it is: the account on this device, at times signed in only now, or
    /// the subscriber whose newsletter it was.
    fn recognise(&mut self, client: &mut Client, visit: &mut Visit, source: usize) {
        if client.known.user && !visit.used.signed_in && self.dice.chance(0.4) {
            client.sign_in(&mut visit.used);
            let line = self
                .event(RawTopic::Identities, visit.at)
                .text("visitor_id", &visit.visitor)
                .text("user_id", &self.names.user(client.number));
            self.send(RawTopic::Identities, visit.at, line);
        }
        if source == NEWSLETTER && self.dice.chance(0.6) {
            // The link said whose mail it was in.
            let line = self
                .event(RawTopic::Identities, visit.at)
                .text("visitor_id", &visit.visitor)
                .text("email", &self.names.email(client.number));
            self.send(RawTopic::Identities, visit.at, line);
        }
        if visit.used.signed_in {
            visit.user = Some(self.names.user(client.number));
        }
    }

    fn first_hit(&mut self, client: &Client, visit: &Visit, link: &Link) {
        let url = format!("{}{}", visit.page, link.query);
        let line = self.hit_line(visit, &url, &link.referrer);
        let line = match link.given {
            Some((source, campaign)) => line
                .text("source", SOURCES[source].name)
                .text("medium", SOURCES[source].medium)
                .text("campaign", &campaign_name(source, campaign)),
            None => line,
        };
        self.send(RawTopic::Web, visit.at, line);
        if visit.user.is_some() && self.dice.chance(0.02) {
            // A page that was opened before the cookie was there.
            let line = self
                .event(RawTopic::Web, visit.at)
                .text("visitor_id", "undefined")
                .text("user_id", &self.names.user(client.number))
                .text("event", "page_view")
                .text("url", &visit.page);
            self.send(RawTopic::Web, visit.at, line);
        }
    }

    fn hit_line(&mut self, visit: &Visit, url: &str, referrer: &str) -> Line {
        self.event(RawTopic::Web, visit.at)
            .text("visitor_id", &visit.visitor)
            .text_if("user_id", visit.user.as_deref())
            .text("url", url)
            .text_if("referrer", Some(referrer).filter(|text| !text.is_empty()))
            .text("user_agent", AGENTS[visit.used.agent])
    }

    /// One more hit on a page of the site.
    pub(super) fn hit(&mut self, visit: &mut Visit, path: &str, hit: &Hit<'_>) {
        let before = std::mem::replace(&mut visit.page, format!("{SITE}{path}"));
        let referrer = hit.referrer.unwrap_or(&before);
        let line = self
            .hit_line(visit, &visit.page, referrer)
            .text_if("event", hit.event)
            .text_if("phone", hit.phone)
            .text_if("email", hit.email);
        self.send(RawTopic::Web, visit.at, line);
        if let Some(number) = visit.number {
            let until = visit.at + LEASE;
            if self.pool.extend(number, until) {
                self.send_lease(visit, number, until);
            }
        }
    }

    fn next_page(&mut self, client: &Client, visit: &mut Visit) {
        self.pass_time(visit);
        if self.tempo.seasonal && self.dice.chance(0.012) {
            // Comes back to the open page: another visit by the contract.
            visit.at = visit.at + self.dice.whole(31 * MINUTE, 90 * MINUTE);
        }
        let hit = Hit {
            event: self.dice.chance(0.03).then_some("add_to_cart"),
            ..Hit::default()
        };
        if self.dice.chance(0.4) {
            let product = (client.number * 31 + self.dice.bits() % 7) % 480;
            self.hit(visit, &format!("/product/{product}"), &hit);
        } else {
            let page = self.dice.pick(&PAGES);
            self.hit(visit, page, &hit);
        }
    }

    /// Reads for a while.
    pub(super) fn pass_time(&mut self, visit: &mut Visit) {
        let pause = self.dice.exponential(38_000.0) as i64 + 2 * SECOND;
        visit.at = visit.at + self.tempo.quick(pause.min(25 * MINUTE));
    }

    fn show_number(&mut self, client: &mut Client, visit: &mut Visit) {
        let until = visit.at + LEASE;
        visit.number = self.pool.lease(visit.at, until);
        if let Some(number) = visit.number {
            self.send_lease(visit, number, until);
            if self.dice.chance(0.05) {
                client.noted_number = Some(number);
            }
        }
    }

    fn send_lease(&mut self, visit: &Visit, number: u32, until: At) {
        let line = self
            .event(RawTopic::Numbers, visit.at)
            .text("number", &Pool::dialled(number))
            .text("visitor_id", &visit.visitor)
            .whole("leased_until", until.0);
        self.send(RawTopic::Numbers, visit.at, line);
    }
}
