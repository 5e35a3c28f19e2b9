"""Since when a model has no folder: what retraining made and nobody uses is removed from disk.

Revision: 0058
After: 0056
"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("give_up_time", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("models", "give_up_time")
