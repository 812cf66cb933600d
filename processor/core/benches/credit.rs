//! What it costs to split the credit of a won deal over all models.

#![expect(missing_docs, reason = "the macros of criterion make a function")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use throughline_core::Ident;
use throughline_core::Rules;
use throughline_core::credit::credits;
use throughline_core::deal::DealState;
use throughline_core::derive::{Derived, Touch, TouchKey, TouchKind, TouchTopic};
use throughline_core::fact::DealStatus;
use throughline_core::ids::{DAY_MS, HOUR_MS};
use throughline_core::model::{Model, Shares, Weighing};
use throughline_core::names::Names;
use throughline_core::rules::TenantRules;

/// 2026-03-01T00:00:00Z.
const WON_AT: i64 = 1_772_323_200_000;
/// Touches of a journey: a short one, a usual one, and that of a regular.
const TOUCHES: [usize; 3] = [2, 10, 200];

/// The eight models of the defaults.
struct Defaults;

impl Rules for Defaults {
    fn tenant(&self, _: &str) -> TenantRules {
        let shares = |first, lead_creation, deal_creation, last, rest| {
            Weighing::Milestones(Shares {
                first,
                lead_creation,
                deal_creation,
                last,
                rest,
            })
        };
        let half_life_ms = 7 * DAY_MS.unsigned_abs();
        let models = [
            ("first_touch", shares(1, 0, 0, 0, 0)),
            ("last_touch", shares(0, 0, 0, 1, 0)),
            ("last_non_direct", shares(0, 0, 0, 1, 0)),
            ("linear", shares(0, 0, 0, 0, 1)),
            ("time_decay", Weighing::TimeDecay { half_life_ms }),
            ("position_based", shares(40, 0, 0, 40, 20)),
            ("w_shaped", shares(30, 30, 30, 0, 10)),
            ("full_path", shares(225, 225, 225, 225, 100)),
        ];
        let models = models.map(|(name, weighing)| Model {
            name: name.into(),
            direct_counts: name == "last_touch",
            weighing,
        });
        TenantRules {
            lookback_ms: 90 * DAY_MS,
            reset_on_conversion: false,
            models: models.into(),
        }
    }

    fn channel(&self, _: &str, source: &str, _: &str, _: &str) -> String {
        let is_direct = source == "(direct)";
        if is_direct { "Direct" } else { "Paid Search" }.to_owned()
    }

    fn day(&self, _: &str, at: i64) -> i32 {
        at.div_euclid(DAY_MS) as i32
    }

    fn hours(&self, _: &str, date: i32, hour: Option<u8>) -> (i32, u32) {
        hour.map_or((date * 24, 24), |hour| (date * 24 + i32::from(hour), 1))
    }

    fn convert(&self, _: &str, _: [u8; 3], _: i32, minor: i64) -> Option<i64> {
        Some(minor)
    }
}

fn credit(criterion: &mut Criterion) {
    let mut names = Names::default();
    let tenant = names.tenant_id("default", &Defaults);
    let deal = DealState {
        ident: Ident(7),
        deal_id: "d7".into(),
        status: DealStatus::Won,
        stage: "".into(),
        pipeline: "".into(),
        manager_id: "".into(),
        created_at: WON_AT - DAY_MS,
        won_at: Some(WON_AT),
        gross: 1_234_567,
        refunds: 0,
        cost: 234_567,
        rate_missing: false,
        events: 1,
        creation: None,
    };
    let mut group = criterion.benchmark_group("credit");
    for count in TOUCHES {
        let touches = (0..count).map(|index| {
            let campaign = format!("campaign-{}", index % 40);
            // One in seven comes by itself.
            let source = match index % 7 {
                0 => names.tenant(tenant).direct,
                _ => names.source(tenant, ["google", "cpc", &campaign, "", ""], &Defaults),
            };
            Touch {
                key: TouchKey {
                    at: WON_AT - (count - index) as i64 * 6 * HOUR_MS,
                    topic: TouchTopic::Web,
                    id: format!("e{index:010}").into(),
                    content: index as u64,
                },
                kind: TouchKind::Visit,
                source,
                origin: None,
            }
        });
        let derived = Derived {
            touches: touches.collect(),
            leads: Vec::new(),
            calls: Vec::new(),
            deals: vec![deal.clone()],
        };
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("touches", count), |bencher| {
            bencher.iter(|| {
                let tenant = names.tenant(tenant);
                black_box(credits(black_box(&deal), &derived, tenant, &names))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, credit);
criterion_main!(benches);
