"""Why work failed, and why a canary was set aside, is kept as a value beside its English words.

What was written before, and what older processes write, has the words alone.

Revision: 0066
After: 0065
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("operations", "canary_runs"):
        op.add_column(table, sa.Column("why", JSONB(), nullable=True))


def downgrade() -> None:
    for table in ("operations", "canary_runs"):
        op.drop_column(table, "why")
