{# A view of Throughline, or of it the rows of the tenant that throughline_tenant names. #}
{%- macro throughline_view(name) -%}
    {%- set tenant = var('throughline_tenant', '') -%}
    {%- if tenant -%}
        (select * from {{ source('throughline', name) }} where tenant = '{{ tenant | replace("\\", "\\\\") | replace("'", "\\'") }}')
    {%- else -%}
        {{ source('throughline', name) }}
    {%- endif -%}
{%- endmacro -%}
