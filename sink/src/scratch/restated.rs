//! What other rules would change in what the views show.

use clickhouse::Row;
use serde::Deserialize;

use super::Scratch;
use super::judge::tenant_param;
use crate::error::SinkError;
use crate::table::Table;

/// What a channel earns by a model, now and then. Conversions are in parts of
/// a million, money in 1/10000 of the tenant's currency.
#[derive(Row, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Moved {
    /// The tenant.
    pub tenant: String,
    /// The model.
    pub model: String,
    /// The channel.
    pub channel: String,
    /// Credit that the views show.
    pub conversions_now: i64,
    /// Credit by the other rules.
    pub conversions_then: i64,
    /// Revenue that the views show.
    pub revenue_now: i64,
    /// Revenue by the other rules.
    pub revenue_then: i64,
}

impl Scratch {
    /// The figures of all channels that earn something, now or by the rows that were
    /// reckoned. Needs the cells of credit.
    pub fn restated(&self, tenant: Option<&str>) -> Result<Vec<Moved>, SinkError> {
        let of_tenant = tenant.map_or("1", |_| "tenant = {tenant:String}");
        let cells = self.mine(Table::CreditCells);
        let key = "tenant, basis, hour, channel, source, medium, campaign, partition";
        let sql = format!(
            "SELECT toString(tenant) AS tenant, toString(model) AS model, toString(channel) AS channel, \
             sum(ppm_now) AS conversions_now, sum(ppm_then) AS conversions_then, \
             sum(money_now) AS revenue_now, sum(money_then) AS revenue_then FROM (\
             SELECT tenant, model, channel, sum(conversions_ppm) AS ppm_now, toInt64(0) AS ppm_then, \
             toInt64(sum(revenue) * 10000) AS money_now, toInt64(0) AS money_then \
             FROM channel_hourly WHERE basis = 'conversion' AND {of_tenant} GROUP BY tenant, model, channel \
             UNION ALL \
             SELECT tenant, model, channel, toInt64(0), sum(cell_ppm), toInt64(0), \
             toInt64(sum(cell_revenue) * 10000) FROM (\
             SELECT * FROM {cells} WHERE basis = 'conversion' AND {of_tenant} \
             ORDER BY version DESC LIMIT 1 BY {key}) \
             ARRAY JOIN models AS model, conversions_ppm AS cell_ppm, revenue AS cell_revenue \
             GROUP BY tenant, model, channel) \
             GROUP BY tenant, model, channel \
             HAVING conversions_now != 0 OR conversions_then != 0 OR revenue_now != 0 OR revenue_then != 0 \
             ORDER BY tenant, model, channel"
        );
        self.real
            .rows_with("compare what channels earn", &sql, &tenant_param(tenant))
    }
}
