CREATE MATERIALIZED VIEW reporting_store.campaign_performance AS
WITH shown AS (
  SELECT campaign_id, tier, channel, arm, count(*) AS customers FROM audiences GROUP BY 1, 2, 3, 4
  HAVING count(*) >= (SELECT minimum_group FROM report_settings)
), happened AS (
  SELECT campaign_id, customer_id, (issue_time AT TIME ZONE 'UTC')::date AS day, 1 AS issued, 0 AS redeemed,
    0 AS given_back, 0 AS order_minor, 0 AS discount_minor, 0 AS refunded_minor
  FROM coupons
  UNION ALL
  SELECT campaign_id, customer_id, (redeem_time AT TIME ZONE 'UTC')::date, 0, (NOT given_back)::integer,
    given_back::integer, CASE WHEN given_back THEN 0 ELSE order_minor END, discount_minor - refunded_minor,
    refunded_minor
  FROM redemptions
), counted AS MATERIALIZED (
  SELECT campaign_id, day, tier, channel, arm, sum(issued) AS issued_count, sum(redeemed) AS redeemed_count,
    sum(given_back) AS given_back_count, sum(order_minor)::bigint AS order_minor,
    sum(discount_minor)::bigint AS discount_minor, sum(refunded_minor)::bigint AS refunded_minor
  FROM happened JOIN audiences USING (campaign_id, customer_id) GROUP BY campaign_id, day, tier, channel, arm
)
SELECT campaign_id, day, tier, channel, arm, shown.customers, currency, counted.issued_count,
  redeemed_count, given_back_count, order_minor, discount_minor, refunded_minor
FROM counted JOIN shown USING (campaign_id, tier, channel, arm) JOIN campaigns USING (campaign_id);

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
