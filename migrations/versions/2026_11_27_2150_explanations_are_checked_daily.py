"""Explanations are checked daily.

Revision: 0088
After: 0087
"""

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "explanation_readings",
        sa.Column("model_id", sa.Text(collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.Double(), nullable=True),
        sa.Column("gradients", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("model_id", "day", name=op.f("pk_explanation_readings")),
    )


def downgrade() -> None:
    op.drop_table("explanation_readings")
