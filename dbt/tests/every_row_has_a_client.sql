-- Calls, deals and touches of clients that are not known.
{% for view in ['calls', 'deals', 'touchpoints'] %}
select
    '{{ view }}' as view,
    told.tenant as tenant,
    told.client_id as client_id,
    count() as rows_without_client
from {{ throughline_view(view) }} as told
left anti join {{ throughline_view('clients') }} as clients
    on clients.tenant = told.tenant and clients.client_id = told.client_id
group by tenant, client_id
{{ 'union all' if not loop.last }}
{% endfor %}
