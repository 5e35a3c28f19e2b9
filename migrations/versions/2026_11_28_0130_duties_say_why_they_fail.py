"""Why a duty of the clock fails has words of its own beside the value, as bulk work has.

Revision: 0090
After: 0091
"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("duties", sa.Column("error", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("duties", "error")
