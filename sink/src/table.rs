//! The tables that the sink writes, and what their columns are called.

use crate::rows;

/// A table of the schema that takes rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// Touches.
    Touchpoints,
    /// Telephone calls.
    Calls,
    /// Deals.
    Deals,
    /// Credit of won deals.
    Credits,
    /// Identifiers of clients.
    Identities,
    /// Links between identifiers.
    Links,
    /// What is left of the identifiers of erased persons.
    Erasures,
    /// Ad costs.
    Costs,
    /// Traffic by the hour.
    TrafficCells,
    /// Credit by the hour.
    CreditCells,
    /// Settings of tenants.
    Tenants,
    /// Rejected records.
    DeadLetters,
}

/// Names and types of columns, as ClickHouse spells them.
pub type Columns = &'static [(&'static str, &'static str)];

impl Table {
    /// Every table, in the order in which blocks are kept and sent.
    pub const ALL: [Self; 12] = [
        Self::Touchpoints,
        Self::Calls,
        Self::Deals,
        Self::Credits,
        Self::Identities,
        Self::Links,
        Self::Erasures,
        Self::Costs,
        Self::TrafficCells,
        Self::CreditCells,
        Self::Tenants,
        Self::DeadLetters,
    ];

    /// Its name in ClickHouse and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Touchpoints => "touchpoint_versions",
            Self::Calls => "call_versions",
            Self::Deals => "deal_versions",
            Self::Credits => "credit_versions",
            Self::Identities => "identity_versions",
            Self::Links => "link_versions",
            Self::Erasures => "erased_identifiers",
            Self::Costs => "cost_versions",
            Self::TrafficCells => "traffic_cells",
            Self::CreditCells => "credit_cells",
            Self::Tenants => "tenant_versions",
            Self::DeadLetters => "dead_letter_versions",
        }
    }

    /// Whether its rows are figures by the hour, which dashboards show live.
    pub const fn has_figures(self) -> bool {
        matches!(self, Self::TrafficCells | Self::CreditCells)
    }

    /// Whether its rows are what those figures are of: won deals and their credits.
    pub const fn has_deals(self) -> bool {
        matches!(self, Self::Deals | Self::Credits)
    }

    /// Its columns in the order in which rows are written.
    pub const fn columns(self) -> Columns {
        match self {
            Self::Touchpoints => rows::touches::TOUCHPOINT_COLUMNS,
            Self::Calls => rows::touches::CALL_COLUMNS,
            Self::Deals => rows::deals::DEAL_COLUMNS,
            Self::Credits => rows::deals::CREDIT_COLUMNS,
            Self::Identities => rows::clients::IDENTITY_COLUMNS,
            Self::Links => rows::clients::LINK_COLUMNS,
            Self::Erasures => rows::clients::ERASURE_COLUMNS,
            Self::Costs => rows::cells::COST_COLUMNS,
            Self::TrafficCells => rows::cells::TRAFFIC_COLUMNS,
            Self::CreditCells => rows::cells::CREDIT_COLUMNS,
            Self::Tenants => rows::clients::TENANT_COLUMNS,
            Self::DeadLetters => rows::dead_letters::COLUMNS,
        }
    }
}
