"""Campaigns narrow their audience by a rule and hold a part of it out, to see what they changed.

Revision: 0003
After: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Campaigns that were launched before held nobody out."""
    op.add_column("campaigns", sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    percent = sa.Column("holdout_percent", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("campaigns", percent)
    op.add_column("campaigns", sa.Column("launch_time", postgresql.TIMESTAMP(timezone=True), nullable=True))
    count = sa.Column("held_out_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("campaigns", count)
    op.add_column("audiences", sa.Column("arm", sa.Text(), server_default=sa.text("'offer'"), nullable=False))


def downgrade() -> None:
    op.drop_column("audiences", "arm")
    for column in ("held_out_count", "launch_time", "holdout_percent", "rule"):
        op.drop_column("campaigns", column)
