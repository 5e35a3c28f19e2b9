CREATE MATERIALIZED VIEW reporting_store.tier_migrations AS
SELECT (time AT TIME ZONE 'UTC')::date AS day, coalesce(from_tier, 'NEW') AS from_tier, to_tier, tier_scheme,
  count(*) AS customers
FROM tier_changes GROUP BY 1, 2, 3, 4
HAVING count(*) >= (SELECT minimum_group FROM report_settings);

CREATE UNIQUE INDEX ON reporting_store.tier_migrations (day, from_tier, to_tier, tier_scheme);

CREATE OR REPLACE VIEW reporting.tier_migrations AS
SELECT day, from_tier, to_tier, tier_scheme, customers,
  (SELECT as_of FROM report_views WHERE name = 'tier_migrations') AS as_of
FROM reporting_store.tier_migrations;

COMMENT ON VIEW reporting.tier_migrations IS 'Version 1. One row a day, pair of tiers and scheme: how many customers moved. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.tier_migrations.day IS 'UTC day that the rescoring was as of.';
COMMENT ON COLUMN reporting.tier_migrations.from_tier IS 'HIGH, MID, LOW, or NEW for the first tier of a customer.';
COMMENT ON COLUMN reporting.tier_migrations.to_tier IS 'HIGH, MID or LOW.';
COMMENT ON COLUMN reporting.tier_migrations.tier_scheme IS 'Version of the thresholds.';
COMMENT ON COLUMN reporting.tier_migrations.customers IS 'Count.';
COMMENT ON COLUMN reporting.tier_migrations.as_of IS 'When the rows were counted, UTC.';
