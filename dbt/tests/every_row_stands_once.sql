-- Each view has one row for each key. A row is a key that has several.
{% set keys = {
    'calls': ['touch_id'],
    'channel_hourly': ['model', 'basis', 'hour', 'channel', 'source', 'medium', 'campaign'],
    'channel_roi': ['model', 'basis', 'day', 'channel'],
    'clients': ['client_id'],
    'costs': ['date', 'hour', 'source', 'medium', 'campaign', 'content', 'term'],
    'credits': ['deal_id', 'model', 'touch_id'],
    'deal_events': ['deal_id', 'position'],
    'deal_stages': ['deal_id', 'place'],
    'deals': ['deal_id'],
    'identities': ['identifier'],
    'journeys': ['deal_id'],
    'links': ['identifier', 'other_identifier'],
    'tenants': [],
    'touchpoints': ['touch_id'],
    'traffic_hourly': ['hour', 'channel', 'source', 'medium', 'campaign'],
} %}
{% for view, columns in keys.items() %}
select '{{ view }}' as view, tenant, toString(tuple({{ (['tenant'] + columns) | join(', ') }})) as key, count() as times
from {{ throughline_view(view) }}
group by {{ (['tenant'] + columns) | join(', ') }}
having times > 1
{{ 'union all' if not loop.last }}
{% endfor %}
