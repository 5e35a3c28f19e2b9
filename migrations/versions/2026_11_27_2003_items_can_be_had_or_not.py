"""Items can be had or not.

Revision: 0075
After: 0078
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "availability",
        sa.Column("item_id", sa.Text(collation="C"), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("change_time", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_availability")),
    )
    op.create_index(op.f("ix_availability_revision"), "availability", ["revision"])


def downgrade() -> None:
    op.drop_table("availability")
