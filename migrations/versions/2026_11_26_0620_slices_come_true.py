"""What became of scores is kept by tier and by slice too.

Revision: 0044
After: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slice_readings",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("horizon", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bin", sa.SmallInteger(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("predicted", sa.Double(), nullable=False),
        sa.Column("bought", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "model_id", "horizon", "kind", "name", "bin", name=op.f("pk_slice_readings")),
    )


def downgrade() -> None:
    op.execute("DROP VIEW IF EXISTS reporting.model_slices")
    op.drop_table("slice_readings")
