-- A touch that has credit is a touch of the same client, at the same moment, of
-- the same channel. Credit with an empty touch_id is nobody's (Unattributed).
select
    credits.tenant as tenant,
    credits.deal_id as deal_id,
    credits.model as model,
    credits.touch_id as touch_id,
    credits.channel as channel
from {{ throughline_view('credits') }} as credits
left anti join {{ throughline_view('touchpoints') }} as touchpoints
    on
        touchpoints.tenant = credits.tenant
        and touchpoints.touch_id = credits.touch_id
        and touchpoints.client_id = credits.client_id
        and touchpoints.occurred_at = credits.touch_at
        and touchpoints.channel = credits.channel
where credits.touch_id != ''
