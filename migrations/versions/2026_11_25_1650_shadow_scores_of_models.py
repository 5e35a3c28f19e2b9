"""Scores by a model that does not answer, beside the stored ones, to see who would move.

Revision: 0017
After: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shadow_scores",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("purchase_90", sa.Float(), nullable=False),
        sa.Column("spend_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "operation_id", name=op.f("pk_shadow_scores")),
    )


def downgrade() -> None:
    op.drop_table("shadow_scores")
