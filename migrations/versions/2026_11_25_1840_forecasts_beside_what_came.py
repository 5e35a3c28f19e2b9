"""Forecasts are kept when audiences are frozen, and closed when campaigns are over.

Revision: 0024
After: 0023
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Of campaigns that were launched before nothing was foretold."""
    op.create_table(
        "forecasts",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("value", "low", "high", "raw")),
        sa.Column("actual", sa.Float(), nullable=True),
        sa.Column("actual_error", sa.Float(), nullable=True),
        sa.Column("teaches", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("create_time", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("close_time", TIME, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.campaign_id"], name="fk_forecasts_campaign_id"),
        sa.PrimaryKeyConstraint("campaign_id", "tier", "quantity", name="pk_forecasts"),
    )
    op.create_index("ix_forecasts_open", "forecasts", ["campaign_id"], postgresql_where=sa.text("close_time IS NULL"))


def downgrade() -> None:
    op.drop_table("forecasts")
