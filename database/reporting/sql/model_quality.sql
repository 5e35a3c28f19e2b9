CREATE OR REPLACE VIEW reporting.model_quality WITH (security_barrier) AS
SELECT month, model_id, horizon AS horizon_days, sum(customers)::bigint AS customers,
  sum(predicted) / sum(customers)::float8 AS predicted, (sum(bought) / sum(customers))::float8 AS observed,
  sum(squared_error) / sum(customers)::float8 AS brier_score,
  sum(abs(predicted - bought)) / sum(customers)::float8 AS calibration_error
FROM model_readings GROUP BY month, model_id, horizon
HAVING sum(customers) >= (SELECT minimum_group FROM report_settings);

COMMENT ON VIEW reporting.model_quality IS 'Version 1. One row a month, model and horizon: how good the month''s scores proved when their horizon was over. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.model_quality.month IS 'First day of the month of the scores, UTC.';
COMMENT ON COLUMN reporting.model_quality.model_id IS 'As in reporting.models.';
COMMENT ON COLUMN reporting.model_quality.horizon_days IS '30, 60 or 90 days from the score.';
COMMENT ON COLUMN reporting.model_quality.customers IS 'Scored customers, count.';
COMMENT ON COLUMN reporting.model_quality.predicted IS 'Mean probability to buy, 0 to 1.';
COMMENT ON COLUMN reporting.model_quality.observed IS 'Share who bought, 0 to 1.';
COMMENT ON COLUMN reporting.model_quality.brier_score IS 'Mean squared error of the probability, 0 to 1; less is better.';
COMMENT ON COLUMN reporting.model_quality.calibration_error IS 'Mean distance of predicted and observed over ten bins (ECE), 0 to 1; less is better.';
