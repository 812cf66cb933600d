//! What rows cost the sink, from the record's bytes to those of a block.
//!
//! Ids all differ; sources repeat as they do in a processor's records.

#![expect(missing_docs, reason = "the macros of criterion make a function")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use throughline_proto::Ident;
use throughline_proto::flat::ContentHash;
use throughline_proto::rollups::{
    Basis, BatchWriter, CellShare, Credit, CreditCell, CreditShare, CreditState, CreditTouch,
    Dimension, Identity, Origin, Row, TouchRef, TouchState, TouchTopic, Touchpoint, TrafficCell,
};
use throughline_sink::blocks::Blocks;
use throughline_sink::rows::append;

/// As the program allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of a block.
const ROWS: u32 = 100_000;
/// Records of a block.
const RECORDS: u32 = 20;
/// Sources of a record.
const DIMENSIONS: u32 = 200;
/// Models of the tenant.
const MODELS: u32 = 5;

/// Measures a block of rows that `make` gives by their number.
fn encode<'a, T: Row<'a>>(c: &mut Criterion, name: &str, rows: u32, make: impl Fn(u32) -> T) {
    let a_record = rows / RECORDS;
    let records: Vec<_> = (0..RECORDS)
        .map(|record| {
            let mut batch = BatchWriter::new(T::TABLE);
            batch.tenants.push(&"default");
            for number in 0..DIMENSIONS {
                batch.dimensions.push(&Dimension {
                    channel: ["Paid Search", "Organic Social", "Referral"][number as usize % 3],
                    source: ["google", "yandex", "vk", "telegram"][number as usize % 4],
                    medium: ["cpc", "social", "referral"][number as usize % 3],
                    campaign: format!("campaign-{number}").as_str(),
                    content: "",
                    term: "",
                });
            }
            for model in 0..MODELS {
                batch.models.push(&format!("model_{model}").as_str());
            }
            batch.topics.push(&"web");
            for row in 0..a_record {
                batch.push(&make(record * a_record + row));
            }
            batch.finish(1)
        })
        .collect();
    let mut group = c.benchmark_group("encode");
    group.throughput(Throughput::Elements(u64::from(rows)));
    group.bench_function(name, |b| {
        let mut blocks = Blocks::default();
        b.iter(|| {
            for record in &records {
                append(record, &mut blocks).expect("the record is sound");
            }
            black_box(blocks.take(|_| true));
        });
    });
}

/// An id that looks like any other.
fn id(number: u32) -> Ident {
    Ident(u128::from(number) * 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

fn touchpoints(c: &mut Criterion) {
    let ids: Vec<_> = (0..ROWS).map(|id| format!("event-{id:09}")).collect();
    encode(c, "touchpoints", ROWS, |number| Touchpoint {
        tenant: 0,
        topic: TouchTopic::Web,
        event_id: &ids[number as usize],
        content: ContentHash(u64::from(number)),
        version: u64::from(number) << 16,
        client: id(number / 8),
        state: Some(TouchState {
            at: 1_767_225_600_000 + i64::from(number),
            kind: "visit",
            dimension: number * 7 % DIMENSIONS,
            origin: Some(Origin {
                topic: 0,
                partition: 3,
                offset: i64::from(number),
            }),
        }),
    });
}

fn identities(c: &mut Criterion) {
    encode(c, "identities", ROWS, |number| Identity {
        tenant: 0,
        identifier: id(number),
        kind: "visitor_id",
        version: u64::from(number) << 16,
        client: id(number / 4),
        is_erased: false,
    });
}

fn traffic_cells(c: &mut Criterion) {
    encode(c, "traffic cells", ROWS, |number| TrafficCell {
        hour: 490_000 + (number % 700).cast_signed(),
        day: 20_400,
        dimension: number * 7 % DIMENSIONS,
        version: u64::from(number) << 16,
        visits: 12,
        leads: 1,
        spend: 123_456,
        ..TrafficCell::default()
    });
}

fn credit_cells(c: &mut Criterion) {
    let share = |model| CellShare {
        model,
        conversions_ppm: 333_333,
        gross: 1_234_567,
        revenue: 1_234_567,
        profit: 234_567,
    };
    encode(c, "credit cells", ROWS, |number| CreditCell {
        tenant: 0,
        basis: Basis::Touch,
        hour: 490_000 + (number % 700).cast_signed(),
        day: 20_400,
        dimension: number * 7 % DIMENSIONS,
        partition: 1,
        version: u64::from(number) << 16,
        shares: (0..MODELS).map(share).collect(),
    });
}

/// Deals of eight touches each: a block of them has as many bytes as others.
const DEALS: u32 = 5_000;

fn credits(c: &mut Criterion) {
    let ids: Vec<_> = (0..DEALS).map(|id| format!("deal-{id:09}")).collect();
    let share = |share: u32| CreditShare {
        model: share / 8,
        touch: share % 8,
        credit_ppm: 125_000,
        gross: 1_234_567,
        revenue: 1_234_567,
        profit: 234_567,
    };
    encode(c, "credits", DEALS, |number| Credit {
        tenant: 0,
        deal_id: &ids[number as usize],
        version: u64::from(number) << 16,
        client: id(number),
        state: Some(CreditState {
            won_at: 1_767_225_600_000,
            touches: (0..8)
                .map(|touch| CreditTouch {
                    touch: Some(TouchRef {
                        topic: TouchTopic::Web,
                        event_id: &ids[touch as usize],
                    }),
                    at: 1_767_225_600_000,
                    kind: "visit",
                    dimension: (number * 7 + touch) % DIMENSIONS,
                })
                .collect(),
            shares: (0..8 * MODELS).map(share).collect(),
        }),
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = touchpoints, identities, traffic_cells, credit_cells, credits
}
criterion_main!(benches);
