//! The reference's settings as a configuration file of the program.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use throughline_tests::reference::Settings;
use throughline_tests::reference::settings::Tenant;

/// The section `tenants`.
///
/// The models are those of the defaults, in the program as in the reference.
pub fn tenants(settings: &Settings) -> Value {
    let named: BTreeMap<_, _> = settings
        .tenants
        .iter()
        .map(|(name, settings)| (name, tenant(settings)))
        .collect();
    json!({"defaults": tenant(&settings.default), "named": named})
}

fn tenant(tenant: &Tenant) -> Value {
    let numbers: BTreeMap<_, _> = tenant
        .static_numbers
        .iter()
        .map(|(number, from)| {
            let source = json!({
                "source": from.source, "medium": from.medium, "campaign": from.campaign,
            });
            (number, source)
        })
        .collect();
    let mut rates: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for ((currency, date), rate) in &tenant.rates {
        // The reference may have one for the tenant's own currency, which the program refuses.
        if *currency != tenant.currency {
            let millionths = format!("{:07}", rate.in_units(6));
            let (whole, fraction) = millionths.split_at(millionths.len() - 6);
            let rate = format!("{whole}.{fraction}");
            let rates = rates.entry(currency).or_default();
            rates.push(json!({"from": date.to_string(), "rate": rate}));
        }
    }
    json!({
        "time_zone": tenant.zone.name(),
        "currency": tenant.currency,
        "phone_region": tenant.phone_region,
        "lookback_days": tenant.lookback_days,
        "reset_on_conversion": tenant.reset_on_conversion,
        "numbers": numbers,
        "excluded_referrers": tenant.excluded_referrers,
        "currency_rates": rates,
    })
}
