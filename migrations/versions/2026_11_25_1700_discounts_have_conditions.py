"""Being for first orders only becomes one condition among others, beside the reward.

Revision: 0014
After: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# {"kind": "NEW_CUSTOMER", "reward": {…}}  ↔  {…, "first_order_only": true}
COMPOSED = """
CREATE OR REPLACE FUNCTION pg_temp.composed(discount jsonb) RETURNS jsonb LANGUAGE sql AS $$
SELECT CASE WHEN discount ->> 'kind' = 'NEW_CUSTOMER'
  THEN discount -> 'reward' || '{"first_order_only": true}' ELSE discount END
$$
"""
WRAPPED = """
CREATE OR REPLACE FUNCTION pg_temp.composed(discount jsonb) RETURNS jsonb LANGUAGE sql AS $$
SELECT CASE WHEN (discount ->> 'first_order_only')::boolean
  THEN jsonb_build_object('kind', 'NEW_CUSTOMER', 'reward', discount - 'first_order_only') ELSE discount END
$$
"""
COUPONS = "UPDATE coupons SET discount = pg_temp.composed(discount) WHERE discount <> pg_temp.composed(discount)"
OFFERS = """
UPDATE campaigns SET offers = (
  SELECT jsonb_object_agg(tier, offer || jsonb_build_object('discount', pg_temp.composed(offer -> 'discount')))
  FROM jsonb_each(offers) AS each (tier, offer)
) WHERE offers <> '{}'
"""
ARMS = """
UPDATE campaigns SET arms = (
  SELECT jsonb_agg(arm || jsonb_build_object('discounts', (
    SELECT coalesce(jsonb_object_agg(tier, pg_temp.composed(discount)), '{}')
    FROM jsonb_each(arm -> 'discounts') AS each (tier, discount)
  )) ORDER BY place)
  FROM jsonb_array_elements(arms) WITH ORDINALITY AS all_arms (arm, place)
) WHERE arms <> '[]'
"""


def upgrade() -> None:
    _rewrite(COMPOSED)


def downgrade() -> None:
    """Conditions that were not known then are kept in the documents, and not looked at."""
    _rewrite(WRAPPED)


def _rewrite(function: str) -> None:
    for statement in (function, COUPONS, OFFERS, ARMS):
        op.execute(statement)
