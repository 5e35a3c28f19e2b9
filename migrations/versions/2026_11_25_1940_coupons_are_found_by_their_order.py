"""Coupons that are used on an order, or held for it, are found by the order.

Revision: 0027
After: 0026
"""

import sqlalchemy as sa
from alembic import op

from migrations.indexes import make_beside_writers

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

HELD = "ix_reservations_held_for"
USED = "ix_redemptions_order_id"


def upgrade() -> None:
    """Beside the writers, and so not in one transaction."""
    with op.get_context().autocommit_block():
        make_beside_writers(HELD, "reservations", ["order_id"], postgresql_where=sa.text("state = 'HELD'"))
        make_beside_writers(USED, "redemptions", ["order_id"])


def downgrade() -> None:
    op.drop_index(USED, table_name="redemptions")
    op.drop_index(HELD, table_name="reservations")
