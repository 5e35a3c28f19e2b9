"""Redemptions of a campaign are found by their time.

Revision: 0033
After: 0032
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BEFORE = "ix_redemptions_campaign_id"
NOW = "ix_redemptions_campaign_id_redeem_time"


def upgrade() -> None:
    """Beside the writers, and so not in one transaction: the new index serves whoever used the old one."""
    with op.get_context().autocommit_block():
        op.create_index(
            NOW, "redemptions", ["campaign_id", "redeem_time"], postgresql_concurrently=True, if_not_exists=True
        )
        op.drop_index(BEFORE, table_name="redemptions", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(BEFORE, "redemptions", ["campaign_id"], postgresql_concurrently=True, if_not_exists=True)
        op.drop_index(NOW, table_name="redemptions", postgresql_concurrently=True, if_exists=True)
