CREATE OR REPLACE VIEW reporting.scores AS
SELECT left(encode(sha256(key || convert_to(customer_id, 'UTF8')), 'hex'), 32) AS customer,
  model_id,
  nullif(purchase_30, 'NaN') AS purchase_30,
  nullif(purchase_60, 'NaN') AS purchase_60,
  nullif(purchase_90, 'NaN') AS purchase_90,
  nullif(churn, 'NaN') AS churn,
  spend_minor AS expected_spend_minor,
  spend_low_minor AS expected_spend_low_minor,
  spend_high_minor AS expected_spend_high_minor,
  scores.currency,
  tier,
  tier_scheme,
  tier_since,
  below_since,
  as_of,
  nullif(expected_orders, 'NaN') AS expected_orders
FROM scores CROSS JOIN report_settings;

COMMENT ON VIEW reporting.scores IS 'Version 2. One row a scored customer: the last stored score.';
COMMENT ON COLUMN reporting.scores.customer IS 'Pseudonym, as in reporting.customers.';
COMMENT ON COLUMN reporting.scores.model_id IS 'The model that scored; reporting.models has it.';
COMMENT ON COLUMN reporting.scores.purchase_30 IS 'Probability to buy within 30 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.scores.purchase_60 IS 'Probability to buy within 60 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.scores.purchase_90 IS 'Probability to buy within 90 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.scores.churn IS 'Probability of no event within 90 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.scores.expected_spend_minor IS 'Expected spend within 90 days of as_of, minor units of currency.';
COMMENT ON COLUMN reporting.scores.expected_spend_low_minor IS 'Lower end of the band around it, minor units of currency.';
COMMENT ON COLUMN reporting.scores.expected_spend_high_minor IS 'Upper end of the band around it, minor units of currency.';
COMMENT ON COLUMN reporting.scores.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.scores.tier IS 'HIGH, MID or LOW; null before the first rescoring that met the customer is over.';
COMMENT ON COLUMN reporting.scores.tier_scheme IS 'Version of the thresholds that gave the tier.';
COMMENT ON COLUMN reporting.scores.tier_since IS 'When the customer came into the tier, UTC.';
COMMENT ON COLUMN reporting.scores.below_since IS 'Since when the measure is below what keeps the tier, UTC; null if it is not.';
COMMENT ON COLUMN reporting.scores.as_of IS 'Only events before this time count, UTC.';
COMMENT ON COLUMN reporting.scores.expected_orders IS 'Orders expected within 90 days of as_of, count with a fraction; at least purchase_90; null until a rescoring fills it.';
