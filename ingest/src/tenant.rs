//! Tenants' settings, checked and ready for use.

use std::collections::BTreeMap;

use bumpalo::Bump;
use chrono::NaiveDate;
use chrono_tz::Tz;
use phonenumber::country;
use rustc_hash::FxHashMap;

use crate::config::{Config, RateSpan, StaticNumber, TenantConfig};
use crate::event::Source;
use crate::money::MinorUnit;
use crate::normalise::Phones;

/// The settings of one tenant.
#[derive(Debug)]
pub struct Tenant {
    /// The zone of its days.
    pub time_zone: Tz,
    /// The currency of events that name none.
    pub currency: MinorUnit,
    /// The country of phones without a country code.
    pub phone_region: country::Id,
    /// Hosts that are never a source, in lower case.
    pub excluded_referrers: Vec<String>,
    /// Sources of calls, by number in E.164 (or trimmed, when it is not valid).
    static_numbers: FxHashMap<String, StaticNumber>,
    rates: Vec<RateSpan>,
}

/// The settings of all tenants.
#[derive(Debug)]
pub struct Tenants {
    default: Tenant,
    named: FxHashMap<String, Tenant>,
}

/// A setting that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("tenant {tenant}: {reason}")]
pub struct TenantError {
    /// The tenant; `default` for the settings of all others.
    pub tenant: String,
    /// What is wrong.
    pub reason: String,
}

impl Tenant {
    /// Whether amounts of a currency can be converted on that day.
    pub fn has_rate(&self, currency: MinorUnit, day: NaiveDate) -> bool {
        currency == self.currency
            || self.rates.iter().any(|rate| {
                rate.currency == currency.code
                    && rate.from <= day
                    && rate.until.is_none_or(|until| day <= until)
            })
    }

    /// The source of calls to a printed number.
    pub fn source_of_number(&self, number: &str) -> Option<Source<'_>> {
        let known = self.static_numbers.get(number)?;
        Some(Source {
            source: &known.source,
            medium: &known.medium,
            campaign: &known.campaign,
            ..Source::default()
        })
    }

    fn new(config: &TenantConfig) -> Result<Self, String> {
        let phone_region: country::Id = config
            .phone_region
            .parse()
            .map_err(|_| format!("there is no phone region {}", config.phone_region))?;
        let currency = MinorUnit::of(&config.currency)
            .ok_or_else(|| format!("there is no currency {}", config.currency))?;
        if let Some(rate) = config
            .rates
            .iter()
            .find(|rate| MinorUnit::of(&rate.currency).is_none())
        {
            return Err(format!("there is no currency {} of a rate", rate.currency));
        }
        let (mut phones, arena) = (Phones::new(2), Bump::new());
        let static_numbers = config
            .static_numbers
            .iter()
            .map(|entry| {
                let number = phones.number(&entry.number, phone_region, &arena);
                let normalised = StaticNumber {
                    number: number.to_owned(),
                    source: entry.source.trim().to_lowercase(),
                    medium: entry.medium.trim().to_lowercase(),
                    campaign: entry.campaign.trim().to_owned(),
                };
                (number.to_owned(), normalised)
            })
            .collect();
        Ok(Self {
            time_zone: config.time_zone,
            currency,
            phone_region,
            excluded_referrers: config
                .excluded_referrers
                .iter()
                .map(|host| host.trim().trim_start_matches("www.").to_lowercase())
                .filter(|host| !host.is_empty())
                .collect(),
            static_numbers,
            rates: config.rates.clone(),
        })
    }
}

impl Tenants {
    /// Checks the settings; every mistake is reported.
    pub fn new(config: &Config) -> Result<Self, Vec<TenantError>> {
        let default = BTreeMap::from([("default".to_owned(), config.default_tenant.clone())]);
        let mut errors = Vec::new();
        let mut read = |tenants: &BTreeMap<String, TenantConfig>| {
            let mut all = FxHashMap::default();
            for (name, tenant) in tenants {
                match Tenant::new(tenant) {
                    Ok(tenant) => drop(all.insert(name.clone(), tenant)),
                    Err(reason) => errors.push(TenantError {
                        tenant: name.clone(),
                        reason,
                    }),
                }
            }
            all
        };
        let default = read(&default).into_values().next();
        let named = read(&config.tenants);
        match default {
            Some(default) if errors.is_empty() => Ok(Self { default, named }),
            _ => Err(errors),
        }
    }

    /// The settings of a tenant; of one that is not configured, the default ones.
    pub fn of(&self, name: &str) -> &Tenant {
        self.named.get(name).unwrap_or(&self.default)
    }
}
