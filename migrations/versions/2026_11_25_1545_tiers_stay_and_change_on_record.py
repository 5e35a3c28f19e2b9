"""Tiers know since when, by which model, and since when they are at risk; every change of one is kept.

Revision: 0004
After: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON tier_changes
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Tiers that were given before count from the next rescoring on; schemes made before go up and down at once."""
    op.create_table(
        "tier_changes",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("from_tier", sa.Text(), nullable=True),
        sa.Column("to_tier", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("tier_scheme", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "operation_id", name=op.f("pk_tier_changes")),
    )
    op.create_index(op.f("ix_tier_changes_time_customer_id"), "tier_changes", ["time", "customer_id"], unique=False)
    op.execute(GUARD)
    op.add_column("scores", sa.Column("tier_model_id", sa.Text(), nullable=True))
    op.add_column("scores", sa.Column("tier_since", TIME, nullable=True))
    op.add_column("scores", sa.Column("below_since", TIME, nullable=True))
    op.add_column("tier_schemes", sa.Column("margin", sa.Float(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "tier_schemes", sa.Column("grace_days", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    for column in ("grace_days", "margin"):
        op.drop_column("tier_schemes", column)
    for column in ("below_since", "tier_since", "tier_model_id"):
        op.drop_column("scores", column)
    op.drop_table("tier_changes")
