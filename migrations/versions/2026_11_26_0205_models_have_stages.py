"""Models come to answer by stages: a shadow and a canary beside the active one, and what a shadow would have said.

Revision: 0041
After: 0040
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.indexes import make_beside_writers

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

BEFORE, NOW = "uq_models_active", "uq_models_state"


def upgrade() -> None:
    """Killed at any line, it can be run again."""
    for column in (
        sa.Column("canary_share", sa.Double(), nullable=True),
        sa.Column("predecessor", sa.Text(), nullable=True),
        sa.Column("move_time", sa.TIMESTAMP(timezone=True), nullable=True),
    ):
        op.add_column("models", column, if_not_exists=True)
    op.create_table(
        "shadow_comparisons",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("against", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("purchase_difference", sa.Double(), nullable=False),
        sa.Column("spend_difference_minor", sa.Double(), nullable=False),
        sa.Column("joint", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("failed_count", sa.BigInteger(), nullable=False),
        sa.Column("skipped_count", sa.BigInteger(), nullable=False),
        sa.Column("begin_time", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("update_time", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "against", name=op.f("pk_shadow_comparisons")),
        if_not_exists=True,
    )
    stages = sa.text("state IN ('SHADOW', 'CANARY', 'ACTIVE')")
    with op.get_context().autocommit_block():
        make_beside_writers(NOW, "models", ["state"], unique=True, postgresql_where=stages)
        op.drop_index(BEFORE, table_name="models", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    op.execute("UPDATE models SET state = 'CANDIDATE' WHERE state IN ('SHADOW', 'CANARY')")
    op.create_index(BEFORE, "models", ["state"], unique=True, postgresql_where=sa.text("state = 'ACTIVE'"))
    op.drop_index(NOW, table_name="models")
    op.drop_table("shadow_comparisons")
    for column in ("move_time", "predecessor", "canary_share"):
        op.drop_column("models", column)
