//! What the fold needs to know of the configuration, as values.

use std::sync::Arc;

use crate::model::Model;

/// What a tenant's figures are made by.
#[derive(Clone, Debug)]
pub struct TenantRules {
    /// How long before a conversion a touch may earn credit, milliseconds.
    pub lookback_ms: i64,
    /// Only touches after the client's previous won deal earn credit.
    pub reset_on_conversion: bool,
    /// The models, in the order of the configuration.
    pub models: Arc<[Model]>,
}

/// The rules of one generation.
pub trait Rules: Send + Sync {
    /// The rules of a tenant; one that is not configured has the defaults.
    fn tenant(&self, tenant: &str) -> TenantRules;

    /// The channel of a source.
    fn channel(&self, tenant: &str, source: &str, medium: &str, campaign: &str) -> String;

    /// The day (since the epoch) that a moment falls on by the tenant's clocks.
    fn day(&self, tenant: &str, at: i64) -> i32;

    /// The UTC hours of a day by the tenant's clocks, or of one hour of that
    /// day: the first one, since the epoch, and how many (at least one).
    fn hours(&self, tenant: &str, date: i32, hour: Option<u8>) -> (i32, u32);

    /// `minor` units of `currency` in minor units of the tenant's own, at the
    /// rate of the day `date` (days since the epoch), rounded half away from
    /// zero; `None` when there is no rate.
    fn convert(&self, tenant: &str, currency: [u8; 3], date: i32, minor: i64) -> Option<i64>;
}
