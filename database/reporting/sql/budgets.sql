CREATE OR REPLACE VIEW reporting.budgets AS
SELECT campaigns.campaign_id,
  budget_minor,
  reserved.minor AS reserved_minor,
  spent.minor AS spent_minor,
  budget_minor - reserved.minor - spent.minor AS left_minor,
  currency,
  redemption_limit,
  reserved.number AS reserved_count,
  spent.number AS redeemed_count,
  redemption_limit - reserved.number - spent.number AS left_count
FROM campaigns
CROSS JOIN LATERAL (
  SELECT count(*) AS number, coalesce(sum(discount_minor), 0)::bigint AS minor FROM reservations
  WHERE reservations.campaign_id = campaigns.campaign_id AND reservations.state = 'HELD' AND expire_time > now()
) AS reserved
CROSS JOIN LATERAL (
  SELECT coalesce(sum(spent_count), 0)::bigint AS number, coalesce(sum(spent_minor), 0)::bigint AS minor
  FROM budget_shards WHERE budget_shards.campaign_id = campaigns.campaign_id
) AS spent
WHERE launch_time IS NOT NULL;

COMMENT ON VIEW reporting.budgets IS 'Version 1. One row a launched campaign: what it may use, and has, at this moment.';
COMMENT ON COLUMN reporting.budgets.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.budgets.budget_minor IS 'Minor units of currency; null means without limit.';
COMMENT ON COLUMN reporting.budgets.reserved_minor IS 'Held for orders under way, minor units of currency; lapsed reservations count no more.';
COMMENT ON COLUMN reporting.budgets.spent_minor IS 'Taken off orders less refunds, minor units of currency.';
COMMENT ON COLUMN reporting.budgets.left_minor IS 'Budget less reserved and spent, minor units of currency; null without a budget.';
COMMENT ON COLUMN reporting.budgets.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN reporting.budgets.redemption_limit IS 'Count; null means one a coupon.';
COMMENT ON COLUMN reporting.budgets.reserved_count IS 'Codes held for orders under way, count.';
COMMENT ON COLUMN reporting.budgets.redeemed_count IS 'Redemptions that count, less codes given back.';
COMMENT ON COLUMN reporting.budgets.left_count IS 'Limit less reserved and redeemed, count; null without a limit.';
