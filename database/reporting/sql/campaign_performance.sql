CREATE MATERIALIZED VIEW reporting_store.campaign_performance AS
SELECT campaign_id, day, tier, channel, arm, customers, currency, counted_days.issued_count,
  counted_days.redeemed_count, counted_days.given_back_count, order_minor, counted_days.discount_minor, refunded_minor
FROM counted_days JOIN counted_groups USING (campaign_id, tier, channel, arm) JOIN campaigns USING (campaign_id)
WHERE customers >= (SELECT minimum_group FROM report_settings);

CREATE UNIQUE INDEX ON reporting_store.campaign_performance (campaign_id, day, tier, channel, arm);

CREATE OR REPLACE VIEW reporting.campaign_performance AS
SELECT campaign_id, day, tier, channel, arm, customers, issued_count, redeemed_count, given_back_count, order_minor,
  discount_minor, refunded_minor, currency,
  (SELECT as_of FROM report_views WHERE name = 'campaign_performance') AS as_of
FROM reporting_store.campaign_performance;

COMMENT ON VIEW reporting.campaign_performance IS 'Version 1. One row a campaign, day, tier, channel and arm on which something happened. Groups with fewer customers than the minimum are left out.';
COMMENT ON COLUMN reporting.campaign_performance.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.campaign_performance.day IS 'UTC day of the issue or of the redemption.';
COMMENT ON COLUMN reporting.campaign_performance.tier IS 'HIGH, MID or LOW, as frozen at the launch.';
COMMENT ON COLUMN reporting.campaign_performance.channel IS 'ON_SITE, EMAIL, SMS or PUSH, as frozen at the launch.';
COMMENT ON COLUMN reporting.campaign_performance.arm IS 'Variant of the discounts.';
COMMENT ON COLUMN reporting.campaign_performance.customers IS 'Of the group of this tier, channel and arm, count: the same on each day, so never to be added up over days.';
COMMENT ON COLUMN reporting.campaign_performance.issued_count IS 'Coupons issued on the day, count.';
COMMENT ON COLUMN reporting.campaign_performance.redeemed_count IS 'Redemptions of the day that still count.';
COMMENT ON COLUMN reporting.campaign_performance.given_back_count IS 'Redemptions of the day whose code was given back later.';
COMMENT ON COLUMN reporting.campaign_performance.order_minor IS 'Orders with those redemptions before the discount, minor units of currency.';
COMMENT ON COLUMN reporting.campaign_performance.discount_minor IS 'Taken off orders of the day less later refunds, minor units of currency.';
COMMENT ON COLUMN reporting.campaign_performance.refunded_minor IS 'Those later refunds, minor units of currency.';
COMMENT ON COLUMN reporting.campaign_performance.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.campaign_performance.as_of IS 'When the rows were counted, UTC.';
