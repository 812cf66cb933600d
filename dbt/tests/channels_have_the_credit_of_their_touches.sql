-- The figures by channel are the sums of the credit: channel_roi and
-- channel_hourly, by the day of the deal and by that of the touch, against
-- credits. A row is a channel and model of which they are not.
with credit as (
    select
        tenant,
        model,
        channel,
        sum(credit_ppm) as credit_ppm,
        sum(gross) as gross,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ throughline_view('credits') }}
    group by tenant, model, channel
),

bases as (
    select tenant, model, channel, credit_ppm, gross, revenue, profit, arrayJoin(['conversion', 'touch']) as basis
    from credit
),

said as (
    select
        'channel_roi' as view,
        tenant,
        model,
        basis,
        channel,
        toInt64(sum(conversions) * 1000000) as credit_ppm,
        sum(gross) as gross,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ throughline_view('channel_roi') }}
    group by tenant, model, basis, channel
    union all
    select
        'channel_hourly' as view,
        tenant,
        model,
        basis,
        channel,
        sum(conversions_ppm) as credit_ppm,
        sum(gross) as gross,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ throughline_view('channel_hourly') }}
    group by tenant, model, basis, channel
),

both as (
    select view, tenant, model, basis, channel, credit_ppm, gross, revenue, profit from said
    union all
    select
        arrayJoin(['channel_roi', 'channel_hourly']) as view,
        tenant,
        model,
        basis,
        channel,
        -credit_ppm as credit_ppm,
        -gross as gross,
        -revenue as revenue,
        -profit as profit
    from bases
)

select
    view,
    tenant,
    model,
    basis,
    channel,
    sum(credit_ppm) as credit_ppm_too_many,
    sum(gross) as gross_too_much,
    sum(revenue) as revenue_too_much,
    sum(profit) as profit_too_much
from both
group by view, tenant, model, basis, channel
having credit_ppm_too_many != 0 or gross_too_much != 0 or revenue_too_much != 0 or profit_too_much != 0
