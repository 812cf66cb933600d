-- Credit of a deal that is not won, or that the CRM never spoke of.
select
    credits.tenant as tenant,
    credits.deal_id as deal_id,
    credits.model as model,
    credits.revenue as revenue
from {{ throughline_view('credits') }} as credits
left anti join (
    select tenant, deal_id
    from {{ throughline_view('deals') }}
    where won_at is not null
) as won on won.tenant = credits.tenant and won.deal_id = credits.deal_id
