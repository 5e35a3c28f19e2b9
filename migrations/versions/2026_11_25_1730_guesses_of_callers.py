"""Callers pay for codes that they guess.

Revision: 0016
After: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("paid_until", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_guesses")),
    )


def downgrade() -> None:
    op.drop_table("guesses")
