"""Coupons that are used on an order, or held for it, are found by the order.

Revision: 0027
After: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

HELD = "ix_reservations_held_for"
USED = "ix_redemptions_order_id"


def upgrade() -> None:
    """Beside the writers, and so not in one transaction: each index is made unless it is there."""
    with op.get_context().autocommit_block():
        op.create_index(
            HELD, "reservations", ["order_id"], postgresql_where=sa.text("state = 'HELD'"),
            postgresql_concurrently=True, if_not_exists=True,
        )  # fmt: skip
        op.create_index(USED, "redemptions", ["order_id"], postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_index(USED, table_name="redemptions")
    op.drop_index(HELD, table_name="reservations")
