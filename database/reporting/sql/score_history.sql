CREATE OR REPLACE VIEW reporting.score_history AS
SELECT month,
  left(encode(sha256(key || convert_to(customer_id, 'UTF8')), 'hex'), 32) AS customer,
  model_id,
  nullif(purchase_30, 'NaN') AS purchase_30,
  nullif(purchase_60, 'NaN') AS purchase_60,
  nullif(purchase_90, 'NaN') AS purchase_90,
  nullif(churn, 'NaN') AS churn,
  spend_minor AS expected_spend_minor,
  score_history.currency,
  tier,
  as_of,
  nullif(expected_orders, 'NaN') AS expected_orders
FROM score_history CROSS JOIN report_settings;

COMMENT ON VIEW reporting.score_history IS 'Version 2. One row a customer and month: the score of the month''s first rescoring.';
COMMENT ON COLUMN reporting.score_history.month IS 'First day of the month, UTC.';
COMMENT ON COLUMN reporting.score_history.customer IS 'Pseudonym, as in reporting.customers.';
COMMENT ON COLUMN reporting.score_history.model_id IS 'The model that scored.';
COMMENT ON COLUMN reporting.score_history.purchase_30 IS 'Probability to buy within 30 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.score_history.purchase_60 IS 'Probability to buy within 60 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.score_history.purchase_90 IS 'Probability to buy within 90 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.score_history.churn IS 'Probability of no event within 90 days of as_of, 0 to 1.';
COMMENT ON COLUMN reporting.score_history.expected_spend_minor IS 'Expected spend within 90 days of as_of, minor units of currency.';
COMMENT ON COLUMN reporting.score_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.score_history.tier IS 'The tier that this rescoring gave: HIGH, MID or LOW.';
COMMENT ON COLUMN reporting.score_history.as_of IS 'Only events before this time count, UTC.';
COMMENT ON COLUMN reporting.score_history.expected_orders IS 'Orders expected within 90 days of as_of, count with a fraction; at least purchase_90; null in months of before there was such a number.';
