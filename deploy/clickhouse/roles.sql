-- Roles in ClickHouse, each with what it needs and nothing more. Run it as a user
-- with ACCESS MANAGEMENT before the line first starts and again with each new
-- release, before that release starts; every statement may run twice:
--
--     clickhouse-client --user admin --password … < deploy/clickhouse/roles.sql
--
-- and views.sql, which analysts read, after the schema of the release is applied.
-- It needs what server.xml, beside this file, sets. A database of another name
-- is put into all of it by: sed 's/\bthroughline\b\([._]\)/NAME\1/g'.
--
-- ingest and processor have no role: they never speak to ClickHouse.
--
-- Users come after the roles, each by one statement:
--
--     CREATE USER sink      IDENTIFIED BY '…' DEFAULT ROLE throughline_sink;
--     CREATE USER dashboard IDENTIFIED BY '…' DEFAULT ROLE throughline_dashboard;
--     CREATE USER verify    IDENTIFIED BY '…' DEFAULT ROLE throughline_verify;
--     CREATE USER operator  IDENTIFIED BY '…' DEFAULT ROLE throughline_operator;
--     CREATE USER acme__ann IDENTIFIED BY '…' DEFAULT ROLE throughline_analyst;
--
-- The last one is an analyst of the tenant acme: the tenant is what stands before
-- the last two underscores of the name. Who has no such name sees no row.

CREATE ROLE IF NOT EXISTS throughline_sink;
CREATE ROLE IF NOT EXISTS throughline_dashboard;
CREATE ROLE IF NOT EXISTS throughline_verify;
CREATE ROLE IF NOT EXISTS throughline_operator;
CREATE ROLE IF NOT EXISTS throughline_analyst;

-- The sink: makes the schema and brings it up to date, writes, and deletes rows of
-- erased persons and of outdated generations. Materialised views may run with the
-- rights of who made them, so its user must stay (see docs/production.md).
GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP VIEW,
    ALTER ADD COLUMN, ALTER SETTINGS, ALTER ADD INDEX, ALTER MATERIALIZE INDEX, ALTER DROP INDEX,
    SELECT, INSERT, ALTER DELETE
    ON throughline.* TO throughline_sink;
GRANT SELECT ON system.mutations TO throughline_sink;
-- What a view is replaced by the way of.
GRANT DROP TABLE ON throughline._tmp_replace_* TO throughline_sink;
GRANT TABLE ENGINE ON MergeTree TO throughline_sink;
GRANT TABLE ENGINE ON ReplacingMergeTree TO throughline_sink;
GRANT TABLE ENGINE ON AggregatingMergeTree TO throughline_sink;
GRANT TABLE ENGINE ON Buffer TO throughline_sink;

-- The dashboard: reads what its pages show, rejected records for admins among it.
GRANT SELECT ON throughline.* TO throughline_dashboard;
REVOKE SELECT ON throughline.erasure_rows FROM throughline_dashboard;
REVOKE SELECT ON throughline.schema_migrations FROM throughline_dashboard;

-- `throughline verify` and `restate --dry-run`: read, and write in scratch databases beside the
-- real one. For `verify --repair` the user needs the role of the sink as well.
GRANT SELECT ON throughline.* TO throughline_verify;
REVOKE SELECT ON throughline.dead_letters FROM throughline_verify;
REVOKE SELECT ON throughline.dead_letter_versions FROM throughline_verify;
REVOKE SELECT ON throughline.dead_letter_replays FROM throughline_verify;
GRANT CREATE DATABASE, DROP DATABASE, CREATE TABLE, DROP TABLE, SELECT, INSERT, ALTER DELETE
    ON throughline_scratch_*.* TO throughline_verify;
GRANT TABLE ENGINE ON MergeTree TO throughline_verify;

-- `throughline dead-letters` and `identity explain`, by hand.
GRANT SELECT ON throughline.* TO throughline_operator;
GRANT INSERT ON throughline.dead_letter_replays TO throughline_operator;

-- Analysts: the views of views.sql in a database of their own, without rejected
-- records, which hold what producers sent, and nothing of the tables behind
-- them: whoever may SELECT from a table may ask for its primary index
-- (mergeTreeIndex), and row policies do not hold there. So the views read as the
-- reader (SQL SECURITY DEFINER), whom nobody can sign in as.
GRANT SELECT ON throughline_bi.* TO throughline_analyst;
-- What tools ask of tables and columns; it shows those that the user may read.
GRANT SELECT ON information_schema.* TO throughline_analyst;
GRANT SELECT ON INFORMATION_SCHEMA.* TO throughline_analyst;

CREATE USER IF NOT EXISTS throughline_reader IDENTIFIED WITH no_password HOST NONE;
GRANT SELECT ON throughline.channel_roi TO throughline_reader;
GRANT SELECT ON throughline.channel_hourly TO throughline_reader;
GRANT SELECT ON throughline.channel_parts TO throughline_reader;
GRANT SELECT ON throughline.traffic_hourly TO throughline_reader;
GRANT SELECT ON throughline.traffic_parts TO throughline_reader;
GRANT SELECT ON throughline.deals TO throughline_reader;
GRANT SELECT ON throughline.deal_events TO throughline_reader;
GRANT SELECT ON throughline.deal_stages TO throughline_reader;
GRANT SELECT ON throughline.credits TO throughline_reader;
GRANT SELECT ON throughline.journeys TO throughline_reader;
GRANT SELECT ON throughline.touchpoints TO throughline_reader;
GRANT SELECT ON throughline.latest_touches TO throughline_reader;
GRANT SELECT ON throughline.calls TO throughline_reader;
GRANT SELECT ON throughline.clients TO throughline_reader;
GRANT SELECT ON throughline.identities TO throughline_reader;
GRANT SELECT ON throughline.links TO throughline_reader;
GRANT SELECT ON throughline.costs TO throughline_reader;
GRANT SELECT ON throughline.tenants TO throughline_reader;
GRANT SELECT ON throughline.freshness TO throughline_reader;
GRANT SELECT ON throughline.generations TO throughline_reader;
GRANT SELECT ON throughline.arrivals TO throughline_reader;
GRANT SELECT ON throughline.arrivals_gathered TO throughline_reader;
GRANT SELECT ON throughline.call_versions TO throughline_reader;
GRANT SELECT ON throughline.cost_versions TO throughline_reader;
GRANT SELECT ON throughline.credit_cells TO throughline_reader;
GRANT SELECT ON throughline.credit_versions TO throughline_reader;
GRANT SELECT ON throughline.deal_versions TO throughline_reader;
GRANT SELECT ON throughline.identity_versions TO throughline_reader;
GRANT SELECT ON throughline.link_versions TO throughline_reader;
GRANT SELECT ON throughline.recent_touches TO throughline_reader;
GRANT SELECT ON throughline.tenant_versions TO throughline_reader;
GRANT SELECT ON throughline.touchpoint_versions TO throughline_reader;
GRANT SELECT ON throughline.traffic_cells TO throughline_reader;

-- Whose rows the views show, on every table with a tenant: by the name of the
-- user who asks, which currentUser() says in such a view too.
CREATE ROW POLICY OR REPLACE throughline_tenant ON
    throughline.arrivals,
    throughline.arrivals_gathered,
    throughline.call_versions,
    throughline.cost_versions,
    throughline.credit_cells,
    throughline.credit_versions,
    throughline.deal_versions,
    throughline.erased_identifiers,
    throughline.identity_versions,
    throughline.link_versions,
    throughline.recent_touches,
    throughline.tenant_versions,
    throughline.touchpoint_versions,
    throughline.traffic_cells
    FOR SELECT USING tenant = extract(currentUser(), '^(.+)__[^_]+$') TO throughline_reader;

-- Where a table has a policy, whoever none is for sees no row of it (server.xml):
-- this one is for all others, the administrator among them.
CREATE ROW POLICY OR REPLACE throughline_all ON
    throughline.arrivals,
    throughline.arrivals_gathered,
    throughline.call_versions,
    throughline.cost_versions,
    throughline.credit_cells,
    throughline.credit_versions,
    throughline.deal_versions,
    throughline.erased_identifiers,
    throughline.identity_versions,
    throughline.link_versions,
    throughline.recent_touches,
    throughline.tenant_versions,
    throughline.touchpoint_versions,
    throughline.traffic_cells
    FOR SELECT USING 1 TO ALL EXCEPT throughline_reader;

-- What one question of an analyst may cost. The lower bounds keep 0, which means
-- "no limit", from being set. Tools for business intelligence change settings
-- with what they ask, hence readonly = 2; what matters here is out of reach.
CREATE SETTINGS PROFILE OR REPLACE throughline_analyst SETTINGS
    readonly = 2 CONST,
    max_memory_usage = 4000000000 MIN 1 MAX 4000000000,
    max_execution_time = 60 MIN 1 MAX 60,
    max_rows_to_read = 2000000000 MIN 1 MAX 2000000000,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_result_bytes = 1000000000 MIN 1 MAX 1000000000,
    max_threads = 4 MIN 1 MAX 4,
    max_concurrent_queries_for_user = 8 MIN 1 MAX 8,
    read_overflow_mode = 'throw' CONST,
    result_overflow_mode = 'throw' CONST,
    timeout_overflow_mode = 'throw' CONST
    TO throughline_analyst;

-- And what all questions of one user may cost in an hour.
CREATE QUOTA OR REPLACE throughline_analyst KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = 2000, errors = 500, result_rows = 20000000, read_rows = 50000000000, execution_time = 3600
    TO throughline_analyst;
