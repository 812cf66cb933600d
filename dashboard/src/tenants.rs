//! What the dashboard knows of a tenant: as it is configured, and as the figures
//! were made.

use std::collections::BTreeMap;

use chrono_tz::Tz;

/// A tenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// The name.
    pub name: String,
    /// The zone of the tenant's days.
    pub time_zone: Tz,
    /// The currency, by ISO 4217.
    pub currency: String,
    /// The models in the configured order.
    pub models: Vec<String>,
    /// How long before a deal was won a touch may earn credit, days.
    pub lookback_days: u32,
    /// Whether only touches after the client's previous won deal earn credit.
    pub reset_on_conversion: bool,
    /// Whether there is anything of it in ClickHouse.
    pub is_known: bool,
}

/// The model that is shown unless the address names another one.
const USUAL_MODEL: &str = "linear";

impl Tenant {
    /// The model that is shown unless the address names another one.
    pub fn usual_model(&self) -> &str {
        let mut models = self.models.iter().map(String::as_str);
        let usual = models.clone().find(|name| *name == USUAL_MODEL);
        usual.or_else(|| models.next()).unwrap_or_default()
    }
}

/// The configured tenants: the defaults, and those with settings of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Configured {
    /// What a tenant has that is not named.
    pub defaults: Tenant,
    /// The named ones.
    pub named: BTreeMap<String, Tenant>,
}

/// A row of the view `tenants`.
#[derive(Clone, Debug, clickhouse::Row, serde::Deserialize)]
pub struct TenantRow {
    /// The name.
    pub name: String,
    time_zone: String,
    currency: String,
    models: Vec<String>,
}

impl Configured {
    /// A tenant as it is configured.
    pub fn of(&self, name: &str) -> Tenant {
        let tenant = self.named.get(name).unwrap_or(&self.defaults);
        Tenant {
            name: name.to_owned(),
            is_known: false,
            ..tenant.clone()
        }
    }

    /// A tenant as its figures were made; what the row does not tell is as configured.
    pub fn known(&self, row: TenantRow) -> Tenant {
        let configured = self.of(&row.name);
        Tenant {
            time_zone: row.time_zone.parse().unwrap_or(configured.time_zone),
            currency: row.currency,
            models: row.models,
            is_known: true,
            ..configured
        }
    }
}
