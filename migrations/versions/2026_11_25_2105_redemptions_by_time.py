"""Redemptions of a campaign are found by their time.

Revision: 0033
After: 0032
"""

from alembic import op

from migrations.indexes import make_beside_writers

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BEFORE = "ix_redemptions_campaign_id"
NOW = "ix_redemptions_campaign_id_redeem_time"


def upgrade() -> None:
    """The new index serves whoever used the old one, which goes after it."""
    with op.get_context().autocommit_block():
        make_beside_writers(NOW, "redemptions", ["campaign_id", "redeem_time"], postgresql_include=["given_back"])
        op.drop_index(BEFORE, table_name="redemptions", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        make_beside_writers(BEFORE, "redemptions", ["campaign_id"])
        op.drop_index(NOW, table_name="redemptions", postgresql_concurrently=True, if_exists=True)
