CREATE OR REPLACE VIEW reporting.model_calibration WITH (security_barrier) AS
SELECT month, model_id, horizon AS horizon_days, bin / 10.0::float8 AS probability_from,
  (bin + 1) / 10.0::float8 AS probability_to, customers, predicted / customers AS predicted,
  bought::float8 / customers AS observed
FROM model_readings CROSS JOIN report_settings WHERE customers >= minimum_group;

COMMENT ON VIEW reporting.model_calibration IS 'Version 1. One row a month, model, horizon and tenth of the probability: what was predicted and what came. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.model_calibration.month IS 'First day of the month of the scores, UTC.';
COMMENT ON COLUMN reporting.model_calibration.model_id IS 'As in reporting.models.';
COMMENT ON COLUMN reporting.model_calibration.horizon_days IS '30, 60 or 90 days from the score.';
COMMENT ON COLUMN reporting.model_calibration.probability_from IS 'Lower end of the predicted probability, inclusive, 0 to 1.';
COMMENT ON COLUMN reporting.model_calibration.probability_to IS 'Upper end, exclusive but for 1.';
COMMENT ON COLUMN reporting.model_calibration.customers IS 'Count.';
COMMENT ON COLUMN reporting.model_calibration.predicted IS 'Mean probability to buy, 0 to 1.';
COMMENT ON COLUMN reporting.model_calibration.observed IS 'Share who bought, 0 to 1.';
