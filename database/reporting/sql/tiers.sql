CREATE MATERIALIZED VIEW reporting_store.tiers AS
SELECT tier, currency, count(*) AS customers,
  sum(spend_minor)::bigint AS expected_spend_minor,
  avg(nullif(purchase_90, 'NaN')) AS purchase_90,
  avg(nullif(churn, 'NaN')) AS churn,
  avg(nullif(expected_orders, 'NaN')) AS expected_orders
FROM scores WHERE tier IS NOT NULL GROUP BY tier, currency
HAVING count(*) >= (SELECT minimum_group FROM report_settings);

CREATE UNIQUE INDEX ON reporting_store.tiers (tier, currency);

CREATE OR REPLACE VIEW reporting.tiers AS
SELECT tier, currency, customers, expected_spend_minor, purchase_90, churn,
  (SELECT as_of FROM report_views WHERE name = 'tiers') AS as_of, expected_orders
FROM reporting_store.tiers;

COMMENT ON VIEW reporting.tiers IS 'Version 2. One row a tier and currency of scores: who is in it now. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.tiers.tier IS 'HIGH, MID or LOW.';
COMMENT ON COLUMN reporting.tiers.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.tiers.customers IS 'Count.';
COMMENT ON COLUMN reporting.tiers.expected_spend_minor IS 'Sum of the expected spend within 90 days, minor units of currency.';
COMMENT ON COLUMN reporting.tiers.purchase_90 IS 'Mean probability to buy within 90 days, 0 to 1.';
COMMENT ON COLUMN reporting.tiers.churn IS 'Mean probability of no event within 90 days, 0 to 1.';
COMMENT ON COLUMN reporting.tiers.as_of IS 'When the rows were counted, UTC.';
COMMENT ON COLUMN reporting.tiers.expected_orders IS 'Mean number of orders expected within 90 days, of customers who have one stored; null until a rescoring fills it.';
