"""Views of analysts that stand in the way of a change of the tables."""

from alembic import op

# Those that read the readers go first. A view that somebody made upon ours is refused by name: it is not ours to drop.
TAKE_DOWN = """
DO $$ DECLARE reader record; BEGIN
  FOR reader IN
    WITH RECURSIVE readers (oid, height) AS (
      SELECT ev_class, 1 FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = objid
      JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
      WHERE classid = 'pg_rewrite'::regclass AND refobjid = '{table}'::regclass AND attname = '{column}'
      UNION
      SELECT ev_class, height + 1 FROM readers JOIN pg_depend ON refobjid = readers.oid
      JOIN pg_rewrite ON pg_rewrite.oid = objid AND ev_class <> readers.oid
    )
    SELECT pg_class.oid::regclass AS name, CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind
    FROM readers JOIN pg_class USING (oid)
    WHERE relnamespace IN (to_regnamespace('reporting'), to_regnamespace('reporting_store'))
    GROUP BY pg_class.oid, relkind ORDER BY max(height) DESC
  LOOP EXECUTE format('DROP %s %s', reader.kind, reader.name); END LOOP;
END $$
"""
DROP = """
-- squawk-ignore ban-drop-column
ALTER TABLE {table} DROP COLUMN {column}
"""


def drop_column(table: str, column: str) -> None:
    """Drop a column with the views of analysts that read it, whatever version installed them.

    Those that this version has are made anew when all migrations are done.
    """
    for statement in (TAKE_DOWN, DROP):
        op.execute(statement.format(table=table, column=column))
