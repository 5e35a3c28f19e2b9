"""Audit lines are found by actor and by action, and by the transaction that wrote them.

Revision: 0012
After: 0011
"""

from alembic import op

from migrations.indexes import make_beside_writers

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_audit_log_actor_audit_id": ["actor", "audit_id"],
    "ix_audit_log_action_audit_id": ["action", "audit_id"],
    "ix_audit_log_transaction_id": ["transaction_id"],
}


def upgrade() -> None:
    """Beside the writers, and so not in one transaction."""
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            make_beside_writers(name, "audit_log", columns)


def downgrade() -> None:
    for name in reversed(INDEXES):
        op.drop_index(name, table_name="audit_log")
