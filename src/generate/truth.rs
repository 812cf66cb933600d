//! What really moved whom: the truth that models can be judged by.
//!
//! A client decides at a contact with the probability
//! `appetite × (baseline + Σ lift × 2^(−age / half-life))` over its contacts so
//! far. The parts of that sum add up, so a source's true part in a won deal is
//! simply its part in the sum: it is at once the source's Shapley value and what
//! would be missing without it. What the baseline did belongs to nobody.

use serde_json::{Map, Value, json};

use super::client::Shares;
use super::line::Kopecks;
use super::market::{BASELINE, HALF_LIFE_DAYS, SOURCE_COUNT, SOURCES};
use super::shop::PRINTED;

/// Sums of what was true.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    sources: [Sums; SOURCE_COUNT],
    baseline: Sums,
    total: Sums,
}

/// Sums of one source. Money is in kopecks; parts of deals make it uneven.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    contacts: u64,
    won_deals: f64,
    revenue: f64,
    profit: f64,
    spend: i64,
}

/// What a deal's outcome changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// 1 when it is won, −1 when that is taken back, else 0.
    pub won: i8,
    /// Revenue gained or lost.
    pub revenue: Kopecks,
    /// Profit gained or lost.
    pub profit: Kopecks,
}

impl Sums {
    fn add(&mut self, share: f64, outcome: Outcome) {
        self.won_deals += share * f64::from(outcome.won);
        self.revenue += share * outcome.revenue.0 as f64;
        self.profit += share * outcome.profit.0 as f64;
    }

    fn merge(&mut self, other: &Self) {
        self.contacts += other.contacts;
        self.won_deals += other.won_deals;
        self.revenue += other.revenue;
        self.profit += other.profit;
        self.spend += other.spend;
    }

    fn json(&self) -> Map<String, Value> {
        let spend = self.spend as f64;
        let roi = (self.spend > 0).then(|| rounded((self.profit - spend) / spend, 1000.0));
        [
            ("contacts", json!(self.contacts)),
            ("true_conversions", json!(rounded(self.won_deals, 1000.0))),
            ("true_revenue", json!(rounded(self.revenue / 100.0, 100.0))),
            ("true_profit", json!(rounded(self.profit / 100.0, 100.0))),
            ("spend", json!(rounded(spend / 100.0, 100.0))),
            ("true_roi", json!(roi)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

fn rounded(value: f64, parts: f64) -> f64 {
    // Adding zero makes a negative zero positive.
    (value * parts).round() / parts + 0.0
}

impl Truth {
    /// A contact through a source.
    pub fn contact(&mut self, source: usize) {
        self.sources[source].contacts += 1;
        self.total.contacts += 1;
    }

    /// What became of a deal with these shares.
    pub fn deal(&mut self, shares: &Shares, outcome: Outcome) {
        let mut rest = 1.0;
        for (sums, share) in self.sources.iter_mut().zip(shares) {
            let share = f64::from(*share);
            sums.add(share, outcome);
            rest -= share;
        }
        self.baseline.add(rest, outcome);
        self.total.add(1.0, outcome);
    }

    /// What a source's reported spend grew by.
    pub fn spend(&mut self, source: usize, more: Kopecks) {
        self.sources[source].spend += more.0;
        self.total.spend += more.0;
    }

    /// Won deals, at the moment.
    pub fn won_deals(&self) -> u64 {
        self.total.won_deals.round() as u64
    }

    /// The account of it.
    pub fn json(&self) -> Value {
        let mut channels: Vec<(&str, Sums)> = Vec::new();
        let mut sources = Vec::new();
        for (source, sums) in SOURCES.iter().zip(&self.sources) {
            match channels
                .iter_mut()
                .find(|(name, _)| *name == source.channel)
            {
                Some((_, all)) => all.merge(sums),
                None => channels.push((source.channel, *sums)),
            }
            let mut entry = sums.json();
            entry.insert("source".to_owned(), json!(source.name));
            entry.insert("medium".to_owned(), json!(source.medium));
            entry.insert("channel".to_owned(), json!(source.channel));
            entry.insert("reach".to_owned(), json!(source.reach));
            entry.insert("lift".to_owned(), json!(source.lift));
            entry.insert("cost_per_contact".to_owned(), json!(source.click_cost));
            sources.push(Value::Object(entry));
        }
        let channels: Vec<_> = channels
            .into_iter()
            .map(|(name, sums)| {
                let mut entry = sums.json();
                entry.insert("channel".to_owned(), json!(name));
                Value::Object(entry)
            })
            .collect();
        let printed: Map<String, Value> = PRINTED
            .iter()
            .map(|(number, place)| {
                let means = json!({"source": place, "medium": "offline"});
                ((*number).to_owned(), means)
            })
            .collect();
        json!({
            "currency": "RUB",
            "baseline_probability": BASELINE,
            "half_life_days": HALF_LIFE_DAYS,
            "channels": channels,
            "sources": sources,
            "baseline": self.baseline.json(),
            "total": self.total.json(),
            "printed_numbers": printed,
        })
    }
}
