"""What a decision about a customer was made from is kept beside it, so that it can be made again.

Revision: 0030
After: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audiences", sa.Column("inputs", postgresql.JSONB(), nullable=True))
    op.add_column("exclusions", sa.Column("tier", sa.Text(), nullable=True))
    op.add_column("exclusions", sa.Column("inputs", postgresql.JSONB(), nullable=True))
    op.add_column("campaigns", sa.Column("frozen_from", postgresql.JSONB(), nullable=True))
    op.add_column("campaigns", sa.Column("budget_share", sa.Double(), server_default=sa.text("1"), nullable=False))


def downgrade() -> None:
    op.drop_column("campaigns", "budget_share")
    op.drop_column("campaigns", "frozen_from")
    op.drop_column("exclusions", "inputs")
    op.drop_column("exclusions", "tier")
    op.drop_column("audiences", "inputs")
