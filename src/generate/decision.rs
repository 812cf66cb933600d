//! What a client decides at the end of a visit, and how it makes itself known.

use throughline_proto::topics::RawTopic;

use super::client::Client;
use super::deal::Sale;
use super::pool::Pool;
use super::shop::{OFFICE, PAYMENT_PAGE, SITE};
use super::simulation::Simulation;
use super::time::{At, MINUTE, SECOND};
use super::visit::{Hit, Visit};

/// What the client came to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Intent {
    /// To look.
    Look,
    /// To ask.
    Ask,
    /// To buy.
    Buy,
}

/// How a client makes itself known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Route {
    Checkout,
    Form,
    Call,
}

impl Simulation {
    /// What the client came to do.
    pub(super) fn intent(&mut self, client: &Client) -> Intent {
        let readiness = client.readiness();
        if self.dice.chance(readiness) {
            Intent::Buy
        } else if self.dice.chance(2.4 * readiness) {
            Intent::Ask
        } else {
            Intent::Look
        }
    }

    /// Lets the client do it.
    pub(super) fn decide(&mut self, client: &mut Client, visit: &mut Visit, intent: Intent) {
        let weights = match intent {
            Intent::Look => return,
            Intent::Ask => [0.0, 0.5, 0.5],
            Intent::Buy => [0.52, 0.26, 0.22],
        };
        let routes = [Route::Checkout, Route::Form, Route::Call];
        let route = routes[self.dice.weighted(weights.into_iter())];
        let bought = intent == Intent::Buy;
        self.pass_time(visit);
        match route {
            Route::Checkout => self.check_out(client, visit),
            Route::Form => {
                self.fill_form(client, visit);
                self.follow_up(client, visit.at, bought);
            }
            Route::Call => {
                let dialled = self.number_to_dial(client, visit);
                let at = visit.at + self.tempo.quick(self.dice.whole(5 * SECOND, 4 * MINUTE));
                if let Some(talked) = self.call_in(client, &dialled, at, Some(&visit.visitor)) {
                    self.follow_up(client, talked, bought);
                }
            }
        }
    }

    fn number_to_dial(&mut self, client: &Client, visit: &Visit) -> String {
        let noted = client.noted_number.filter(|number| {
            // A number that is somebody else's now is dialled by mistake only.
            !self.pool.is_leased(*number, visit.at) || self.dice.chance(0.02)
        });
        visit
            .number
            .or(noted)
            .map_or_else(|| OFFICE.to_owned(), Pool::dialled)
    }

    fn check_out(&mut self, client: &mut Client, visit: &mut Visit) {
        self.hit(visit, "/cart", &Hit::default());
        self.pass_time(visit);
        client.known.email = true;
        client.known.phone |= self.dice.chance(0.8);
        let email = self.names.written_email(client.number, &mut self.dice);
        let phone = self.names.written_phone(client.number, &mut self.dice);
        let contact = Hit {
            event: Some("checkout"),
            email: Some(&email),
            phone: client.known.phone.then_some(phone.as_str()),
            ..Hit::default()
        };
        self.hit(visit, "/checkout", &contact);
        if !client.known.user && self.dice.chance(0.5) {
            client.known.user = true;
            client.sign_in(&mut visit.used);
            visit.user = Some(self.names.user(client.number));
            let line = self
                .event(RawTopic::Identities, visit.at)
                .text("user_id", &self.names.user(client.number))
                .text("visitor_id", &visit.visitor)
                .text("email", &email);
            self.send(RawTopic::Identities, visit.at, line);
        }
        let ordered = visit.at + SECOND;
        self.pass_time(visit);
        let abroad = self.dice.chance(0.7);
        let back = Hit {
            event: Some("purchase"),
            referrer: abroad.then_some(PAYMENT_PAGE),
            ..Hit::default()
        };
        self.hit(visit, "/thank-you", &back);
        self.start_deal(client, ordered, Sale::Shop);
    }

    fn fill_form(&mut self, client: &mut Client, visit: &mut Visit) {
        client.known.phone = true;
        let phone = self.names.written_phone(client.number, &mut self.dice);
        let wrote = self.dice.chance(0.45);
        client.known.email |= wrote;
        let email = if wrote {
            Some(self.names.written_email(client.number, &mut self.dice))
        } else {
            // Forms make an answer obligatory, and get one.
            let junk = self.dice.chance(0.06);
            junk.then(|| (self.dice.pick(&["-", "none", "test", "no"])).to_owned())
        };
        let lead = Hit {
            event: Some("lead"),
            phone: Some(&phone),
            email: email.as_deref(),
            ..Hit::default()
        };
        let path = visit.page.trim_start_matches(SITE).to_owned();
        self.hit(visit, &path, &lead);
    }

    /// Somebody asked or wants to buy: a manager opens a deal, mostly.
    pub(super) fn follow_up(&mut self, client: &mut Client, at: At, bought: bool) {
        if bought {
            self.start_deal(client, at, Sale::Project);
        } else if self.dice.chance(0.3) {
            self.start_deal(client, at, Sale::Vain);
        }
    }
}
