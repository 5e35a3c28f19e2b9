"""Each customer's events have a version, and a copy in one piece.

Revision: 0036
After: 0035
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# Every event moves the version, so pages keep room for it.
ROOMY = "ALTER TABLE customer_states SET (fillfactor = 70)"


def upgrade() -> None:
    """Empty: a customer without a row is read from the events, until a rescoring makes one."""
    op.create_table(
        "customer_states",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("history", postgresql.BYTEA(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_states")),
    )
    op.execute(ROOMY)


def downgrade() -> None:
    op.drop_table("customer_states")
