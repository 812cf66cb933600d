//! What a channel, a campaign or a period amounts to, and the ratios of it.

use std::ops::AddAssign;

use crate::report::{PPM, Value};

/// Traffic, spend and credit. Money in 1/10000 of a unit of the tenant's
/// currency, credit in parts of a million of a won deal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amounts {
    /// Visits.
    pub visits: i64,
    /// Inbound calls.
    pub calls: i64,
    /// Missed ones among them.
    pub missed_calls: i64,
    /// Forms that were sent.
    pub leads: i64,
    /// E-mails that were clicked.
    pub email_clicks: i64,
    /// Touches of other kinds.
    pub other_touches: i64,
    /// What advertising cost.
    pub spend: i64,
    /// How often it was shown.
    pub impressions: i64,
    /// How often it was clicked.
    pub clicks: i64,
    /// Credit for won deals.
    pub conversions: i64,
    /// The share of the revenue.
    pub revenue: i64,
    /// The share of the profit, before advertising.
    pub profit: i64,
}

impl Amounts {
    /// Profit less spend.
    pub const fn net_profit(&self) -> i64 {
        self.profit - self.spend
    }

    /// Spend per won deal.
    pub fn cac(&self) -> Value {
        Value::per_one(self.spend, self.conversions as f64 / PPM)
    }

    /// Spend per form or inbound call.
    pub fn cpl(&self) -> Value {
        Value::per_one(self.spend, (self.leads + self.calls) as f64)
    }

    /// Revenue per unit of spend.
    pub fn roas(&self) -> Value {
        Value::ratio(self.revenue, self.spend)
    }

    /// Profit less spend, per unit of spend.
    pub fn roi(&self) -> Value {
        Value::ratio(self.net_profit(), self.spend)
    }
}

impl AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.visits += other.visits;
        self.calls += other.calls;
        self.missed_calls += other.missed_calls;
        self.leads += other.leads;
        self.email_clicks += other.email_clicks;
        self.other_touches += other.other_touches;
        self.spend += other.spend;
        self.impressions += other.impressions;
        self.clicks += other.clicks;
        self.conversions += other.conversions;
        self.revenue += other.revenue;
        self.profit += other.profit;
    }
}
