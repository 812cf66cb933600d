//! The views' columns: which make the key, and what each holds.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A string; NULL is the empty one.
    Text,
    /// A client, as a number that is the same for the same client and means nothing else.
    Client,
    /// An integer.
    Int,
    /// Money, in 1/10,000 of the tenant's currency.
    Money,
    /// Credit in whole deals, kept in millionths.
    Deals,
    /// Epoch milliseconds.
    Time,
    /// A quotient.
    Ratio,
}

/// A column of a view.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub ty: Type,
    /// Whether it is part of the key.
    pub key: bool,
    /// Whether a loaded row may lack it; then it is not compared.
    pub optional: bool,
}

/// A view.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns in order.
    pub columns: &'static [Column],
}

const fn key(name: &'static str, ty: Type) -> Column {
    Column {
        name,
        ty,
        key: true,
        optional: false,
    }
}

const fn value(name: &'static str, ty: Type) -> Column {
    Column {
        name,
        ty,
        key: false,
        optional: false,
    }
}

const fn optional(name: &'static str, ty: Type) -> Column {
    Column {
        name,
        ty,
        key: false,
        optional: true,
    }
}

/// All views.
pub static TABLES: [Table; 11] = [
    Table {
        name: "channel_hourly",
        columns: &[
            key("tenant", Type::Text),
            key("model", Type::Text),
            key("basis", Type::Text),
            key("hour", Type::Time),
            key("channel", Type::Text),
            key("source", Type::Text),
            key("medium", Type::Text),
            key("campaign", Type::Text),
            value("conversions_ppm", Type::Int),
            value("gross", Type::Money),
            value("revenue", Type::Money),
            value("profit", Type::Money),
        ],
    },
    Table {
        name: "traffic_hourly",
        columns: &[
            key("tenant", Type::Text),
            key("hour", Type::Time),
            key("channel", Type::Text),
            key("source", Type::Text),
            key("medium", Type::Text),
            key("campaign", Type::Text),
            value("visits", Type::Int),
            value("calls", Type::Int),
            value("missed_calls", Type::Int),
            value("leads", Type::Int),
            value("email_clicks", Type::Int),
            value("other_touches", Type::Int),
            value("spend", Type::Money),
            value("impressions", Type::Int),
            value("clicks", Type::Int),
        ],
    },
    Table {
        name: "channel_roi",
        columns: &[
            key("tenant", Type::Text),
            key("model", Type::Text),
            key("basis", Type::Text),
            key("day", Type::Text),
            key("channel", Type::Text),
            value("conversions", Type::Deals),
            value("gross", Type::Money),
            value("revenue", Type::Money),
            value("profit", Type::Money),
            value("spend", Type::Money),
            value("visits", Type::Int),
            value("calls", Type::Int),
            value("leads", Type::Int),
            value("cac", Type::Ratio),
            value("cpl", Type::Ratio),
            value("roas", Type::Ratio),
            value("roi", Type::Ratio),
        ],
    },
    Table {
        name: "deals",
        columns: &[
            key("tenant", Type::Text),
            key("deal_id", Type::Text),
            value("client_id", Type::Client),
            value("status", Type::Text),
            value("stage", Type::Text),
            value("pipeline", Type::Text),
            value("manager_id", Type::Text),
            value("created_at", Type::Time),
            value("won_at", Type::Time),
            value("gross", Type::Money),
            value("refunds", Type::Money),
            value("revenue", Type::Money),
            value("cost", Type::Money),
            value("profit", Type::Money),
            value("created_touch_id", Type::Text),
            value("created_channel", Type::Text),
            value("created_source", Type::Text),
            value("created_medium", Type::Text),
            value("created_campaign", Type::Text),
        ],
    },
    Table {
        name: "deal_events",
        columns: &[
            key("tenant", Type::Text),
            key("deal_id", Type::Text),
            key("position", Type::Int),
            value("client_id", Type::Client),
            value("event_id", Type::Text),
            value("event", Type::Text),
            value("occurred_at", Type::Time),
            value("stage", Type::Text),
            value("pipeline", Type::Text),
            value("manager_id", Type::Text),
        ],
    },
    Table {
        name: "credits",
        columns: &[
            key("tenant", Type::Text),
            key("deal_id", Type::Text),
            key("model", Type::Text),
            key("touch_id", Type::Text),
            value("touch_at", Type::Time),
            value("won_at", Type::Time),
            value("channel", Type::Text),
            value("source", Type::Text),
            value("medium", Type::Text),
            value("campaign", Type::Text),
            value("content", Type::Text),
            value("term", Type::Text),
            value("kind", Type::Text),
            value("credit_ppm", Type::Int),
            value("gross", Type::Money),
            value("revenue", Type::Money),
            value("profit", Type::Money),
        ],
    },
    Table {
        name: "touchpoints",
        columns: &[
            key("tenant", Type::Text),
            key("touch_id", Type::Text),
            value("client_id", Type::Client),
            value("kind", Type::Text),
            value("occurred_at", Type::Time),
            value("channel", Type::Text),
            value("source", Type::Text),
            value("medium", Type::Text),
            value("campaign", Type::Text),
            value("content", Type::Text),
            value("term", Type::Text),
        ],
    },
    Table {
        name: "calls",
        columns: &[
            key("tenant", Type::Text),
            key("event_id", Type::Text),
            value("client_id", Type::Client),
            value("occurred_at", Type::Time),
            value("direction", Type::Text),
            value("status", Type::Text),
            optional("dialed_number", Type::Text),
            optional("ambiguous", Type::Int),
            optional("channel", Type::Text),
            optional("source", Type::Text),
            optional("medium", Type::Text),
            optional("campaign", Type::Text),
            optional("content", Type::Text),
            optional("term", Type::Text),
            optional("wait_seconds", Type::Int),
            optional("talk_seconds", Type::Int),
            optional("manager_id", Type::Text),
            optional("quality_score", Type::Int),
        ],
    },
    Table {
        name: "clients",
        columns: &[key("tenant", Type::Text), value("client_id", Type::Client)],
    },
    Table {
        name: "identities",
        columns: &[
            key("tenant", Type::Text),
            key("identifier", Type::Text),
            key("kind", Type::Text),
            value("client_id", Type::Client),
        ],
    },
    Table {
        name: "costs",
        columns: &[
            key("tenant", Type::Text),
            key("date", Type::Text),
            key("hour", Type::Int),
            key("source", Type::Text),
            key("medium", Type::Text),
            key("campaign", Type::Text),
            key("content", Type::Text),
            key("term", Type::Text),
            value("cost", Type::Money),
            value("impressions", Type::Int),
            value("clicks", Type::Int),
        ],
    },
];

/// The schema of a view.
///
/// # Panics
///
/// When there is no such view.
pub fn table(name: &str) -> &'static Table {
    TABLES
        .iter()
        .find(|table| table.name == name)
        .unwrap_or_else(|| panic!("no view is called {name}"))
}
