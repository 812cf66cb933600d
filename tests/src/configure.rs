//! The reference's settings as the line is configured by them.

use std::sync::Arc;
use std::time::Duration;

use crate::reference::Settings;
use crate::reference::settings::{Rule, Tenant};
use throughline_channels::{Channels, Preset, RuleSpec, SourceLists};
use throughline_ingest::{
    IdentKey, IdentKeys, Limits, RateSpan, RejectedShares, ShareLimits, StaticNumber, TenantConfig,
};
use throughline_processor::purge::When;
use throughline_processor::{Attribution, Model, Shares, TenantSettings, Weighing};
use throughline_proto::money::{Currency, Rate, Rates};
use throughline_proto::rollups::Table;
use throughline_proto::topics::{self, RawTopic};

/// Ingest as the settings say.
pub fn ingest(settings: &Settings, partitions: u32) -> throughline_ingest::Config {
    let tenants = settings.tenants.iter();
    throughline_ingest::Config {
        topics: RawTopic::ALL
            .into_iter()
            .map(|topic| (topic.name().into(), topic))
            .collect(),
        events_topic: topics::EVENTS.into(),
        events_partitions: partitions,
        dead_letters_topic: topics::DEAD_LETTERS.into(),
        default_tenant: ingest_tenant(&settings.default),
        tenants: tenants
            .map(|(name, tenant)| (name.clone(), ingest_tenant(tenant)))
            .collect(),
        lists: Arc::new(SourceLists::new()),
        keys: IdentKeys::new(IdentKey::new(&[7; 32])),
        limits: Limits::default(),
        shares: RejectedShares::new(ShareLimits::default()),
    }
}

fn ingest_tenant(tenant: &Tenant) -> TenantConfig {
    let numbers = tenant
        .static_numbers
        .iter()
        .map(|(number, source)| StaticNumber {
            number: number.clone(),
            source: source.source.clone(),
            medium: source.medium.clone(),
            campaign: source.campaign.clone(),
        });
    let rates = tenant.rates.keys().map(|(currency, date)| RateSpan {
        currency: currency.clone(),
        from: *date,
        until: Some(*date),
    });
    TenantConfig {
        time_zone: tenant.zone,
        currency: tenant.currency.clone(),
        phone_region: tenant.phone_region.clone(),
        excluded_referrers: tenant.excluded_referrers.clone(),
        static_numbers: numbers.collect(),
        rates: rates.collect(),
    }
}

/// A processor of this many partitions.
pub fn processor(partitions: u32) -> throughline_processor::Config {
    throughline_processor::Config {
        events_topic: topics::EVENTS.into(),
        events_partitions: partitions,
        rollups_topic: topics::ROLLUPS.into(),
        rollups_partitions: 2,
        checkpoint_interval: Duration::from_millis(5),
        publish_interval: Duration::from_millis(1),
        checkpoint_records: 3,
        poll_wait: Duration::ZERO,
        record_bytes: 4096,
        tables: &Table::ALL,
        cells_at_end: false,
        cached_nodes: 100,
        cached_chunks: 100,
        max_touches: 10_000,
        max_items: 100_000,
        max_partners: 1000,
        purge: When::Told(Arc::default()),
    }
}

/// The rules as the settings say.
///
/// # Panics
///
/// When the settings name what no currency or rate is.
pub fn rules(settings: &Settings) -> Attribution {
    rules_of_generation(1, settings, &[])
}

/// The rules of a generation, with channel rules of its own before the preset's.
///
/// # Panics
///
/// When the settings name what no currency or rate is.
pub fn rules_of_generation(
    generation: u32,
    settings: &Settings,
    channels: &[RuleSpec],
) -> Attribution {
    let rules_of = |tenant| rules_of(tenant, channels);
    let tenants = settings.tenants.iter();
    let tenants = tenants
        .map(|(name, tenant)| (name.clone(), rules_of(tenant)))
        .collect();
    let canonical = format!("test {generation}");
    Attribution::new(generation, rules_of(&settings.default), tenants, &canonical)
}

fn rules_of(tenant: &Tenant, channels: &[RuleSpec]) -> TenantSettings {
    let mut rates = Rates::default();
    for ((currency, date), rate) in &tenant.rates {
        let day = date
            .signed_duration_since(chrono::NaiveDate::default())
            .num_days() as i32;
        let currency = Currency::parse(currency).expect("a currency");
        let millionths = format!("{:07}", rate.in_units(6));
        let (whole, fraction) = millionths.split_at(millionths.len() - 6);
        rates.set(
            currency,
            day,
            Rate::parse(&format!("{whole}.{fraction}")).expect("a rate"),
        );
    }
    let models = tenant.models.iter().map(|model| Model {
        name: model.name.as_str().into(),
        direct_counts: model.direct_counts,
        weighing: match model.rule {
            Rule::First => Weighing::Milestones(Shares {
                first: 1,
                ..Shares::default()
            }),
            Rule::Last => Weighing::Milestones(Shares {
                last: 1,
                ..Shares::default()
            }),
            Rule::Linear => Weighing::Milestones(Shares {
                rest: 1,
                ..Shares::default()
            }),
            Rule::TimeDecay { half_life_ms } => Weighing::TimeDecay {
                half_life_ms: half_life_ms as u64,
            },
            Rule::Milestones(shares) => Weighing::Milestones(Shares {
                first: shares.first,
                lead_creation: shares.lead,
                deal_creation: shares.deal,
                last: shares.last,
                rest: shares.rest,
            }),
        },
    });
    TenantSettings {
        time_zone: tenant.zone,
        currency: Currency::parse(&tenant.currency).expect("a currency"),
        lookback_days: tenant.lookback_days as u32,
        reset_on_conversion: tenant.reset_on_conversion,
        models: models.collect(),
        channels: Channels::new(channels, Preset::Ga4, Arc::new(SourceLists::new()))
            .expect("sound channel rules"),
        rates,
    }
}
