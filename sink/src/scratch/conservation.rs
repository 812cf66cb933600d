//! Whether the views conserve what was earned: for every model, the credit of
//! all channels is that of the won deals, and their revenue is the deals'. Where
//! persons were erased, their deals are counted and not shown, so what is counted
//! may be more: tombstones of deals tell of them, and pseudonyms when those are
//! deleted.

use clickhouse::Row;
use serde::Deserialize;

use super::Scratch;
use super::judge::tenant_param;
use crate::error::SinkError;

/// Sums of a tenant and model. Credit is in parts of a million, money in the
/// tenant's currency.
#[derive(Row, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Imbalance {
    /// The tenant.
    pub tenant: String,
    /// The model.
    pub model: String,
    /// A million for each won deal.
    pub won_ppm: i64,
    /// The revenue of the won deals.
    pub won_revenue: String,
    /// Credit by deals (the view `credits`).
    pub credit_ppm: i64,
    /// Revenue there.
    pub credit_revenue: String,
    /// Credit by the hour of the conversion (the view `channel_hourly`).
    pub conversion_ppm: i64,
    /// Revenue there.
    pub conversion_revenue: String,
    /// Credit by the hour of the touch.
    pub touch_ppm: i64,
    /// Revenue there.
    pub touch_revenue: String,
}

/// What came of the sums.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// How many pairs of a tenant and a model were looked at.
    pub checked: u64,
    /// Those whose sums do not agree.
    pub unequal: Vec<Imbalance>,
}

impl Scratch {
    /// Adds the views up, of one tenant or all. They show tables that change
    /// one after the other: only of a line at rest must the sums agree.
    pub fn sums(&self, tenant: Option<&str>) -> Result<Sums, SinkError> {
        let of_tenant = tenant.map_or("1", |_| "tenant = {tenant:String}");
        let from = format!(
            "WITH settings AS (SELECT tenant, argMax(models, version) AS all_models \
             FROM tenant_versions FINAL WHERE {of_tenant} \
             AND generation = (SELECT max(generation) FROM generations) GROUP BY tenant) \
             SELECT toString(tenant) AS tenant, toString(model) AS model, \
             sum(parts[1]) AS won_ppm, toString(sum(money[1])) AS won_revenue, \
             sum(parts[2]) AS credit_ppm, toString(sum(money[2])) AS credit_revenue, \
             sum(parts[3]) AS conversion_ppm, toString(sum(money[3])) AS conversion_revenue, \
             sum(parts[4]) AS touch_ppm, toString(sum(money[4])) AS touch_revenue \
             FROM ({}) GROUP BY tenant, model",
            PARTS
                .map(|part| format!("{part} WHERE {of_tenant} GROUP BY tenant, model"))
                .join(" UNION ALL ")
        );
        let params = tenant_param(tenant);
        let context = "add up the views";
        let checked =
            self.real
                .rows_with(context, &format!("SELECT count() FROM ({from})"), &params)?;
        let unequal = self.real.rows_with(
            context,
            &format!(
                "SELECT * FROM ({from}) WHERE credit_ppm != won_ppm OR credit_revenue != won_revenue \
                 OR touch_ppm != conversion_ppm OR touch_revenue != conversion_revenue \
                 OR conversion_ppm < won_ppm \
                 OR toDecimal128(conversion_revenue, 4) < toDecimal128(won_revenue, 4) \
                 OR ((conversion_ppm != won_ppm OR conversion_revenue != won_revenue) \
                 AND tenant NOT IN (SELECT toString(tenant) FROM erased_identifiers \
                 UNION DISTINCT SELECT toString(tenant) FROM deal_versions WHERE is_deleted = 1)) \
                 ORDER BY tenant, model"
            ),
            &params,
        )?;
        Ok(Sums {
            checked: checked.first().copied().unwrap_or(0),
            unequal,
        })
    }
}

/// What is added up: won deals, credits, and both bases of the cells.
const PARTS: [&str; 4] = [
    "SELECT tenant, model, [1000000 * toInt64(count()), 0, 0, 0] AS parts, \
     [sum(revenue), toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4)] AS money \
     FROM (SELECT tenant, all_models, if(won_at IS NULL, 0, 1) AS won, revenue FROM deals \
     INNER JOIN settings USING (tenant) WHERE won_at IS NOT NULL) ARRAY JOIN all_models AS model",
    "SELECT tenant, model, [0, sum(credit_ppm), 0, 0], \
     [toDecimal128(0, 4), sum(revenue), toDecimal128(0, 4), toDecimal128(0, 4)] FROM credits",
    "SELECT tenant, model, [0, 0, sumIf(conversions_ppm, basis = 'conversion'), 0], \
     [toDecimal128(0, 4), toDecimal128(0, 4), sumIf(revenue, basis = 'conversion'), toDecimal128(0, 4)] \
     FROM channel_hourly",
    "SELECT tenant, model, [0, 0, 0, sumIf(conversions_ppm, basis = 'touch')], \
     [toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), sumIf(revenue, basis = 'touch')] \
     FROM channel_hourly",
];
