"""Who is kept out of an audience is written down with the reason: caps on offers, other campaigns, a full audience.

Revision: 0023
After: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("offer_caps", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("excluded_campaigns", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("audience_limit", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("exclusivity_group", sa.Text(), nullable=True),
        sa.Column("alone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    ):
        op.add_column("campaigns", column)
    op.create_table(
        "exclusions",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "customer_id", name="pk_exclusions"),
    )
    op.create_index("ix_exclusions_customer_id", "exclusions", ["customer_id"])


def downgrade() -> None:
    op.drop_table("exclusions")
    added = ("offer_caps", "excluded_campaigns", "audience_limit", "priority", "exclusivity_group", "alone")
    for column in reversed(added):
        op.drop_column("campaigns", column)
