"""Codes that shops bring along wait for the launch of their campaign.

Revision: 0029
After: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("place", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.campaign_id"],
            name=op.f("fk_own_codes_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_own_codes")),
    )
    op.create_index("uq_own_codes_customer_id_campaign_id", "own_codes", ["customer_id", "campaign_id"], unique=True)
    op.create_index(op.f("ix_own_codes_campaign_id_place"), "own_codes", ["campaign_id", "place"])


def downgrade() -> None:
    op.drop_table("own_codes")
