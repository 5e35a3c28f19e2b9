"""Campaigns that were launched before are counted, or reports would be empty until the clock has come to them.

Revision: 0078
After: 0077
"""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

WAITING = """
SELECT campaign_id FROM campaigns WHERE launch_time IS NOT NULL
  AND NOT EXISTS (SELECT FROM counted_campaigns WHERE counted_campaigns.campaign_id = campaigns.campaign_id)
ORDER BY launch_time
"""
COUNT = """
WITH groups AS (
  INSERT INTO counted_groups (campaign_id, tier, channel, arm, customers, issued_count, buyers, held_count,
    redeemed_count, given_back_count, open_count, discount_minor)
  WITH held AS (
    SELECT DISTINCT code FROM reservations WHERE campaign_id = :campaign_id AND state = 'HELD' AND expire_time > now()
  ), used AS (
    SELECT code, bool_or(given_back) AS given_back, bool_or(NOT given_back) AS counts,
      sum(discount_minor - refunded_minor) AS discount_minor
    FROM redemptions WHERE campaign_id = :campaign_id GROUP BY code
  )
  SELECT campaign_id, audiences.tier, audiences.channel, arm, count(*), count(coupons.code),
    coalesce(sum(nullif(purchase_90, 'NaN')) FILTER (WHERE coupons.code IS NOT NULL), 0), count(held.code),
    count(*) FILTER (WHERE used.counts), count(*) FILTER (WHERE used.given_back),
    count(coupons.code) FILTER (
      WHERE used.counts IS NOT TRUE AND held.code IS NULL AND campaigns.state <> 'ENDED' AND coupons.expire_time > now()
    ), coalesce(sum(used.discount_minor), 0)
  FROM campaigns JOIN audiences USING (campaign_id)
  LEFT JOIN (SELECT code, customer_id, expire_time FROM coupons WHERE campaign_id = :campaign_id) AS coupons
    USING (customer_id)
  LEFT JOIN used ON used.code = coupons.code LEFT JOIN held ON held.code = coupons.code
  WHERE campaign_id = :campaign_id GROUP BY campaign_id, audiences.tier, audiences.channel, arm
), days AS (
  INSERT INTO counted_days (campaign_id, day, tier, channel, arm, issued_count, redeemed_count, given_back_count,
    order_minor, discount_minor, refunded_minor)
  WITH happened AS (
    SELECT customer_id, (issue_time AT TIME ZONE 'UTC')::date AS day, 1 AS issued, 0 AS redeemed, 0 AS given_back,
      0 AS order_minor, 0 AS discount_minor, 0 AS refunded_minor
    FROM coupons WHERE campaign_id = :campaign_id
    UNION ALL
    SELECT customer_id, (redeem_time AT TIME ZONE 'UTC')::date, 0, (NOT given_back)::integer, given_back::integer,
      CASE WHEN given_back THEN 0 ELSE order_minor END, discount_minor - refunded_minor, refunded_minor
    FROM redemptions WHERE campaign_id = :campaign_id
  )
  SELECT campaign_id, day, tier, channel, arm, sum(issued), sum(redeemed), sum(given_back), sum(order_minor),
    sum(discount_minor), sum(refunded_minor)
  FROM happened JOIN audiences USING (customer_id) WHERE campaign_id = :campaign_id
  GROUP BY campaign_id, day, tier, channel, arm
)
INSERT INTO counted_campaigns (campaign_id, count_time, settled, spent_count, spent_minor)
SELECT campaign_id, now(), state = 'ENDED' AND coalesce(finish_time, end_time) <= now() - interval '1 day', (
  SELECT coalesce(sum(spent_count), 0) FROM budget_shards WHERE budget_shards.campaign_id = campaigns.campaign_id
), (
  SELECT coalesce(sum(spent_minor), 0) FROM budget_shards WHERE budget_shards.campaign_id = campaigns.campaign_id
) FROM campaigns WHERE campaign_id = :campaign_id
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        if not op.get_context().as_sql:
            _count()


def downgrade() -> None:
    op.execute("DELETE FROM counted_days")
    op.execute("DELETE FROM counted_groups")
    op.execute("DELETE FROM counted_campaigns")


def _count() -> None:
    """A campaign at a time, from where a run that broke left off."""
    connection = op.get_bind()
    connection.execute(sa.text("SET enable_nestloop = off"))
    connection.execute(sa.text("SET statement_timeout = 0"))
    for campaign_id in connection.scalars(sa.text(WAITING)).all():
        connection.execute(sa.text(COUNT), {"campaign_id": campaign_id})
    connection.execute(sa.text("SET statement_timeout = '60s'"))
    connection.execute(sa.text("RESET enable_nestloop"))
