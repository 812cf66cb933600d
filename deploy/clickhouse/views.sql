-- What analysts read: each view of the line once more, in a database of theirs, as
-- the reader of roles.sql, whose row policies show each analyst the rows of one
-- tenant. Run it as an administrator after `throughline schema apply`, and again
-- with each new release; every statement may run twice.

CREATE DATABASE IF NOT EXISTS throughline_bi;
CREATE OR REPLACE VIEW throughline_bi.channel_roi DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.channel_roi;
CREATE OR REPLACE VIEW throughline_bi.channel_hourly DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.channel_hourly;
CREATE OR REPLACE VIEW throughline_bi.channel_parts DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.channel_parts;
CREATE OR REPLACE VIEW throughline_bi.traffic_hourly DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.traffic_hourly;
CREATE OR REPLACE VIEW throughline_bi.traffic_parts DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.traffic_parts;
CREATE OR REPLACE VIEW throughline_bi.deals DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.deals;
CREATE OR REPLACE VIEW throughline_bi.deal_events DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.deal_events;
CREATE OR REPLACE VIEW throughline_bi.deal_stages DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.deal_stages;
CREATE OR REPLACE VIEW throughline_bi.credits DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.credits;
CREATE OR REPLACE VIEW throughline_bi.journeys DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.journeys;
CREATE OR REPLACE VIEW throughline_bi.touchpoints DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.touchpoints;
CREATE OR REPLACE VIEW throughline_bi.latest_touches DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.latest_touches;
CREATE OR REPLACE VIEW throughline_bi.calls DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.calls;
CREATE OR REPLACE VIEW throughline_bi.clients DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.clients;
CREATE OR REPLACE VIEW throughline_bi.identities DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.identities;
CREATE OR REPLACE VIEW throughline_bi.links DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.links;
CREATE OR REPLACE VIEW throughline_bi.costs DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.costs;
CREATE OR REPLACE VIEW throughline_bi.tenants DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.tenants;
CREATE OR REPLACE VIEW throughline_bi.freshness DEFINER = throughline_reader SQL SECURITY DEFINER AS SELECT * FROM throughline.freshness;
