//! Deals: from the first offer to money, and sometimes back.
//!
//! How a deal will end is known when it begins; the steps are carried out one
//! by one as their time comes.

use std::collections::VecDeque;
use std::fmt::Write as _;

use throughline_proto::topics::RawTopic;

use super::client::{Client, Shares};
use super::dice::Dice;
use super::line::{Kopecks, Line};
use super::names::Known;
use super::shop::{PROJECTS, Product, SHOP};
use super::simulation::Simulation;
use super::time::{At, DAY, HOUR, MINUTE, SECOND};
use super::truth::Outcome;

/// How something is sold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sale {
    /// On the site, paid at once.
    Shop,
    /// By a manager, within days.
    Project,
    /// By a manager, to somebody who will not buy.
    Vain,
}

/// A deal that is going on.
#[derive(Clone, Debug)]
pub struct Deal {
    number: u64,
    client: u64,
    /// What the CRM knows of the client, as far as it goes into the deal.
    known: Known,
    sale: Sale,
    items: Vec<Item>,
    amount: Kopecks,
    cost: Kopecks,
    manager: i64,
    shares: Box<Shares>,
    won: bool,
    refunded: Kopecks,
    /// What will happen, each after so long a time.
    steps: VecDeque<(i64, Step)>,
}

/// One position of a deal.
#[derive(Clone, Debug)]
struct Item {
    sku: u64,
    category: &'static str,
    quantity: i64,
    amount: Kopecks,
}

/// A step of a deal.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Step {
    Create,
    /// Another stage; the amount may change.
    Stage(&'static str),
    Win,
    Lose,
    /// This share of the amount goes back.
    Refund(f64),
    /// The client calls.
    CallIn,
    /// The manager calls.
    CallOut,
    /// The client comes to see it.
    Showroom,
}

impl Simulation {
    /// Begins a deal with a client who decided at this moment.
    pub(super) fn start_deal(&mut self, client: &mut Client, at: At, sale: Sale) {
        self.deals += 1;
        let shares = Box::new(client.influence.shares());
        let steps = match sale {
            Sale::Shop => shop_steps(&mut self.dice),
            Sale::Project | Sale::Vain => project_steps(&mut self.dice, sale),
        };
        if sale != Sale::Vain {
            client.influence.satisfy();
            client.loyalty = client.loyalty.min(0.72);
        }
        client.known.contact |= sale != Sale::Shop;
        let items = basket(sale, &mut self.dice);
        let amount = Kopecks(items.iter().map(|(item, _)| item.amount.0).sum());
        let margin = items.first().map_or(0.0, |(_, product)| product.margin);
        let margin = margin + 0.04 * self.dice.normal();
        // Some are entered by hand, without saying who it is.
        let known = if self.dice.chance(0.02) {
            Known::default()
        } else {
            client.known
        };
        let deal = Box::new(Deal {
            number: self.deals,
            client: client.number,
            known,
            sale,
            items: items.into_iter().map(|(item, _)| item).collect(),
            amount,
            cost: amount.share((1.0 - margin).clamp(0.2, 0.95)),
            manager: self.dice.whole(1, 15),
            shares,
            won: false,
            refunded: Kopecks(0),
            steps,
        });
        self.plan_step(at, deal);
    }

    /// Carries out the next step of a deal.
    pub(super) fn deal_step(&mut self, at: At, mut deal: Box<Deal>) {
        let Some((_, step)) = deal.steps.pop_front() else {
            return;
        };
        match step {
            Step::CallIn => self.call_again(deal.client, at),
            Step::CallOut => {
                self.call_out(deal.client, at);
            }
            Step::Showroom => self.visit_showroom(deal.client, at),
            Step::Create | Step::Stage(_) | Step::Win | Step::Lose | Step::Refund(_) => {
                self.write_step(&mut deal, step, at);
            }
        }
        self.plan_step(at, deal);
    }

    fn plan_step(&mut self, at: At, deal: Box<Deal>) {
        let Some((delay, step)) = deal.steps.front() else {
            return;
        };
        let in_office = deal.sale != Sale::Shop && *step != Step::CallIn;
        let next = if in_office {
            self.tempo.office_after(at, *delay, &mut self.dice)
        } else {
            at + self.tempo.slow(*delay)
        };
        self.plan_deal(next.max(at + SECOND), deal);
    }

    fn write_step(&mut self, deal: &mut Deal, step: Step, at: At) {
        let (event, stage) = match step {
            Step::Create => ("created", Some("new")),
            Step::Stage(stage) => ("stage_changed", Some(stage)),
            Step::Win => ("won", Some("paid")),
            Step::Lose => ("lost", Some("closed")),
            _ => ("refunded", None),
        };
        let repriced = matches!(step, Step::Stage("offer")) && self.dice.chance(0.4);
        if repriced {
            deal.reprice(self.dice.between(0.85, 1.2));
        }
        let line = self
            .event(RawTopic::Deals, at)
            .text("deal_id", &self.names.deal(deal.number))
            .text("event", event)
            .text_if("stage", stage);
        let line = self.whose(line, deal);
        let pipeline = if deal.sale == Sale::Shop {
            "shop"
        } else {
            "projects"
        };
        let line = line.text("pipeline", pipeline);
        let line = match step {
            Step::Create => line
                .money_text("amount", deal.amount)
                .text("currency", "RUB")
                .json("items", &deal.items_json()),
            Step::Win => line
                .money_text("amount", deal.amount)
                .text("currency", "RUB")
                .money_text("cost", deal.cost),
            Step::Refund(share) => {
                let amount = deal.refund(share);
                self.truth.deal(
                    &deal.shares,
                    Outcome {
                        won: 0,
                        revenue: Kopecks(-amount.0),
                        profit: Kopecks(-amount.0),
                    },
                );
                line.money("refund_amount", amount)
            }
            _ if repriced => line
                .money("amount", deal.amount)
                .json("items", &deal.items_json()),
            _ => line,
        };
        let line = if deal.sale == Sale::Shop {
            line
        } else {
            line.text("manager_id", &format!("m{:02}", deal.manager))
        };
        self.send(RawTopic::Deals, at, line);
        self.account(deal, step);
        if step == Step::Stage("qualified") && deal.known.contact {
            self.complete_contact(deal, at);
        }
    }

    /// The manager asked for what was missing in the CRM.
    fn complete_contact(&mut self, deal: &Deal, at: At) {
        let line = self
            .event(RawTopic::Identities, at)
            .text("crm_contact_id", &self.names.contact(deal.client))
            .text("phone", &self.names.phone(deal.client))
            .text("email", &self.names.email(deal.client));
        self.send(RawTopic::Identities, at, line);
    }

    fn whose(&mut self, line: Line, deal: &Deal) -> Line {
        let names = &self.names;
        let contact = deal.known.contact.then(|| names.contact(deal.client));
        let user = (deal.known.user && deal.sale == Sale::Shop).then(|| names.user(deal.client));
        let line = line
            .text_if("crm_contact_id", contact.as_deref())
            .text_if("user_id", user.as_deref());
        let line = if deal.known.phone {
            let phone = self.names.written_phone(deal.client, &mut self.dice);
            line.text("phone", &phone)
        } else {
            line
        };
        if deal.known.email {
            line.text("email", &self.names.email(deal.client))
        } else {
            line
        }
    }

    /// Writes into the truth what a step changes.
    fn account(&mut self, deal: &mut Deal, step: Step) {
        let won = match step {
            Step::Win if !deal.won => 1,
            Step::Lose if deal.won => -1,
            _ => return,
        };
        deal.won = won > 0;
        let sign = i64::from(won);
        let revenue = deal.amount.0 - deal.refunded.0;
        let outcome = Outcome {
            won,
            revenue: Kopecks(sign * revenue),
            profit: Kopecks(sign * (revenue - deal.cost.0)),
        };
        self.truth.deal(&deal.shares, outcome);
    }
}

impl Deal {
    fn reprice(&mut self, factor: f64) {
        for item in &mut self.items {
            item.amount = item.amount.share(factor);
        }
        self.amount = Kopecks(self.items.iter().map(|item| item.amount.0).sum());
        self.cost = self.cost.share(0.5 + 0.5 * factor);
    }

    /// This share of the amount, as far as it is not given back yet.
    fn refund(&mut self, share: f64) -> Kopecks {
        let left = self.amount.0 - self.refunded.0;
        let amount = Kopecks(self.amount.share(share).0.min(left));
        self.refunded.0 += amount.0;
        amount
    }

    fn items_json(&self) -> String {
        let mut json = String::from("[");
        for (index, item) in self.items.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let Item {
                sku,
                category,
                quantity,
                amount,
            } = item;
            let _ = write!(
                json,
                r#"{comma}{{"sku":"{category}-{sku}","category":"{category}","quantity":{quantity},"amount":"{amount}"}}"#
            );
        }
        json.push(']');
        json
    }
}

fn basket(sale: Sale, dice: &mut Dice) -> Vec<(Item, Product)> {
    let products: &[Product] = match sale {
        Sale::Shop => &SHOP,
        Sale::Project | Sale::Vain => &PROJECTS,
    };
    let positions = 1 + dice.weighted([0.72, 0.21, 0.07].into_iter());
    (0..positions)
        .map(|position| {
            let product = products[dice.weighted(products.iter().map(|product| product.weight))];
            let roubles = dice.log_normal(product.median, product.sigma);
            // What is bought beside the first thing is smaller.
            let roubles = if position == 0 {
                roubles
            } else {
                roubles * 0.25
            };
            let item = Item {
                sku: (dice.bits() % 480) + 1000,
                category: product.category,
                quantity: 1 + dice.weighted([0.8, 0.15, 0.05].into_iter()) as i64,
                amount: Kopecks::from_roubles(roubles.max(490.0)),
            };
            (item, product)
        })
        .collect()
}

fn shop_steps(dice: &mut Dice) -> VecDeque<(i64, Step)> {
    let mut steps = VecDeque::from([(0, Step::Create)]);
    if dice.chance(0.06) {
        steps.push_back((dice.whole(HOUR, 3 * DAY), Step::Lose));
        return steps;
    }
    steps.push_back((dice.whole(20 * SECOND, 15 * MINUTE), Step::Win));
    if dice.chance(0.2) {
        steps.push_back((dice.whole(DAY, 4 * DAY), Step::CallIn));
    }
    if dice.chance(0.02) {
        steps.push_back((dice.whole(DAY, 5 * DAY), Step::Lose));
    } else {
        add_refund(&mut steps, 0.08, dice);
    }
    steps
}

fn project_steps(dice: &mut Dice, sale: Sale) -> VecDeque<(i64, Step)> {
    let opened = dice.log_normal(12.0 * MINUTE as f64, 0.8) as i64;
    let mut steps = VecDeque::from([(opened, Step::Create)]);
    let days = |dice: &mut Dice, median: f64| dice.log_normal(median * DAY as f64, 0.6) as i64;
    let sometimes = |steps: &mut VecDeque<_>, dice: &mut Dice, chance: f64, step: Step| {
        if dice.chance(chance) {
            steps.push_back((dice.whole(2 * HOUR, 2 * DAY), step));
        }
    };
    sometimes(&mut steps, dice, 0.5, Step::CallOut);
    steps.push_back((days(dice, 0.8), Step::Stage("qualified")));
    let wins = sale == Sale::Project && dice.chance(0.5);
    if !wins && dice.chance(0.5) {
        steps.push_back((days(dice, 4.0), Step::Lose));
        if sale == Sale::Vain || !dice.chance(0.3) {
            return steps;
        }
        // Thought better of it.
        steps.push_back((days(dice, 6.0), Step::Stage("reopened")));
        steps.push_back((days(dice, 2.0), Step::Win));
        return steps;
    }
    steps.push_back((days(dice, 1.5), Step::Stage("offer")));
    sometimes(&mut steps, dice, 0.3, Step::CallIn);
    sometimes(&mut steps, dice, 0.08, Step::Showroom);
    if !wins {
        steps.push_back((days(dice, 5.0), Step::Lose));
        return steps;
    }
    steps.push_back((days(dice, 1.5), Step::Stage("contract")));
    steps.push_back((days(dice, 1.0), Step::Win));
    add_refund(&mut steps, 0.04, dice);
    steps
}

fn add_refund(steps: &mut VecDeque<(i64, Step)>, chance: f64, dice: &mut Dice) {
    if !dice.chance(chance) {
        return;
    }
    let after = dice.whole(2 * DAY, 14 * DAY);
    if dice.chance(0.4) {
        steps.push_back((after, Step::Refund(1.0)));
        return;
    }
    steps.push_back((after, Step::Refund(dice.between(0.1, 0.6))));
    if dice.chance(0.1) {
        steps.push_back((
            dice.whole(DAY, 5 * DAY),
            Step::Refund(dice.between(0.1, 0.5)),
        ));
    }
}
