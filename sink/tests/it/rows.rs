//! Short ways to write down rows.

use throughline_proto::Ident;
use throughline_proto::rollups::row_batch::Rows;
use throughline_proto::rollups::*;

/// The models of every batch, by their index.
pub const MODELS: [&str; 2] = ["linear", "last_touch"];

/// A batch of one table for tenant `shop` (0) and `other` (1).
pub fn batch(rows: Rows) -> RowBatch {
    RowBatch {
        generation: 1,
        tenants: vec!["shop".into(), "other".into()],
        dimensions: vec![
            dimension(["Paid Search", "google", "cpc", "spring"]),
            dimension(["Direct", "(direct)", "(none)", ""]),
            dimension(["Unattributed", "", "", ""]),
        ],
        models: MODELS.map(Into::into).into(),
        origin_topics: vec!["web".into()],
        rows: Some(rows),
    }
}

fn dimension([channel, source, medium, campaign]: [&str; 4]) -> Dimension {
    Dimension {
        channel: channel.into(),
        source: source.into(),
        medium: medium.into(),
        campaign: campaign.into(),
        content: String::new(),
        term: String::new(),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as the messages want it")]
pub fn id(number: u128) -> Option<Id> {
    Some(Ident(number).into())
}

pub fn touchpoint(touch_id: &str, version: u64, client: u128) -> Touchpoint {
    Touchpoint {
        touch_id: touch_id.into(),
        version,
        client: id(client),
        at: 1_700_000_000_123,
        kind: "visit".into(),
        origin_partition: 3,
        origin_offset: 44,
        ..Touchpoint::default()
    }
}

pub fn touchpoints(rows: Vec<Touchpoint>) -> RowBatch {
    batch(Rows::Touchpoints(TouchpointRows { rows }))
}

pub fn calls(rows: Vec<Call>) -> RowBatch {
    batch(Rows::Calls(CallRows { rows }))
}

pub fn deal(deal_id: &str, version: u64, client: u128) -> Deal {
    Deal {
        deal_id: deal_id.into(),
        version,
        client: id(client),
        status: "won".into(),
        created_at: 1_700_000_000_000,
        won_at: Some(1_700_000_100_001),
        gross: 1_000_000,
        refunds: 200_000,
        revenue: 800_000,
        cost: 300_000,
        profit: 500_000,
        ..Deal::default()
    }
}

pub fn deals(rows: Vec<Deal>) -> RowBatch {
    batch(Rows::Deals(DealRows { rows }))
}

pub fn credits(rows: Vec<Credit>) -> RowBatch {
    batch(Rows::Credits(CreditRows { rows }))
}

pub fn identity(identifier: u128, version: u64, client: u128) -> Identity {
    Identity {
        identifier: id(identifier),
        kind: "phone".into(),
        version,
        client: id(client),
        ..Identity::default()
    }
}

pub fn identities(rows: Vec<Identity>) -> RowBatch {
    batch(Rows::Identities(IdentityRows { rows }))
}

pub fn cost(date: i32, hour: Option<u32>, version: u64, cost: i64) -> Cost {
    Cost {
        date,
        hour,
        version,
        cost,
        impressions: 20,
        clicks: 2,
        ..Cost::default()
    }
}

pub fn costs(rows: Vec<Cost>) -> RowBatch {
    batch(Rows::Costs(CostRows { rows }))
}

/// A cell of tenant `shop` and dimension 0 whose day is that of UTC.
pub fn traffic(hour: i32, partition: u32, version: u64) -> TrafficCell {
    TrafficCell {
        hour,
        day: hour.div_euclid(24),
        partition,
        version,
        ..TrafficCell::default()
    }
}

pub fn traffic_cells(rows: Vec<TrafficCell>) -> RowBatch {
    batch(Rows::TrafficCells(TrafficCellRows { rows }))
}

pub fn credit_cell(hour: i32, partition: u32, version: u64, shares: Vec<CellShare>) -> CreditCell {
    CreditCell {
        hour,
        day: hour.div_euclid(24),
        partition,
        version,
        deleted: shares.is_empty(),
        shares,
        ..CreditCell::default()
    }
}

pub fn credit_cells(rows: Vec<CreditCell>) -> RowBatch {
    batch(Rows::CreditCells(CreditCellRows { rows }))
}

/// A model's share: credit in ppm, then gross, revenue and profit in whole units.
pub fn share(model: u32, conversions_ppm: i64, money: [i64; 3]) -> CellShare {
    let [gross, revenue, profit] = money.map(|units| units * 10_000);
    CellShare {
        model,
        conversions_ppm,
        gross,
        revenue,
        profit,
    }
}

pub fn tenants(rows: Vec<Tenant>) -> RowBatch {
    batch(Rows::TenantsSettings(TenantRows { rows }))
}

/// A tenant with both models, as one partition writes it.
pub fn tenant(tenant: u32, partition: u32) -> Tenant {
    Tenant {
        tenant,
        partition,
        version: 1,
        time_zone: "Asia/Tokyo".into(),
        currency: "RUB".into(),
        models: vec![0, 1],
    }
}
