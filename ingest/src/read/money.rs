//! Amounts of one event: its currency, and whether it can be converted.

use chrono::NaiveDate;

use crate::decode::Field;
use crate::fields::{Fields, TEXT_BYTES};
use crate::money::MinorUnit;
use crate::reject::{Reason, Rejection};
use crate::tenant::Tenant;

/// The currency and the day of an event, which decide the rate.
#[derive(Clone, Copy)]
pub(super) struct Purse<'t> {
    tenant: &'t Tenant,
    day: NaiveDate,
    /// The event's currency, or the tenant's.
    pub currency: MinorUnit,
}

impl<'t> Purse<'t> {
    /// Reads the event's currency.
    pub fn open(
        fields: &Fields<'_, '_>,
        tenant: &'t Tenant,
        day: NaiveDate,
    ) -> Result<Self, Rejection> {
        let currency = match fields.text(Field::Currency, TEXT_BYTES)? {
            None => tenant.currency,
            Some(code) => MinorUnit::of(code).ok_or_else(|| {
                let message = "not an ISO 4217 code of a currency";
                fields.reject(Reason::UnknownCurrency, Field::Currency, message)
            })?,
        };
        Ok(Self {
            tenant,
            day,
            currency,
        })
    }

    /// Reads an amount, in minor units of the event's currency.
    pub fn amount(&self, fields: &Fields<'_, '_>, field: Field) -> Result<Option<i64>, Rejection> {
        let amount = fields.money(field, self.currency)?;
        if amount.is_some() && !self.tenant.has_rate(self.currency, self.day) {
            let message = format!("no rate of {} on {}", self.currency.code, self.day);
            return Err(fields.reject(Reason::NoRate, field, message));
        }
        Ok(amount)
    }
}
