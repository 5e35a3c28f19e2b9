"""Codes of countries are in capitals: gb and GB were two countries.

Revision: 0054
After: 0053
"""

from alembic import op

from migrations.pieces import change_in_pieces

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

IN_SMALL_LETTERS = "country ~ '^[A-Za-z]{2,3}$' AND country <> upper(country)"
CAPITALS = "country = upper(country)"


def upgrade() -> None:
    changed = f"{CAPITALS}, revision = revision + 1, update_time = now()"
    with op.get_context().autocommit_block():
        change_in_pieces("customers", "customer_id", changed, IN_SMALL_LETTERS)
        change_in_pieces("customer_facts", "customer_id", CAPITALS, IN_SMALL_LETTERS)


def downgrade() -> None:
    """Who wrote them in small letters is not known."""
