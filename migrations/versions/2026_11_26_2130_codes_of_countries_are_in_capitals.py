"""Codes of countries are in capitals: gb and GB were two countries.

Revision: 0054
After: 0053
"""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

IN_CAPITALS = (
    """
    UPDATE customers SET country = upper(country), revision = revision + 1, update_time = now()
    WHERE country ~ '^[A-Za-z]{2,3}$' AND country <> upper(country)
    """,
    """
    UPDATE customer_facts SET country = upper(country)
    WHERE country ~ '^[A-Za-z]{2,3}$' AND country <> upper(country)
    """,
)


def upgrade() -> None:
    for statement in IN_CAPITALS:
        op.execute(statement)


def downgrade() -> None:
    """Who wrote them in small letters is not known."""
