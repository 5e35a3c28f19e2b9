"""When the sweeper handed silent work out again is kept apart from when that work last advanced.

One moment for both made work that never advances look alive every two minutes.

Revision: 0068
After: 0066
"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operations", sa.Column("revive_time", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("operations", "revive_time")
