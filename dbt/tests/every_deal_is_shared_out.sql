-- Every model shares out each won deal as a whole: a million millionths, and its
-- amount, revenue and profit to the last digit. A row is a deal and a model of
-- which that is not so.
with models as (
    select tenant, arrayJoin(models) as model
    from {{ throughline_view('tenants') }}
),

shared as (
    select
        tenant,
        deal_id,
        model,
        sum(credit_ppm) as credit_ppm,
        sum(gross) as gross,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ throughline_view('credits') }}
    group by tenant, deal_id, model
)

select
    deals.tenant as tenant,
    deals.deal_id as deal_id,
    models.model as model,
    shared.credit_ppm as shared_ppm,
    deals.gross as gross,
    shared.gross as shared_gross,
    deals.revenue as revenue,
    shared.revenue as shared_revenue,
    deals.profit as profit,
    shared.profit as shared_profit
from {{ throughline_view('deals') }} as deals
inner join models on models.tenant = deals.tenant
left join shared
    on shared.tenant = deals.tenant and shared.deal_id = deals.deal_id and shared.model = models.model
where
    deals.won_at is not null
    and (
        shared.credit_ppm != 1000000
        or shared.gross != deals.gross
        or shared.revenue != deals.revenue
        or shared.profit != deals.profit
    )
