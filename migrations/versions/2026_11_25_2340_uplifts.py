"""What ended campaigns taught of whom an offer changes.

Revision: 0038
After: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uplifts",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("learner", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("effect", sa.Double(), nullable=True),
        sa.Column("effect_low", sa.Double(), nullable=True),
        sa.Column("effect_high", sa.Double(), nullable=True),
        sa.Column("qini", sa.Double(), nullable=True),
        sa.Column("qini_low", sa.Double(), nullable=True),
        sa.Column("qini_high", sa.Double(), nullable=True),
        sa.Column("create_time", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.campaign_id"], name=op.f("fk_uplifts_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_uplifts")),
    )
    op.create_index(op.f("ix_uplifts_create_time"), "uplifts", ["create_time"])


def downgrade() -> None:
    op.drop_table("uplifts")
