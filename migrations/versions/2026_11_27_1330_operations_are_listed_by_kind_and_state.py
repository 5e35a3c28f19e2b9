"""Lists of operations of a kind, or in a state, do not read the others.

Revision: 0067
After: 0068
"""

from alembic import op

from migrations.indexes import make_beside_writers

revision = "0067"
down_revision = "0068"
branch_labels = None
depends_on = None

BY = ("kind", "state")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for column in BY:
            columns = [column, "create_time", "operation_id"]
            make_beside_writers(op.f(f"ix_operations_{column}_create_time_operation_id"), "operations", columns)


def downgrade() -> None:
    for column in BY:
        op.drop_index(op.f(f"ix_operations_{column}_create_time_operation_id"), table_name="operations")
