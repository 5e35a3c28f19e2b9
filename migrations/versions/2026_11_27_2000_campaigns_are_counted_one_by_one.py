"""What reports say of campaigns is counted campaign by campaign and kept: those that are over are not read each hour.

Revision: 0077
After: 0074
"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0074"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "counted_campaigns",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("count_time", TIME, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        *_numbers("spent_count", "spent_minor"),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.campaign_id"], name=op.f("fk_counted_campaigns_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_counted_campaigns")),
    )
    op.create_table(
        "counted_groups",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("campaign_id", "tier", "channel", "arm")),
        *_numbers("customers", "issued_count"),
        sa.Column("buyers", sa.Float(), nullable=False),
        *_numbers("held_count", "redeemed_count", "given_back_count", "open_count", "discount_minor"),
        sa.PrimaryKeyConstraint("campaign_id", "tier", "channel", "arm", name=op.f("pk_counted_groups")),
    )
    op.create_table(
        "counted_days",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("tier", "channel", "arm")),
        *_numbers(
            "issued_count", "redeemed_count", "given_back_count", "order_minor", "discount_minor", "refunded_minor"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "day", "tier", "channel", "arm", name=op.f("pk_counted_days")),
    )


def downgrade() -> None:
    for table in ("counted_days", "counted_groups", "counted_campaigns"):
        op.drop_table(table)


def _numbers(*names: str) -> "list[sa.Column[int]]":
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
