"""What customers were sent and shown, counted for reports and kept: one day at a time, and only where it changed.

A trigger notes each day of which messages were added, in the transaction that adds them; of what is taken away it notes
how much. So how long counting takes goes by what came since, however much there was before.
"""

from datetime import date

from sqlalchemy import text

from database import planner
from database.leading import leads
from database.session import Snapshot, Transaction

DUE = text("SELECT DISTINCT day FROM uncounted_messages ORDER BY day DESC")
# One statement sees one state: every note that it takes is of events that it counts, and of no others.
COUNT = text("""
WITH taken AS (
  DELETE FROM uncounted_messages WHERE day = :day RETURNING event_type, channel, messages, customers
), known AS (
  SELECT event_type, channel, messages, customers FROM counted_messages WHERE day = :day
), found AS (
  SELECT event_type, coalesce(upper(channel), 'UNKNOWN') AS channel, count(*) AS messages,
    count(DISTINCT customer_id) AS customers
  FROM events
  WHERE (SELECT bool_or(event_type IS NULL) FROM taken) AND event_type IN (6, 7)
    AND time >= CAST(:day AS date)::timestamp AT TIME ZONE 'UTC'
    AND time < (CAST(:day AS date) + 1)::timestamp AT TIME ZONE 'UTC'
  GROUP BY 1, 2
), less AS (
  SELECT event_type, channel, sum(messages) AS messages, sum(customers) AS customers FROM taken GROUP BY 1, 2
)
INSERT INTO counted_messages (day, event_type, channel, messages, customers)
SELECT :day, event_type, channel, coalesce(found.messages, 0), coalesce(found.customers, 0)
FROM known FULL JOIN found USING (event_type, channel) WHERE (SELECT bool_or(event_type IS NULL) FROM taken)
UNION ALL
SELECT :day, event_type, channel, known.messages - less.messages, known.customers - less.customers
FROM known JOIN less USING (event_type, channel) WHERE NOT (SELECT bool_or(event_type IS NULL) FROM taken)
ON CONFLICT (day, event_type, channel) DO UPDATE SET (messages, customers) = (excluded.messages, excluded.customers)
""")
FORGET = text("DELETE FROM counted_messages WHERE day = :day AND messages = 0")


def due(snapshot: Snapshot) -> list[date]:
    """Days of which messages came or went since they were counted, the newest first."""
    return list(snapshot.scalars(DUE))


def count(transaction: Transaction, day: date) -> bool:
    """Count a day (UTC) as it is; False when somebody else is at it."""
    facts = {"day": day}
    if not leads(transaction, "tierwise count messages", day.isoformat()):
        return False
    planner.sort_in_memory(transaction)
    for statement in (COUNT, FORGET):
        transaction.execute(statement, facts)
    return True
