"""A reservation that takes another's place among the coupons of its order says whose.

Revision: 0050
After: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reservations", sa.Column("place_of", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("reservations", "place_of")
