"""Lines of the audit log are found by their time.

Revision: 0039
After: 0038
"""

from alembic import op

from migrations.indexes import make_beside_writers

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

NAME = "ix_audit_log_time"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        make_beside_writers(
            NAME, "audit_log", ["time"], postgresql_using="brin", postgresql_with={"autosummarize": True}
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="audit_log", postgresql_concurrently=True, if_exists=True)
