CREATE OR REPLACE VIEW reporting.tier_changes AS
SELECT tier_changes.time,
  left(encode(sha256(key || convert_to(customer_id, 'UTF8')), 'hex'), 32) AS customer,
  from_tier,
  to_tier,
  tier_schemes.measure,
  value,
  tier_scheme,
  model_id
FROM tier_changes CROSS JOIN report_settings LEFT JOIN tier_schemes ON tier_schemes.version = tier_changes.tier_scheme;

COMMENT ON VIEW reporting.tier_changes IS 'Version 1. One row each time that a customer was given another tier: the history of tiers.';
COMMENT ON COLUMN reporting.tier_changes.time IS 'What the rescoring was as of, UTC.';
COMMENT ON COLUMN reporting.tier_changes.customer IS 'Pseudonym, as in reporting.customers.';
COMMENT ON COLUMN reporting.tier_changes.from_tier IS 'HIGH, MID or LOW; null for the first tier of a customer.';
COMMENT ON COLUMN reporting.tier_changes.to_tier IS 'HIGH, MID or LOW.';
COMMENT ON COLUMN reporting.tier_changes.measure IS 'What the scheme measures: PURCHASE_90 or EXPECTED_VALUE.';
COMMENT ON COLUMN reporting.tier_changes.value IS 'The measure: a probability from 0 to 1, or minor units.';
COMMENT ON COLUMN reporting.tier_changes.tier_scheme IS 'Version of the thresholds.';
COMMENT ON COLUMN reporting.tier_changes.model_id IS 'The model whose score decided.';
