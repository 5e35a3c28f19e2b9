"""Audit lines are found by their outcome, however rare it is.

Revision: 0034
After: 0033
"""

from alembic import op

from migrations.indexes import make_beside_writers

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

NAME = "ix_audit_log_outcome_audit_id"


def upgrade() -> None:
    """Beside the writers, and so not in one transaction."""
    with op.get_context().autocommit_block():
        make_beside_writers(NAME, "audit_log", ["outcome", "audit_id"])


def downgrade() -> None:
    op.drop_index(NAME, table_name="audit_log")
