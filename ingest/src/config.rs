//! What the room needs to be told. Plain data, built by the composition root.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use throughline_channels::SourceLists;
use throughline_proto::topics::RawTopic;

use crate::ident::IdentKeys;
use crate::share::RejectedShares;

/// Everything that ingest is configured by.
#[derive(Clone, Debug)]
pub struct Config {
    /// The raw topics by their names in the broker.
    pub topics: Vec<(Arc<str>, RawTopic)>,
    /// The broker's name of the topic `events`.
    pub events_topic: Arc<str>,
    /// How many partitions `events` was created with.
    pub events_partitions: u32,
    /// The broker's name of the topic of rejected records.
    pub dead_letters_topic: Arc<str>,
    /// What a tenant has that is not named below.
    pub default_tenant: TenantConfig,
    /// The tenants with settings of their own.
    pub tenants: BTreeMap<String, TenantConfig>,
    /// Known search engines, social networks and so on.
    pub lists: Arc<SourceLists>,
    /// The keys of the identifiers' hashes.
    pub keys: IdentKeys,
    /// The limits.
    pub limits: Limits,
    /// How many records are rejected of late, shared by the workers of a process.
    pub shares: RejectedShares,
}

/// A tenant's settings, as far as ingest needs them.
#[derive(Clone, Debug)]
pub struct TenantConfig {
    /// The zone of the tenant's days.
    pub time_zone: Tz,
    /// ISO 4217 code of the currency that events without one are in.
    pub currency: String,
    /// ISO 3166 code of the country whose phones are written without a country code.
    pub phone_region: String,
    /// Hosts that are never a source, with all hosts under them.
    pub excluded_referrers: Vec<String>,
    /// Where calls to printed numbers come from.
    pub static_numbers: Vec<StaticNumber>,
    /// On which days which currency has a rate.
    pub rates: Vec<RateSpan>,
}

/// A number of the static call-tracking table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StaticNumber {
    /// The number, in any notation.
    pub number: String,
    /// The source of calls to it.
    pub source: String,
    /// Their medium.
    pub medium: String,
    /// Their campaign.
    pub campaign: String,
}

/// Days on which a currency has a rate into the tenant's. Ingest only checks
/// that there is one; the conversion is the processor's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RateSpan {
    /// ISO 4217 code.
    pub currency: String,
    /// The first day.
    pub from: NaiveDate,
    /// The last day; `None`: for good.
    pub until: Option<NaiveDate>,
}

/// Limits and times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Records of one cycle (poll, work, publish, commit).
    pub cycle_records: usize,
    /// How long a cycle waits for its first record.
    pub poll_wait_ms: u64,
    /// How long a cycle goes on after its first record.
    pub linger_ms: u64,
    /// A record of `events` is published when it is this large.
    pub batch_bytes: usize,
    /// Larger values are rejected.
    pub value_bytes: usize,
    /// Links and registrations remembered as sent.
    pub remembered_links: usize,
    /// Phones and hosts remembered as parsed, and identifiers as hashed.
    pub remembered_values: usize,
}

impl Default for TenantConfig {
    fn default() -> Self {
        Self {
            time_zone: Tz::UTC,
            currency: "RUB".to_owned(),
            phone_region: "RU".to_owned(),
            excluded_referrers: Vec::new(),
            static_numbers: Vec::new(),
            rates: Vec::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cycle_records: 10_000,
            poll_wait_ms: 100,
            linger_ms: 5,
            batch_bytes: 128 * 1024,
            value_bytes: 8 * 1024 * 1024,
            remembered_links: 1_000_000,
            remembered_values: 100_000,
        }
    }
}
