"""Coupons that were blocked, or whose customer was erased, before there was a trigger are noted.

Revision: 0089
After: 0088
"""

from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

WITHDRAWN = """
INSERT INTO withdrawn_coupons (campaign_id, code)
SELECT campaign_id, code FROM coupons JOIN campaigns USING (campaign_id)
WHERE campaigns.state <> 'ENDED' AND (coupons.state = 'BLOCKED' OR coupons.expire_time < end_time)
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Beside those who write, however many coupons there are; killed, it can be run again."""
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        op.execute(WITHDRAWN)
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    """The notes go with their table."""
