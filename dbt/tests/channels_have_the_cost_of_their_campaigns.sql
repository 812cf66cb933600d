-- What channels spent is what the ad platforms said: traffic_hourly and
-- channel_roi against costs. channel_roi says it beside every model and basis.
with said as (
    select 'costs' as view, tenant, channel, sum(cost) as spend, 1 as times
    from {{ throughline_view('costs') }}
    group by tenant, channel
    union all
    select 'traffic_hourly' as view, tenant, channel, sum(spend) as spend, 1 as times
    from {{ throughline_view('traffic_hourly') }}
    group by tenant, channel
    union all
    select 'channel_roi' as view, tenant, channel, sum(spend) as spend, uniqExact(model, basis) as times
    from {{ throughline_view('channel_roi') }}
    group by tenant, channel
)

select
    tenant,
    channel,
    sumIf(spend, view = 'costs') as cost,
    sumIf(spend, view = 'traffic_hourly') as spend_hourly,
    sumIf(spend, view = 'channel_roi') as spend_in_roi,
    maxIf(times, view = 'channel_roi') as times_in_roi
from said
group by tenant, channel
having spend_hourly != cost or spend_in_roi != cost * times_in_roi
