"""Messages of a day are found and counted, and uses of codes that were given back are found.

Revision: 0086
After: 0085
"""

import sqlalchemy as sa
from alembic import op

from migrations.indexes import make_beside_writers

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

MESSAGES = "ix_events_messages"
GIVEN_BACK = "ix_redemptions_given_back"
# From one day to the next that has any, by the index.
NOTE_ALL = """
INSERT INTO uncounted_messages (day)
WITH RECURSIVE days (day) AS (
  SELECT (min(time) AT TIME ZONE 'UTC')::date FROM events WHERE event_type IN (6, 7)
  UNION ALL
  SELECT (
    SELECT (min(time) AT TIME ZONE 'UTC')::date FROM events
    WHERE event_type IN (6, 7) AND time >= (day + 1)::timestamp AT TIME ZONE 'UTC'
  ) FROM days WHERE day IS NOT NULL
)
SELECT day FROM days WHERE day IS NOT NULL
"""
COUNT = """
WITH taken AS (DELETE FROM uncounted_messages WHERE day = :day)
INSERT INTO counted_messages (day, event_type, channel, messages, customers)
SELECT :day, event_type, coalesce(upper(channel), 'UNKNOWN'), count(*), count(DISTINCT customer_id)
FROM events WHERE event_type IN (6, 7) AND time >= CAST(:day AS date)::timestamp AT TIME ZONE 'UTC'
  AND time < (CAST(:day AS date) + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY 2, 3
ON CONFLICT (day, event_type, channel) DO UPDATE SET (messages, customers) = (excluded.messages, excluded.customers)
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        make_beside_writers(
            MESSAGES, "events", ["time"], postgresql_where=sa.text("event_type IN (6, 7)"),
            postgresql_include=["event_type", "channel", "customer_id"],
        )  # fmt: skip
        make_beside_writers(GIVEN_BACK, "redemptions", ["campaign_id"], postgresql_where=sa.text("given_back"))
        if not op.get_context().as_sql:
            _count()


def downgrade() -> None:
    op.drop_index(GIVEN_BACK, table_name="redemptions")
    op.drop_index(MESSAGES, table_name="events")


def _count() -> None:
    """A day at a time. What comes meanwhile is noted by who brings it."""
    connection = op.get_bind()
    connection.execute(sa.text("SET statement_timeout = 0"))
    connection.execute(sa.text(NOTE_ALL))
    for day in connection.scalars(sa.text("SELECT DISTINCT day FROM uncounted_messages ORDER BY 1")).all():
        connection.execute(sa.text(COUNT), {"day": day})
    connection.execute(sa.text("SET statement_timeout = '60s'"))
