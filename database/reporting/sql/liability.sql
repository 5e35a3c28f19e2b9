CREATE OR REPLACE VIEW reporting.liability AS
SELECT campaign_id,
  day,
  coupons AS outstanding_count,
  expected_minor,
  deviation_minor,
  most_minor,
  used_minor,
  budget_minor,
  overspend,
  currency,
  time AS as_of
FROM liability_readings JOIN campaigns USING (campaign_id);

COMMENT ON VIEW reporting.liability IS 'Version 1. One row a live campaign and day: what its outstanding coupons might still cost, as the engine reckoned.';
COMMENT ON COLUMN reporting.liability.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.liability.day IS 'UTC.';
COMMENT ON COLUMN reporting.liability.outstanding_count IS 'Coupons issued and neither used nor held, count.';
COMMENT ON COLUMN reporting.liability.expected_minor IS 'Expected cost of them, minor units of currency. Where scores are in another currency, of the most that each can take off, and of a percentage without a maximum as if what is spent were in this one.';
COMMENT ON COLUMN reporting.liability.deviation_minor IS 'Standard deviation of that cost, minor units of currency.';
COMMENT ON COLUMN reporting.liability.most_minor IS 'Cost if every one is used, minor units of currency; null where nothing bounds it.';
COMMENT ON COLUMN reporting.liability.used_minor IS 'Reserved and spent, minor units of currency.';
COMMENT ON COLUMN reporting.liability.budget_minor IS 'The budget of today, minor units of currency; null means without limit.';
COMMENT ON COLUMN reporting.liability.overspend IS 'Probability that they cost more than is left of the budget, 0 to 1; null without one.';
COMMENT ON COLUMN reporting.liability.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.liability.as_of IS 'When it was reckoned, UTC.';
