"""Campaigns try variants of their discounts against each other, and say what their goods leave over.

Revision: 0007
After: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Campaigns that were planned before have one arm, and no margin is known of them."""
    arms = sa.Column("arms", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("campaigns", arms)
    op.add_column("campaigns", sa.Column("margin_percent", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    for column in ("margin_percent", "arms"):
        op.drop_column("campaigns", column)
