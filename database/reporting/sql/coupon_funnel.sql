CREATE MATERIALIZED VIEW reporting_store.coupon_funnel AS
SELECT campaign_id, tier, channel, arm, currency, customers, counted_groups.issued_count, counted_groups.redeemed_count,
  given_back_count, held_count, open_count,
  counted_groups.issued_count - counted_groups.redeemed_count - held_count - open_count AS expired_count,
  counted_groups.discount_minor
FROM counted_groups JOIN campaigns USING (campaign_id)
WHERE customers >= (SELECT minimum_group FROM report_settings);

CREATE UNIQUE INDEX ON reporting_store.coupon_funnel (campaign_id, tier, channel, arm);

CREATE OR REPLACE VIEW reporting.coupon_funnel AS
SELECT campaign_id, tier, channel, arm, customers, issued_count, held_count, redeemed_count, given_back_count,
  open_count, expired_count, discount_minor, currency,
  (SELECT as_of FROM report_views WHERE name = 'coupon_funnel') AS as_of
FROM reporting_store.coupon_funnel;

COMMENT ON VIEW reporting.coupon_funnel IS 'Version 1. One row a campaign, tier, channel and arm, the holdout among them: how far its customers came. Smaller groups than the minimum are left out.';
COMMENT ON COLUMN reporting.coupon_funnel.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.coupon_funnel.tier IS 'HIGH, MID or LOW, as frozen at the launch.';
COMMENT ON COLUMN reporting.coupon_funnel.channel IS 'ON_SITE, EMAIL, SMS or PUSH, as frozen at the launch.';
COMMENT ON COLUMN reporting.coupon_funnel.arm IS 'Variant of the discounts, or holdout.';
COMMENT ON COLUMN reporting.coupon_funnel.customers IS 'Of the audience, count.';
COMMENT ON COLUMN reporting.coupon_funnel.issued_count IS 'Who got a coupon, count. It is the sum of held, redeemed, open and expired.';
COMMENT ON COLUMN reporting.coupon_funnel.held_count IS 'Coupons held for an order under way, count.';
COMMENT ON COLUMN reporting.coupon_funnel.redeemed_count IS 'Coupons used, count.';
COMMENT ON COLUMN reporting.coupon_funnel.given_back_count IS 'Coupons that were used and given back at least once, count; they are in one of the other columns too.';
COMMENT ON COLUMN reporting.coupon_funnel.open_count IS 'Coupons that may still be used, count.';
COMMENT ON COLUMN reporting.coupon_funnel.expired_count IS 'Coupons that were not used in time, or before their campaign was ended, or are blocked, or whose customer was erased, count.';
COMMENT ON COLUMN reporting.coupon_funnel.discount_minor IS 'Taken off orders less refunds, minor units of currency.';
COMMENT ON COLUMN reporting.coupon_funnel.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.coupon_funnel.as_of IS 'When the rows were counted, UTC.';
