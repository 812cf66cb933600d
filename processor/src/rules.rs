//! The attribution rules of one generation, for every tenant.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::Tz;
use rustc_hash::FxHashMap;
use throughline_channels::Channels;
use throughline_core::model::Model;
use throughline_core::{Rules, TenantRules};
use throughline_proto::hours as calendar;
use throughline_proto::money::{Currency, Rates};

/// Decimal digits of money in rollups: 1/10000 of the currency.
const ROW_DIGITS: u32 = 4;

/// Days and hours of days whose UTC hours are remembered.
const MAX_SPANS: usize = 100_000;

/// What one tenant's figures are made by.
#[derive(Clone, Debug)]
pub struct TenantSettings {
    /// The zone of the tenant's days.
    pub time_zone: Tz,
    /// The currency of the tenant's figures.
    pub currency: Currency,
    /// How long before a conversion a touch may earn credit, days.
    pub lookback_days: u32,
    /// Only touches after the client's previous won deal earn credit.
    pub reset_on_conversion: bool,
    /// The models in order.
    pub models: Vec<Model>,
    /// The channel rules.
    pub channels: Channels,
    /// Rates of other currencies.
    pub rates: Rates,
}

/// A day (since the epoch) or an hour of it, by the clocks of a zone.
type LocalTime = (Tz, i32, Option<u8>);

/// The attribution rules of one generation.
#[derive(Debug)]
pub struct Attribution {
    generation: u32,
    fingerprint: u64,
    defaults: TenantSettings,
    tenants: BTreeMap<String, TenantSettings>,
    /// Days of hours by time zone: each hour is asked for many times.
    days: Mutex<FxHashMap<(Tz, i32), i32>>,
    /// The hours of days and of hours of days, likewise.
    spans: Mutex<FxHashMap<LocalTime, (i32, u32)>>,
    /// The newest day that an amount in another currency was of.
    rated_through: AtomicI32,
}

impl Attribution {
    /// The rules of a generation. `canonical` is the text of everything but
    /// rates that figures depend on: when it changes, the generation has to.
    pub fn new(
        generation: u32,
        defaults: TenantSettings,
        tenants: BTreeMap<String, TenantSettings>,
        canonical: &str,
    ) -> Self {
        let mut hasher = rustc_hash::FxHasher::default();
        canonical.hash(&mut hasher);
        let fingerprint = hasher.finish();
        Self {
            generation,
            fingerprint,
            defaults,
            tenants,
            days: Mutex::default(),
            spans: Mutex::default(),
            rated_through: AtomicI32::new(i32::MIN),
        }
    }

    /// The generation's number.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// A fingerprint of everything that figures depend on, but for rates.
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The newest day (since the epoch) that an amount in another currency was
    /// of: rates that begin later have changed no figure yet.
    pub fn rated_through(&self) -> i32 {
        self.rated_through.load(Ordering::Relaxed)
    }

    /// Goes on from figures that were made with rates up to a day.
    pub fn rate_through(&self, day: i32) {
        self.rated_through.fetch_max(day, Ordering::Relaxed);
    }

    /// A fingerprint of the rates that concern days up to `last`.
    pub fn rates_fingerprint(&self, last: i32) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        let named = self.tenants.iter();
        let named = named.map(|(name, settings)| (name.as_str(), settings));
        for (name, settings) in named.chain([("", &self.defaults)]) {
            for (currency, from_day, rate) in settings.rates.through(last) {
                (name, currency.code(), from_day, rate).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// A tenant's settings; the defaults when it has none of its own.
    pub fn settings(&self, tenant: &str) -> &TenantSettings {
        self.tenants.get(tenant).unwrap_or(&self.defaults)
    }

    /// The day in the tenant's zone that an hour (since the epoch, UTC) falls
    /// on, in days since the epoch.
    pub fn day_of_hour(&self, tenant: &str, hour: i32) -> i32 {
        let zone = self.settings(tenant).time_zone;
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        *days
            .entry((zone, hour))
            .or_insert_with(|| local_day(zone, i64::from(hour) * 3600))
    }

    /// A minor unit of the tenant's currency in the unit of rows.
    pub fn unit(&self, tenant: &str) -> i64 {
        let digits = self.settings(tenant).currency.digits().min(ROW_DIGITS);
        10_i64.pow(ROW_DIGITS - digits)
    }
}

/// The UTC hours of a day, or of one hour of it. Dates that no calendar has are
/// refused where costs are read.
fn hours_of(zone: Tz, date: i32, hour: Option<u8>) -> (i32, u32) {
    let date = NaiveDate::default()
        .checked_add_signed(TimeDelta::days(i64::from(date)))
        .unwrap_or_default();
    let span = match hour {
        Some(hour) => calendar::hour(zone, date, hour.into()),
        None => calendar::day(zone, date),
    };
    (span.first, span.count.max(1))
}

fn local_day(zone: Tz, seconds: i64) -> i32 {
    let moment = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let local = zone.from_utc_datetime(&moment.naive_utc()).date_naive();
    local.signed_duration_since(NaiveDate::default()).num_days() as i32
}

impl Rules for Attribution {
    fn tenant(&self, tenant: &str) -> TenantRules {
        let settings = self.settings(tenant);
        TenantRules {
            lookback_ms: i64::from(settings.lookback_days) * throughline_core::ids::DAY_MS,
            reset_on_conversion: settings.reset_on_conversion,
            models: Arc::from(settings.models.as_slice()),
        }
    }

    fn channel(&self, tenant: &str, source: &str, medium: &str, campaign: &str) -> String {
        self.settings(tenant)
            .channels
            .channel(source, medium, campaign)
            .to_owned()
    }

    fn day(&self, tenant: &str, at: i64) -> i32 {
        let zone = self.settings(tenant).time_zone;
        calendar::local_day(zone, at).map_or_else(
            || at.div_euclid(throughline_core::ids::DAY_MS) as i32,
            calendar::days_since_epoch,
        )
    }

    fn hours(&self, tenant: &str, date: i32, hour: Option<u8>) -> (i32, u32) {
        let zone = self.settings(tenant).time_zone;
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.len() >= MAX_SPANS {
            spans.clear();
        }
        *spans
            .entry((zone, date, hour))
            .or_insert_with(|| hours_of(zone, date, hour))
    }

    fn convert(&self, tenant: &str, currency: [u8; 3], date: i32, minor: i64) -> Option<i64> {
        let settings = self.settings(tenant);
        let from = Currency::from_code_bytes(currency);
        if from != settings.currency {
            self.rate_through(date);
        }
        settings.rates.convert(minor, from, settings.currency, date)
    }
}
