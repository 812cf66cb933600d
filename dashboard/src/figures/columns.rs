//! Columns that several reports have.

use crate::report::{Column, Unit};
use crate::texts::Text;

/// The channel.
pub const CHANNEL: Column = Column::new("channel", Text::Channel, Unit::Text);
/// The source.
pub const SOURCE: Column = Column::new("source", Text::Source, Unit::Text);
/// The medium.
pub const MEDIUM: Column = Column::new("medium", Text::Medium, Unit::Text);
/// The campaign.
pub const CAMPAIGN: Column = Column::new("campaign", Text::Campaign, Unit::Text);
/// Visits.
pub const VISITS: Column = Column::new("visits", Text::Visits, Unit::Count)
    .about(Text::AboutVisits)
    .more();
/// Forms that were sent.
pub const LEADS: Column = Column::new("leads", Text::Leads, Unit::Count)
    .about(Text::AboutLeads)
    .more();
/// Inbound calls.
pub const CALLS: Column = Column::new("calls", Text::Calls, Unit::Count)
    .about(Text::AboutCalls)
    .more();
/// What advertising cost.
pub const SPEND: Column = Column::new("spend", Text::Spend, Unit::Money).about(Text::AboutSpend);
/// Credit for won deals.
pub const CONVERSIONS: Column = Column::new("conversions", Text::Conversions, Unit::Credit)
    .about(Text::AboutConversions)
    .more();
/// The share of the revenue.
pub const REVENUE: Column = Column::new("revenue", Text::Revenue, Unit::Money)
    .about(Text::AboutRevenue)
    .more();
/// The share of the profit, before advertising.
pub const PROFIT: Column = Column::new("profit", Text::Profit, Unit::Money)
    .about(Text::AboutProfit)
    .more();
/// Profit less spend.
pub const NET_PROFIT: Column = Column::new("net_profit", Text::NetProfit, Unit::Money)
    .about(Text::AboutNetProfit)
    .more();
/// Spend per form or call.
pub const CPL: Column = Column::new("cpl", Text::Cpl, Unit::PerOne)
    .about(Text::AboutCpl)
    .less();
/// Spend per won deal.
pub const CAC: Column = Column::new("cac", Text::Cac, Unit::PerOne)
    .about(Text::AboutCac)
    .less();
/// Revenue per unit of spend.
pub const ROAS: Column = Column::new("roas", Text::Roas, Unit::Times)
    .about(Text::AboutRoas)
    .more();
/// Profit less spend, per unit of spend.
pub const ROI: Column = Column::new("roi", Text::Roi, Unit::Share)
    .about(Text::AboutRoi)
    .more();
