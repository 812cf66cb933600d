//! Money of an event in the tenant's currency.

use std::str::FromStr as _;

use chrono::NaiveDate;
use iso_currency::Currency;
use num_bigint::BigInt;

use super::decimal::power_of_ten;
use super::event::Money;
use super::parse::{Fields, Reason, Rejected, TEXT_BYTES};
use super::settings::Tenant;

/// The largest amount, in major units.
const MAX_MAJOR: i64 = 1_000_000_000_000;

/// Decimal places of the minor unit of a currency; `None` when it has none or is unknown.
pub fn places(code: &str) -> Option<u32> {
    Currency::from_str(code).ok()?.exponent().map(u32::from)
}

/// The currency and the day of an event, which decide the rate.
pub struct Purse<'a> {
    tenant: &'a Tenant,
    date: NaiveDate,
    /// ISO 4217 code.
    pub currency: String,
    places: u32,
}

impl<'a> Purse<'a> {
    /// Reads the event's `currency`; without one it is the tenant's.
    pub fn open(
        fields: &Fields<'_>,
        tenant: &'a Tenant,
        date: NaiveDate,
    ) -> Result<Self, Rejected> {
        let currency = fields
            .text("currency", TEXT_BYTES)?
            .unwrap_or_else(|| tenant.currency.clone());
        let Some(places) = places(&currency) else {
            return Err(fields.reject(Reason::UnknownCurrency, "currency", "not an ISO 4217 code"));
        };
        Ok(Self {
            tenant,
            date,
            currency,
            places,
        })
    }

    /// Reads an amount: rounded to its own minor unit, then converted, and rounded again.
    pub fn amount(&self, fields: &Fields<'_>, name: &str) -> Result<Option<Money>, Rejected> {
        let Some(decimal) = fields.decimal(name)? else {
            return Ok(None);
        };
        let original = decimal.in_units(self.places);
        if original > MAX_MAJOR * power_of_ten(self.places) {
            return Err(fields.reject(Reason::OutOfRange, name, "too much money"));
        }
        let converted = if self.currency == self.tenant.currency {
            original.clone()
        } else {
            let Some(rate) = self.tenant.rates.get(&(self.currency.clone(), self.date)) else {
                return Err(fields.reject(
                    Reason::NoRate,
                    name,
                    format!("no rate of {} on that day", self.currency),
                ));
            };
            let own_places = places(&self.tenant.currency).unwrap_or(2);
            rate.times(&(&original * power_of_ten(own_places)), self.places)
        };
        let integer = |amount: &BigInt| i64::try_from(amount);
        match (integer(&original), integer(&converted)) {
            (Ok(original), Ok(converted)) => Ok(Some(Money {
                original,
                converted,
            })),
            _ => Err(fields.reject(Reason::OutOfRange, name, "too much money")),
        }
    }
}
