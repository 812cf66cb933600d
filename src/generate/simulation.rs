//! The simulation: what happens next, in the order of time.
//!
//! One queue holds what is planned, one [`Outbox`] what has happened and not
//! arrived. Each client has one entry in the queue and decides its next step
//! when it comes up, so memory is held only by clients and deals that are not
//! finished. Records come out in the order of their arrival.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use throughline_proto::topics::RawTopic;

use super::client::Client;
use super::deal::Deal;
use super::dice::Dice;
use super::junk;
use super::ledger::Ledger;
use super::line::Line;
use super::market::{Entry, SOURCES};
use super::names::Names;
use super::outbox::{Outbox, Parcel, Way};
use super::pool::Pool;
use super::time::{At, DAY, HOUR, MINUTE, SECOND, Tempo};
use super::truth::Truth;

/// How often newcomers are let in live.
const CROWD_EVERY: i64 = 100;
/// How often spend is reported live.
const REPORT_EVERY: i64 = 10 * SECOND;
/// Nobody comes back sooner: it would be the same visit.
const SOONEST_RETURN: i64 = 40 * MINUTE;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// The beginning.
    pub from: At,
    /// Nothing that arrives later comes out.
    pub to: At,
    /// About how many clients appear from the beginning to the end, or until
    /// it goes live.
    pub clients: u64,
    /// How many broken records there are for each event.
    pub junk: f64,
    /// The tenant's name; none for the default one.
    pub tenant: Option<String>,
    /// How many numbers there are for dynamic call tracking.
    pub pool: u32,
    /// When and how it goes live.
    pub live: Option<Live>,
}

/// How the simulation goes live.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// From when on.
    pub since: At,
    /// Events a second.
    pub rate: f64,
    /// What takes days goes so much faster than before.
    pub haste: f64,
}

/// Something planned.
#[derive(Clone, Debug)]
struct Todo {
    at: At,
    sequence: u64,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    /// A new client appears.
    Newcomer,
    /// A client's next step.
    Client(Box<Client>),
    /// A deal's next step.
    Deal(Box<Deal>),
    /// Spend is reported.
    Report,
    /// From here on the world turns faster.
    GoLive,
    /// As many newcomers as keep to the rate.
    Crowd,
}

impl PartialEq for Todo {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Todo {}

impl PartialOrd for Todo {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Todo {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// A running simulation of one tenant: its records in the order of arrival.
#[derive(Clone, Debug)]
pub struct Simulation {
    plan: Plan,
    queue: BinaryHeap<Reverse<Todo>>,
    sequence: u64,
    newcomers: u64,
    sent_before_live: u64,
    pub(super) deals: u64,
    pub(super) dice: Dice,
    pub(super) tempo: Tempo,
    pub(super) outbox: Outbox,
    pub(super) names: Names,
    pub(super) pool: Pool,
    pub(super) ledger: Ledger,
    pub(super) truth: Truth,
}

impl Simulation {
    /// One that begins at the plan's beginning.
    pub fn new(plan: Plan) -> Self {
        let mut simulation = Self {
            queue: BinaryHeap::new(),
            sequence: 0,
            newcomers: 0,
            sent_before_live: 0,
            deals: 0,
            dice: Dice::new(plan.seed),
            tempo: Tempo::NATURAL,
            outbox: Outbox::default(),
            names: Names::new(plan.seed, plan.tenant.is_none()),
            pool: Pool::new(plan.pool),
            ledger: Ledger::new(plan.from),
            truth: Truth::default(),
            plan,
        };
        let from = simulation.plan.from;
        simulation.push(from, Action::Newcomer);
        simulation.push(At((from.hour() + 1) * HOUR), Action::Report);
        if let Some(live) = simulation.plan.live {
            simulation.push(live.since, Action::GoLive);
        }
        simulation
    }

    /// The tenant's name.
    pub fn tenant(&self) -> &str {
        self.plan.tenant.as_deref().unwrap_or("default")
    }

    /// How many clients have appeared.
    pub fn clients(&self) -> u64 {
        self.newcomers
    }

    /// How many deals have begun.
    pub fn deals(&self) -> u64 {
        self.deals
    }

    /// What was true so far.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// The beginning of an event with its own id.
    pub(super) fn event(&mut self, topic: RawTopic, at: At) -> Line {
        let line = Line::new().text("event_id", &self.names.event());
        let line = match topic {
            RawTopic::Calls | RawTopic::Touches => line.text("occurred_at", &at.rfc3339_local()),
            RawTopic::Deals | RawTopic::Costs => line.text("occurred_at", &at.rfc3339()),
            _ => line.whole("occurred_at", at.0),
        };
        line.text_if("tenant", self.plan.tenant.as_deref())
    }

    /// Sends an event.
    pub(super) fn send(&mut self, topic: RawTopic, at: At, line: Line) {
        self.send_many(topic, at, line.finish(), 1);
    }

    /// Sends a record of several events.
    pub(super) fn send_many(&mut self, topic: RawTopic, at: At, record: String, events: u32) {
        if self.plan.junk > 0.0 && self.dice.chance(self.plan.junk) {
            let broken = junk::broken(topic, &record, &mut self.dice);
            let arrival = at + self.dice.whole(0, 2 * SECOND);
            self.outbox.send_junk(topic, arrival, broken);
        }
        let mut way = Way {
            dice: &mut self.dice,
            tempo: self.tempo,
            events,
        };
        self.outbox.send(topic, at, record, &mut way);
    }

    /// Plans a deal's next step.
    pub(super) fn plan_deal(&mut self, at: At, deal: Box<Deal>) {
        self.push(at, Action::Deal(deal));
    }

    /// Decides whether and when a client comes again by itself.
    pub(super) fn plan_return(&mut self, client: &mut Client, at: At) {
        client.next_visit = self.dice.chance(client.loyalty).then(|| {
            let delay = self.dice.log_normal(2.2 * DAY as f64, 1.2) as i64;
            let then = self
                .tempo
                .awake_after(at, delay.min(60 * DAY), &mut self.dice);
            then.max(at + SOONEST_RETURN)
        });
    }

    fn push(&mut self, at: At, action: Action) {
        self.sequence += 1;
        self.queue.push(Reverse(Todo {
            at,
            sequence: self.sequence,
            action,
        }));
    }

    fn plan_client(&mut self, client: Box<Client>) {
        if let Some(at) = client.next() {
            self.push(at, Action::Client(client));
        }
    }

    fn act(&mut self, at: At, action: Action) {
        match action {
            Action::Newcomer => {
                self.newcomer(at);
                let until = self.plan.live.map_or(self.plan.to, |live| live.since);
                let mean = (until - self.plan.from) as f64 / self.plan.clients.max(1) as f64;
                let gap = self.dice.exponential(mean / at.liveliness());
                self.push(at + (gap as i64).max(1), Action::Newcomer);
            }
            Action::Client(client) => self.client(at, client),
            Action::Deal(deal) => self.deal_step(at, deal),
            Action::Report => {
                self.report(at);
                let boundary = At((at.hour() + 1) * HOUR);
                let next = if self.tempo.seasonal {
                    boundary
                } else {
                    boundary.min(at + REPORT_EVERY)
                };
                self.push(next, Action::Report);
            }
            Action::GoLive => self.go_live(at),
            Action::Crowd => self.crowd(at),
        }
    }

    fn newcomer(&mut self, at: At) {
        let mut client = Box::new(Client::new(self.newcomers, at, &mut self.dice));
        self.newcomers += 1;
        let source = self
            .dice
            .weighted(SOURCES.iter().map(|source| source.reach));
        self.contact(&mut client, source, at);
        self.plan_client(client);
    }

    fn client(&mut self, at: At, mut client: Box<Client>) {
        if client.next_mail == Some(at) {
            self.newsletter(&mut client, at);
        } else if let Some((_, week)) = client.next_click.take_if(|(due, _)| *due == at) {
            self.follow_newsletter(&mut client, week, at);
        } else {
            client.next_visit = None;
            let returning = SOURCES.iter().map(|source| source.returning);
            let source = self.dice.weighted(returning);
            self.contact(&mut client, source, at);
        }
        self.plan_client(client);
    }

    fn contact(&mut self, client: &mut Client, source: usize, at: At) {
        client.influence.add(source, at);
        self.truth.contact(source);
        match SOURCES[source].entry {
            Entry::Printed => self.printed_call(client, source, at),
            Entry::Stand => self.fair(client, source, at),
            _ => self.visit_through(client, source, at),
        }
    }

    /// What was planned for days comes within minutes now.
    fn go_live(&mut self, since: At) {
        let Some(live) = self.plan.live else { return };
        self.tempo = Tempo::live(live.haste);
        self.sent_before_live = self.outbox.sent;
        let tempo = self.tempo;
        let hurried = |at: At| since + tempo.slow((at - since).max(0));
        let planned = std::mem::take(&mut self.queue).into_sorted_vec();
        for Reverse(todo) in planned.into_iter().rev() {
            match todo.action {
                Action::Client(mut client) => {
                    client.hurry(hurried);
                    self.plan_client(client);
                }
                Action::Deal(deal) => self.push(hurried(todo.at), Action::Deal(deal)),
                Action::Report => self.push(todo.at.min(since + REPORT_EVERY), Action::Report),
                Action::Newcomer | Action::GoLive | Action::Crowd => {}
            }
        }
        self.push(since + 1, Action::Crowd);
    }

    fn crowd(&mut self, at: At) {
        let Some(live) = self.plan.live else { return };
        let elapsed = (at - live.since + CROWD_EVERY) as f64 / SECOND as f64;
        let target = self.sent_before_live + (live.rate * elapsed) as u64;
        while self.outbox.sent < target {
            let appears = at + self.dice.whole(0, CROWD_EVERY);
            self.newcomer(appears);
        }
        self.push(at + CROWD_EVERY, Action::Crowd);
    }
}

impl Iterator for Simulation {
    type Item = Parcel;

    fn next(&mut self) -> Option<Parcel> {
        loop {
            let planned = self.queue.peek().map(|Reverse(todo)| todo.at);
            let arriving = self.outbox.next();
            let arrives_first = match (arriving, planned) {
                (Some(arrival), Some(planned)) => arrival <= planned,
                (arrival, _) => arrival.is_some(),
            };
            if arrives_first {
                return self
                    .outbox
                    .pop()
                    .filter(|parcel| parcel.arrival <= self.plan.to);
            }
            let Reverse(todo) = self.queue.pop()?;
            if todo.at > self.plan.to {
                return None;
            }
            self.act(todo.at, todo.action);
        }
    }
}
