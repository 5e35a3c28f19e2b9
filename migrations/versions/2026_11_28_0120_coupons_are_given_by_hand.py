"""Coupons that were given by hand are noted, and counted on their campaign.

Revision: 0091
After: 0083
"""

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "by_hand_coupons",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "code", name=op.f("pk_by_hand_coupons")),
    )
    op.add_column("campaigns", sa.Column("by_hand_count", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("campaigns", "by_hand_count")
    op.drop_table("by_hand_coupons")
