//! Short ways to write down rows.

use throughline_proto::Ident;
use throughline_proto::flat::ContentHash;
use throughline_proto::rollups::*;

/// A record of one table's rows for tenant `shop` (0) and `other` (1), models
/// `linear` (0) and `last_touch` (1).
pub fn batch<'a, T: Row<'a>>(rows: &[T]) -> Vec<u8> {
    batch_of(1, rows)
}

/// The same of another generation.
pub fn batch_of<'a, T: Row<'a>>(generation: u32, rows: &[T]) -> Vec<u8> {
    let mut batch = BatchWriter::new(T::TABLE);
    for tenant in ["shop", "other"] {
        batch.tenants.push(&tenant);
    }
    for [channel, source, medium, campaign] in [
        ["Paid Search", "google", "cpc", "spring"],
        ["Direct", "(direct)", "(none)", ""],
        ["Unattributed", "", "", ""],
    ] {
        batch.dimensions.push(&Dimension {
            channel,
            source,
            medium,
            campaign,
            content: "",
            term: "",
        });
    }
    for model in ["linear", "last_touch"] {
        batch.models.push(&model);
    }
    batch.topics.push(&"web");
    for row in rows {
        batch.push(row);
    }
    batch.finish(generation)
}

/// A visit of tenant `shop`.
pub fn touchpoint(event_id: &str, version: u64, client: u128) -> Touchpoint<'_> {
    Touchpoint {
        tenant: 0,
        topic: TouchTopic::Web,
        event_id,
        content: ContentHash(0),
        version,
        client: Ident(client),
        state: Some(touch_state()),
    }
}

pub fn touch_state() -> TouchState<'static> {
    TouchState {
        at: 1_700_000_000_123,
        kind: "visit",
        dimension: 0,
        origin: Some(Origin {
            topic: 0,
            partition: 3,
            offset: 44,
        }),
    }
}

pub fn deal(deal_id: &str, version: u64, client: u128) -> Deal<'_> {
    Deal {
        tenant: 0,
        deal_id,
        version,
        client: Ident(client),
        state: Some(deal_state()),
    }
}

pub fn deal_state() -> DealState<'static> {
    DealState {
        status: "won",
        stage: "",
        pipeline: "",
        manager_id: "",
        created_at: 1_700_000_000_000,
        won_at: Some(1_700_000_100_001),
        gross: 1_000_000,
        refunds: 200_000,
        revenue: 800_000,
        cost: 300_000,
        profit: 500_000,
        created_touch: Some(TouchRef {
            topic: TouchTopic::Web,
            event_id: "1",
        }),
        created_dimension: 0,
        earlier_events: 0,
        events: Vec::new(),
    }
}

pub fn identity(identifier: u128, version: u64, client: u128) -> Identity<'static> {
    Identity {
        tenant: 0,
        identifier: Ident(identifier),
        kind: "phone",
        version,
        client: Ident(client),
        is_erased: false,
    }
}

pub fn cost(date: i32, hour: Option<u8>, version: u64, cost: i64) -> Cost {
    Cost {
        tenant: 0,
        date,
        hour,
        dimension: 0,
        version,
        cost,
        impressions: 20,
        clicks: 2,
    }
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

pub fn credit_cell(hour: i32, partition: u32, version: u64, shares: Vec<CellShare>) -> CreditCell {
    CreditCell {
        tenant: 0,
        basis: Basis::Conversion,
        hour,
        day: hour.div_euclid(24),
        dimension: 0,
        partition,
        version,
        shares,
    }
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

/// A tenant with both models, as one partition writes it.
pub fn tenant(tenant: u32, partition: u32) -> Tenant<'static> {
    Tenant {
        tenant,
        partition,
        version: 1,
        time_zone: "Asia/Tokyo",
        currency: "RUB",
        models: vec![0, 1],
    }
}

/// The share of a touch by a model, in millionths and 1/10000.
pub fn credit_share(model: u32, touch: u32, credit_ppm: i64, revenue: i64) -> CreditShare {
    CreditShare {
        model,
        touch,
        credit_ppm,
        gross: revenue,
        revenue,
        profit: -revenue,
    }
}

/// Of visits by their event ids; one that is empty stands for nobody.
pub fn credit(
    deal_id: &'static str,
    version: u64,
    touches: &[(&'static str, u32)],
    shares: Vec<CreditShare>,
) -> Credit<'static> {
    let touches = touches.iter().map(|&(event_id, dimension)| CreditTouch {
        touch: (!event_id.is_empty()).then_some(TouchRef {
            topic: TouchTopic::Web,
            event_id,
        }),
        at: 1_700_000_000_123,
        kind: if event_id.is_empty() { "" } else { "visit" },
        dimension,
    });
    Credit {
        tenant: 0,
        deal_id,
        version,
        client: Ident(0xa),
        state: (!shares.is_empty()).then(|| CreditState {
            won_at: 1_700_000_100_001,
            touches: touches.collect(),
            shares,
        }),
    }
}
