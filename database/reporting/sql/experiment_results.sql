CREATE OR REPLACE VIEW reporting.experiment_results WITH (security_barrier) AS
SELECT campaign_id,
  day,
  arm,
  metric,
  customers,
  holdout_customers,
  mean,
  holdout_mean,
  difference,
  nullif(low, '-Infinity') AS difference_low,
  nullif(high, 'Infinity') AS difference_high,
  difference * customers AS total,
  nullif(low, '-Infinity') * customers AS total_low,
  nullif(high, 'Infinity') * customers AS total_high,
  lift,
  lift_low,
  lift_high,
  p_value,
  verdict,
  mismatch,
  CASE WHEN metric <> 'CONVERSION' THEN currency END AS currency,
  day = max(day) OVER (PARTITION BY campaign_id) AS latest,
  day::timestamp AT TIME ZONE 'UTC' AS as_of
FROM result_readings JOIN campaigns USING (campaign_id) CROSS JOIN (SELECT minimum_group FROM report_settings) AS settings
WHERE least(customers, holdout_customers) >= minimum_group;

COMMENT ON VIEW reporting.experiment_results IS 'Version 1. One row a campaign, day, arm and metric: what the campaign had changed by then, against the holdout, as the engine reckoned. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.experiment_results.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.experiment_results.day IS 'Outcomes count from the launch until this day begins, UTC.';
COMMENT ON COLUMN reporting.experiment_results.arm IS 'Variant of the discounts, or ALL for all of them as one group.';
COMMENT ON COLUMN reporting.experiment_results.metric IS 'CONVERSION (share of customers who bought), REVENUE or MARGIN (each per customer, minor units of currency, discounts and returns are off).';
COMMENT ON COLUMN reporting.experiment_results.customers IS 'Of the arm, count.';
COMMENT ON COLUMN reporting.experiment_results.holdout_customers IS 'Held out, count.';
COMMENT ON COLUMN reporting.experiment_results.mean IS 'Of the arm, in the metric''s unit.';
COMMENT ON COLUMN reporting.experiment_results.holdout_mean IS 'Of the holdout, in the metric''s unit.';
COMMENT ON COLUMN reporting.experiment_results.difference IS 'Arm less holdout, adjusted for what was predicted, in the metric''s unit.';
COMMENT ON COLUMN reporting.experiment_results.difference_low IS 'Lower end of its 95 % confidence sequence, in the metric''s unit; null where nothing can be said.';
COMMENT ON COLUMN reporting.experiment_results.difference_high IS 'Upper end of its 95 % confidence sequence, in the metric''s unit; null where nothing can be said.';
COMMENT ON COLUMN reporting.experiment_results.total IS 'Difference times customers: what would not have happened without the campaign; customers, or minor units of currency.';
COMMENT ON COLUMN reporting.experiment_results.total_low IS 'Lower end of its 95 % confidence sequence, in the total''s unit.';
COMMENT ON COLUMN reporting.experiment_results.total_high IS 'Upper end of its 95 % confidence sequence, in the total''s unit.';
COMMENT ON COLUMN reporting.experiment_results.lift IS 'Difference as a part of the holdout''s mean: 0.1 is 10 % more; null where that is not above zero.';
COMMENT ON COLUMN reporting.experiment_results.lift_low IS 'Lower end of its 95 % confidence sequence; null where nothing can be said.';
COMMENT ON COLUMN reporting.experiment_results.lift_high IS 'Upper end of its 95 % confidence sequence; null where nothing can be said.';
COMMENT ON COLUMN reporting.experiment_results.p_value IS 'Of no difference, valid on whatever day one looks, 0 to 1.';
COMMENT ON COLUMN reporting.experiment_results.verdict IS 'SHIP, STOP, KEEP_RUNNING, INCONCLUSIVE or REPAIR: of the arm, not of the metric.';
COMMENT ON COLUMN reporting.experiment_results.mismatch IS 'Whether the sizes of the groups contradict the plan, so that they cannot be compared.';
COMMENT ON COLUMN reporting.experiment_results.currency IS 'ISO 4217 code; null for CONVERSION.';
COMMENT ON COLUMN reporting.experiment_results.latest IS 'Whether it is the campaign''s last day here.';
COMMENT ON COLUMN reporting.experiment_results.as_of IS 'The day''s beginning, UTC.';
