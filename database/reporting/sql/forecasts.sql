CREATE OR REPLACE VIEW reporting.forecasts WITH (security_barrier) AS
SELECT campaign_id,
  tier,
  quantity,
  value AS foretold,
  low AS foretold_low,
  high AS foretold_high,
  actual,
  actual BETWEEN low AND high AS held,
  CASE WHEN quantity <> 'REDEMPTIONS' THEN currency END AS currency,
  forecasts.create_time,
  close_time AS as_of
FROM forecasts JOIN campaigns USING (campaign_id) CROSS JOIN (SELECT minimum_group FROM report_settings) AS settings
WHERE minimum_group <= (
  SELECT count(*) FROM (
    SELECT FROM audiences
    WHERE audiences.campaign_id = forecasts.campaign_id AND audiences.tier = forecasts.tier AND arm <> 'holdout'
    LIMIT minimum_group
  ) AS offered
);

COMMENT ON VIEW reporting.forecasts IS 'Version 1. One row a launched campaign, tier and quantity: what was foretold at the launch, and what came. Tiers with fewer offers than the minimum are left out.';
COMMENT ON COLUMN reporting.forecasts.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.forecasts.tier IS 'HIGH, MID or LOW.';
COMMENT ON COLUMN reporting.forecasts.quantity IS 'REDEMPTIONS (count), DISCOUNTS or REVENUE (incremental; both minor units of currency).';
COMMENT ON COLUMN reporting.forecasts.foretold IS 'In the quantity''s unit.';
COMMENT ON COLUMN reporting.forecasts.foretold_low IS 'Lower end of the interval, in the quantity''s unit.';
COMMENT ON COLUMN reporting.forecasts.foretold_high IS 'Upper end of the interval, in the quantity''s unit.';
COMMENT ON COLUMN reporting.forecasts.actual IS 'In the quantity''s unit; null until eight days after the end, and for revenue where nobody was held out.';
COMMENT ON COLUMN reporting.forecasts.held IS 'Whether the interval held the actual; null until it is known.';
COMMENT ON COLUMN reporting.forecasts.currency IS 'ISO 4217 code; null for REDEMPTIONS.';
COMMENT ON COLUMN reporting.forecasts.create_time IS 'When it was foretold, UTC.';
COMMENT ON COLUMN reporting.forecasts.as_of IS 'When the actual was measured, UTC; null before.';
