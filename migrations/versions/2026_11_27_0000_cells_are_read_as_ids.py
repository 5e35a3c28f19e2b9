"""Rejected rows are found by the ids that their cells say: 17850.0 is the customer 17850, as in rows that were taken.

Revision: 0056
After: 0054
"""

import sqlalchemy as sa
from alembic import op

from migrations.indexes import make_beside_writers

revision = "0056"
down_revision = "0054"
branch_labels = None
depends_on = None

# As `events.files.cells` reads a customer's id: without what Unicode calls white space around it and without a fraction
# of 0, and in capitals where the file's format says so, which the row does not tell.
IDS_SAID = r"""
CREATE OR REPLACE FUNCTION ids_said(cell text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT ARRAY[said, upper(said)] FROM regexp_replace(
  btrim(cell, U&'\0009\000A\000B\000C\000D\0020\0085\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A'
    '\2028\2029\202F\205F\3000'),
  '^([0-9]+)\.0$', '\1'
) AS said)
"""
VALUES_OF = """
CREATE OR REPLACE FUNCTION values_of(content jsonb) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT array_agg(DISTINCT hashtextextended(said, 0)) FROM jsonb_each_text(content), unnest(ids_said(value)) AS said
)
"""
VALUES_OF_BEFORE = """
CREATE OR REPLACE FUNCTION values_of(content jsonb) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(hashtextextended(btrim(value), 0)) FROM jsonb_each_text(content))
"""
VALUES = "ix_rejected_rows_values"


def upgrade() -> None:
    """Until the index is made anew it finds what it found before. Killed at any line, it can be run again."""
    op.execute(IDS_SAID)
    _values_are(VALUES_OF)


def downgrade() -> None:
    _values_are(VALUES_OF_BEFORE)
    op.execute("DROP FUNCTION IF EXISTS ids_said(text)")


def _values_are(function: str) -> None:
    op.execute(function)
    with op.get_context().autocommit_block():
        make_beside_writers(VALUES, "rejected_rows", [sa.text("values_of(content)")], postgresql_using="gin")
