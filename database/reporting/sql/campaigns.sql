CREATE OR REPLACE VIEW reporting.campaigns AS
SELECT campaign_id,
  display_name,
  state,
  EXISTS (SELECT FROM stops WHERE scope IN ('-', campaign_id, series)) AS stopped,
  version,
  zone,
  start_time,
  end_time,
  launch_time,
  activate_time,
  holdout_percent,
  greatest(jsonb_array_length(arms), 1) AS arms,
  margin_percent,
  redemption_limit,
  budget_minor,
  currency,
  issued_count,
  held_out_count,
  over_budget_count,
  used.redeemed_count,
  used.discount_minor,
  series,
  by_hand_count,
  by_hand.redeemed_count AS by_hand_redeemed_count,
  by_hand.discount_minor AS by_hand_discount_minor
FROM campaigns CROSS JOIN LATERAL (
  SELECT coalesce(sum(spent_count), 0)::bigint AS redeemed_count, coalesce(sum(spent_minor), 0)::bigint AS discount_minor
  FROM budget_shards WHERE budget_shards.campaign_id = campaigns.campaign_id
) AS used
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE NOT given_back) AS redeemed_count,
    coalesce(sum(discount_minor - refunded_minor), 0)::bigint AS discount_minor
  FROM by_hand_coupons JOIN redemptions USING (code) WHERE by_hand_coupons.campaign_id = campaigns.campaign_id
) AS by_hand;

COMMENT ON VIEW reporting.campaigns IS 'Version 2. One row a campaign, as it stands.';
COMMENT ON COLUMN reporting.campaigns.campaign_id IS 'The campaign''s own id.';
COMMENT ON COLUMN reporting.campaigns.display_name IS 'For people.';
COMMENT ON COLUMN reporting.campaigns.state IS 'DRAFT, SUBMITTED, APPROVED, SCHEDULED, LAUNCHING, ACTIVE, PAUSED or ENDED.';
COMMENT ON COLUMN reporting.campaigns.stopped IS 'Whether the kill switch of this campaign, its series or everything is thrown.';
COMMENT ON COLUMN reporting.campaigns.version IS 'Of the plan, from 1.';
COMMENT ON COLUMN reporting.campaigns.zone IS 'IANA time zone in which it is planned.';
COMMENT ON COLUMN reporting.campaigns.start_time IS 'Planned, UTC.';
COMMENT ON COLUMN reporting.campaigns.end_time IS 'Planned, exclusive, UTC.';
COMMENT ON COLUMN reporting.campaigns.launch_time IS 'When the audience was frozen, UTC; null before.';
COMMENT ON COLUMN reporting.campaigns.activate_time IS 'When every coupon was issued, UTC; null before.';
COMMENT ON COLUMN reporting.campaigns.holdout_percent IS 'Part of the audience that gets nothing, percent.';
COMMENT ON COLUMN reporting.campaigns.arms IS 'Variants of the discounts, count.';
COMMENT ON COLUMN reporting.campaigns.margin_percent IS 'Margin before discounts, percent of the price; null if not known.';
COMMENT ON COLUMN reporting.campaigns.redemption_limit IS 'Most redemptions, count; null means one a coupon.';
COMMENT ON COLUMN reporting.campaigns.budget_minor IS 'Most that coupons may take off orders, minor units of currency; null means without limit.';
COMMENT ON COLUMN reporting.campaigns.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.campaigns.issued_count IS 'Coupons issued, those given by hand among them, count.';
COMMENT ON COLUMN reporting.campaigns.held_out_count IS 'Customers held out, count.';
COMMENT ON COLUMN reporting.campaigns.over_budget_count IS 'Customers whom the budget could not bear, count.';
COMMENT ON COLUMN reporting.campaigns.redeemed_count IS 'Redemptions that count, less codes given back.';
COMMENT ON COLUMN reporting.campaigns.discount_minor IS 'What they took off orders less refunds, minor units of currency.';
COMMENT ON COLUMN reporting.campaigns.series IS 'The recurring campaign that this one is a time of; null if none.';
COMMENT ON COLUMN reporting.campaigns.by_hand_count IS 'Coupons given by hand to customers outside the audience, count; they are in no group and in no result.';
COMMENT ON COLUMN reporting.campaigns.by_hand_redeemed_count IS 'Of redeemed_count, those of such coupons.';
COMMENT ON COLUMN reporting.campaigns.by_hand_discount_minor IS 'Of discount_minor, what such coupons took off, minor units of currency.';
