"""Answers and rejected rows that name a customer are found without reading the others.

Revision: 0040
After: 0039
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.indexes import make_beside_writers

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# Numbers, since a value may be longer than an index takes.
VALUES_OF = """
CREATE OR REPLACE FUNCTION values_of(content jsonb) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(hashtextextended(btrim(value), 0)) FROM jsonb_each_text(content))
"""
NAMED, NOT_NOTED, VALUES = "ix_requests_named", "ix_requests_not_noted", "ix_rejected_rows_values"


def upgrade() -> None:
    """Answers from before are read whole until they are forgotten. Killed at any line, it can be run again."""
    op.add_column("requests", sa.Column("named", postgresql.ARRAY(sa.BigInteger()), nullable=True), if_not_exists=True)
    op.execute(VALUES_OF)
    with op.get_context().autocommit_block():
        make_beside_writers(NAMED, "requests", ["named"], postgresql_using="gin")
        old = sa.text("named IS NULL AND response IS NOT NULL")
        make_beside_writers(NOT_NOTED, "requests", ["create_time"], postgresql_where=old)
        make_beside_writers(VALUES, "rejected_rows", [sa.text("values_of(content)")], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index(VALUES, table_name="rejected_rows")
    op.drop_index(NOT_NOTED, table_name="requests")
    op.drop_index(NAMED, table_name="requests")
    op.execute("DROP FUNCTION values_of(jsonb)")
    op.drop_column("requests", "named")
