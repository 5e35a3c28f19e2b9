"""Campaigns are launched by the clock, once or as a series.

Revision: 0025
After: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("recurrence", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("campaigns", sa.Column("series", sa.Text(), nullable=True))
    op.add_column("campaigns", sa.Column("series_version", sa.Integer(), nullable=True))
    op.add_column("campaigns", sa.Column("due_time", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.create_table(
        "schedule_ticks",
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("due_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("tick_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "due_time", name=op.f("pk_schedule_ticks")),
    )


def downgrade() -> None:
    op.drop_table("schedule_ticks")
    for column in ("due_time", "series_version", "series", "recurrence"):
        op.drop_column("campaigns", column)
