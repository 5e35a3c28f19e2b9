CREATE MATERIALIZED VIEW reporting_store.messages AS
SELECT day, CASE event_type WHEN 6 THEN 'COUPON' ELSE 'MESSAGE' END AS kind, channel, messages, customers
FROM counted_messages WHERE customers >= (SELECT minimum_group FROM report_settings);

CREATE UNIQUE INDEX ON reporting_store.messages (day, kind, channel);

CREATE OR REPLACE VIEW reporting.messages AS
SELECT day, kind, channel, messages, customers, (SELECT as_of FROM report_views WHERE name = 'messages') AS as_of
FROM reporting_store.messages;

COMMENT ON VIEW reporting.messages IS 'Version 1. One row a day, kind and channel: what reached customers, by the events that channels report. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.messages.day IS 'UTC.';
COMMENT ON COLUMN reporting.messages.kind IS 'MESSAGE, or COUPON for a coupon that was shown or handed over.';
COMMENT ON COLUMN reporting.messages.channel IS 'ON_SITE, EMAIL, SMS, PUSH or as the shop named it; UNKNOWN where it did not.';
COMMENT ON COLUMN reporting.messages.messages IS 'Count.';
COMMENT ON COLUMN reporting.messages.customers IS 'Whom they reached, count; not to be added up over days.';
COMMENT ON COLUMN reporting.messages.as_of IS 'When the rows were counted, UTC.';
