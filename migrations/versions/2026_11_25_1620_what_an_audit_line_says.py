"""Audit lines say which version they left and what a decision was made from, and speak of customers by another name.

Revision: 0011
After: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_log", sa.Column("object_version", sa.BigInteger(), nullable=True))
    op.add_column("audit_log", sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    # The default is evaluated once for the lines that are there: this transaction is later than theirs.
    written_by = sa.text("pg_current_xact_id()::text::bigint")
    op.add_column("audit_log", sa.Column("transaction_id", sa.BigInteger(), server_default=written_by, nullable=False))
    op.create_table(
        "audit_subjects",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_audit_subjects")),
        sa.UniqueConstraint("subject_id", name=op.f("uq_audit_subjects_subject_id")),
    )


def downgrade() -> None:
    op.drop_table("audit_subjects")
    for column in ("transaction_id", "basis", "object_version"):
        op.drop_column("audit_log", column)
