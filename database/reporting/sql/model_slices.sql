CREATE OR REPLACE VIEW reporting.model_slices WITH (security_barrier) AS
SELECT month, model_id, horizon AS horizon_days, kind, name, sum(customers)::bigint AS customers,
  sum(predicted) / sum(customers)::float8 AS predicted, (sum(bought) / sum(customers))::float8 AS observed,
  sum(abs(predicted - bought)) / sum(customers)::float8 AS calibration_error
FROM slice_readings GROUP BY month, model_id, horizon, kind, name
HAVING sum(customers) >= (SELECT minimum_group FROM report_settings);

COMMENT ON VIEW reporting.model_slices IS 'Version 1. One row a month, model, horizon and tier or slice: how good the scores of its customers proved when their horizon was over. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.model_slices.month IS 'First day of the month of the scores, UTC.';
COMMENT ON COLUMN reporting.model_slices.model_id IS 'As in reporting.models.';
COMMENT ON COLUMN reporting.model_slices.horizon_days IS '30, 60 or 90 days from the score.';
COMMENT ON COLUMN reporting.model_slices.kind IS 'TIER or SLICE.';
COMMENT ON COLUMN reporting.model_slices.name IS 'HIGH, MID or LOW; or ESTABLISHED, LAPSING, ONE_ORDER or NO_ORDER by the orders before the score.';
COMMENT ON COLUMN reporting.model_slices.customers IS 'Scored customers, count.';
COMMENT ON COLUMN reporting.model_slices.predicted IS 'Mean probability to buy, 0 to 1.';
COMMENT ON COLUMN reporting.model_slices.observed IS 'Share who bought, 0 to 1.';
COMMENT ON COLUMN reporting.model_slices.calibration_error IS 'Mean distance of predicted and observed over ten bins (ECE), 0 to 1; less is better.';
