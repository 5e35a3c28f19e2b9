"""Messages claimed for handing over, settled afterwards, and counted as they are settled."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import namedtuple_row
from sqlalchemy import delete, select

from database.coupons.tables import MessageCountRow, MessageRow
from database.session import Snapshot, Transaction, driver_connection
from database.terms.validity import EXPIRE_TIME

DUE = "DUE"
SENDING = "SENDING"
WAITING = "WAITING"
OPEN = (SENDING, WAITING)
COUNT_DUE = """
INSERT INTO message_counts (campaign_id, channel, state, hour, count)
SELECT campaign_id, channel, 'DUE', date_trunc('hour', %(now)s, 'UTC'), count(*) FROM coupons
WHERE campaign_id = %(campaign)s AND channel = ANY(%(channels)s) GROUP BY campaign_id, channel
RETURNING channel, count
"""
# In the hour in which they were counted.
REOPEN = """
WITH refused AS MATERIALIZED (
  SELECT customer_id, channel, date_trunc('hour', settle_time, 'UTC') AS hour FROM messages
  WHERE campaign_id = %(campaign)s AND state = 'REFUSED' AND channel = ANY(%(channels)s) FOR UPDATE
), reopened AS (
  UPDATE messages SET state = 'WAITING', settle_time = NULL
  FROM refused WHERE campaign_id = %(campaign)s AND messages.customer_id = refused.customer_id
)
UPDATE message_counts SET count = message_counts.count - less.count
FROM (SELECT channel, hour, count(*) FROM refused GROUP BY channel, hour) AS less
WHERE campaign_id = %(campaign)s AND state = 'REFUSED' AND message_counts.channel = less.channel
  AND message_counts.hour = less.hour
"""
# It waits, or its worker is gone; what was claimed as long after now was so before the clock went back.
LEFT = """
(messages.state = 'WAITING' OR messages.state = 'SENDING'
  AND claim_time NOT BETWEEN %(abandoned)s AND %(now)s + (%(now)s - %(abandoned)s))
"""
LAPSE = f"""
UPDATE messages SET state = 'LAPSED', settle_time = %(now)s WHERE campaign_id = %(campaign)s AND {LEFT}
RETURNING channel, state
"""  # noqa: S608 - made of constants
# Consent is read in the statement that claims: it is the answer of this moment.
CONSENT = """
lower(coupons.channel) IN (SELECT lower(agreed) FROM customers, unnest(consented_channels) AS agreed
  WHERE customers.customer_id = coupons.customer_id)
"""
FATE = f"""
CASE WHEN coupons.state <> 'ISSUED' OR {EXPIRE_TIME} <= %(now)s THEN 'LAPSED' WHEN {CONSENT} THEN 'SENDING'
  ELSE 'NO_CONSENT' END
"""
# That messages are of customers after the cursor follows, but PostgreSQL would look through all those before it.
CLAIM = f"""
WITH next AS MATERIALIZED (
  SELECT code, customer_id, channel, tier, discount, currency, {EXPIRE_TIME} AS expire_time,
    CASE WHEN channel = ANY(%(quiet)s) THEN 'WAITING' ELSE {FATE} END AS fate
  FROM coupons JOIN campaigns USING (campaign_id)
  WHERE campaign_id = %(campaign)s AND customer_id > %(after)s AND channel = ANY(%(channels)s)
    AND NOT EXISTS (SELECT FROM messages WHERE messages.campaign_id = %(campaign)s
      AND messages.customer_id = coupons.customer_id AND messages.customer_id > %(after)s)
  ORDER BY customer_id LIMIT %(limit)s
), claimed AS (
  INSERT INTO messages (campaign_id, customer_id, channel, state, note, batch, claim_time, settle_time)
  SELECT %(campaign)s, customer_id, channel, fate, CASE WHEN fate = 'WAITING' THEN %(note)s END, %(batch)s, %(now)s,
    CASE WHEN fate NOT IN ('SENDING', 'WAITING') THEN %(now)s END
  FROM next
)
SELECT customer_id, channel, tier, code, discount, currency, expire_time, fate AS state, %(batch)s::text AS batch
FROM next ORDER BY customer_id
"""  # noqa: S608 - made of constants
CLAIM_AGAIN = f"""
WITH next AS MATERIALIZED (
  SELECT code, messages.customer_id, messages.channel, tier, discount, currency, {EXPIRE_TIME} AS expire_time,
    batch, {FATE} AS fate
  FROM messages JOIN coupons USING (campaign_id, customer_id) JOIN campaigns USING (campaign_id)
  WHERE campaign_id = %(campaign)s AND batch = %(batch)s AND messages.channel = ANY(%(channels)s) AND {LEFT}
), claimed AS (
  UPDATE messages SET state = fate, claim_time = %(now)s, settle_time = CASE WHEN fate <> 'SENDING' THEN %(now)s END
  FROM next WHERE campaign_id = %(campaign)s AND messages.customer_id = next.customer_id
)
SELECT customer_id, channel, tier, code, discount, currency, expire_time, fate AS state, batch
FROM next ORDER BY customer_id
"""  # noqa: S608 - made of constants
# That messages wait says only whoever has them: a worker that stood still has lost them to another.
SETTLE = """
UPDATE messages SET state = fates.fate, note = fates.note,
  settle_time = CASE WHEN fates.fate <> 'WAITING' THEN %(now)s END
FROM unnest(%(customers)s::text[], %(fates)s::text[], %(notes)s::text[]) AS fates (customer_id, fate, note)
WHERE campaign_id = %(campaign)s AND messages.customer_id = fates.customer_id AND state = 'SENDING'
  AND (fates.fate <> 'WAITING' OR claim_time = %(claim_time)s)
RETURNING channel, state
"""
# By channel, since those that are quiet wait among the others in their hundreds of thousands.
OPEN_BATCH = """
SELECT batch FROM unnest(%(channels)s::text[]) AS mine (channel) CROSS JOIN LATERAL (
  (SELECT claim_time, batch FROM messages
    WHERE campaign_id = %(campaign)s AND messages.channel = mine.channel AND state = 'WAITING' AND NOT EXISTS (
      SELECT FROM messages WHERE campaign_id = %(campaign)s AND channel = ANY(%(channels)s) AND state = 'WAITING'
        AND claim_time BETWEEN %(tried)s AND %(now)s + (%(now)s - %(tried)s)
    ) ORDER BY claim_time LIMIT 1)
  UNION ALL
  (SELECT claim_time, batch FROM messages
    WHERE campaign_id = %(campaign)s AND messages.channel = mine.channel AND state = 'SENDING'
      AND claim_time < %(abandoned)s ORDER BY claim_time LIMIT 1)
  UNION ALL
  (SELECT claim_time, batch FROM messages
    WHERE campaign_id = %(campaign)s AND messages.channel = mine.channel AND state = 'SENDING'
      AND claim_time > %(now)s + (%(now)s - %(abandoned)s) ORDER BY claim_time LIMIT 1)
) AS left_over ORDER BY claim_time, batch LIMIT 1
"""
# From channel to channel along the index: DISTINCT would look at each message.
OPEN_CHANNELS = """
WITH RECURSIVE found (channel) AS (
  SELECT min(channel) FROM messages WHERE campaign_id = %(campaign)s AND state IN ('SENDING', 'WAITING')
  UNION ALL
  SELECT (SELECT min(channel) FROM messages
    WHERE campaign_id = %(campaign)s AND state IN ('SENDING', 'WAITING') AND channel > found.channel)
  FROM found WHERE channel IS NOT NULL
)
SELECT channel FROM found WHERE channel IS NOT NULL
"""
COUNT = """
INSERT INTO message_counts (campaign_id, channel, state, hour, count)
VALUES (%(campaign)s, %(channel)s, %(state)s, date_trunc('hour', %(now)s, 'UTC'), %(count)s)
ON CONFLICT (campaign_id, channel, state, hour) DO UPDATE SET count = message_counts.count + excluded.count
"""


class Claimed(NamedTuple):
    """A coupon that is about to leave, or that must not."""

    customer_id: str
    channel: str
    tier: str
    code: str
    discount: dict[str, Any]
    currency: str
    expire_time: datetime
    state: str
    """SENDING, NO_CONSENT or LAPSED; WAITING in quiet hours."""
    batch: str


class Settled(NamedTuple):
    """What became of one message."""

    customer_id: str
    fate: str
    note: str | None


class Tally(NamedTuple):
    """Messages of one state and channel."""

    channel: str
    state: str
    hour: datetime
    messages: int


def count_due(transaction: Transaction, campaign_id: str, channels: Collection[str], now: datetime) -> dict[str, int]:
    """Count and keep, by channel, how many coupons there are to hand over."""
    forget = delete(MessageCountRow).where(MessageCountRow.campaign_id == campaign_id, MessageCountRow.state == DUE)
    transaction.execute(forget)
    asked = {"campaign": campaign_id, "channels": list(channels), "now": now}
    found = driver_connection(transaction).execute(COUNT_DUE, asked).fetchall()
    return {str(channel): int(str(count)) for channel, count in found}


def reopen(transaction: Transaction, campaign_id: str, channels: Sequence[str]) -> None:
    """Let those wait that their channel refused: they count no more as refused."""
    asked = {"campaign": campaign_id, "channels": list(channels)}
    driver_connection(transaction).execute(REOPEN, asked)


def lapse(transaction: Transaction, campaign_id: str, now: datetime, *, abandoned: datetime) -> None:
    """Let nothing leave any more: neither what waits, nor what a worker has that claimed it before `abandoned`."""
    asked = {"campaign": campaign_id, "now": now, "abandoned": abandoned}
    found = driver_connection(transaction).execute(LAPSE, asked).fetchall()
    _count(transaction, campaign_id, ((str(channel), str(state)) for channel, state in found), now)


def claim(
    transaction: Transaction, campaign_id: str, channels: Sequence[str], *, after: str, limit: int, batch: str,
    quiet: Collection[str], note: str, now: datetime,
) -> list[Claimed]:  # fmt: skip
    """The next coupons without a message; from here on each has one.

    Those of `quiet` channels wait, with a note. Of the others those without consent are settled already, and those that
    are used or over.
    """
    asked = {"campaign": campaign_id, "channels": list(channels), "after": after, "limit": limit, "now": now}
    return _claimed(transaction, CLAIM, campaign_id, {**asked, "batch": batch, "quiet": list(quiet), "note": note})


def claim_again(
    transaction: Transaction,
    campaign_id: str,
    channels: Sequence[str],
    batch: str,
    *,
    abandoned: datetime,
    now: datetime,
) -> list[Claimed]:
    """Those of a batch that wait or whose worker is gone, as `open_batch` finds them, with today's consent.

    A batch is in two states where a part of it was refused, and let wait again, while a worker has the rest.
    """
    asked = {"campaign": campaign_id, "channels": list(channels), "batch": batch, "abandoned": abandoned, "now": now}
    return _claimed(transaction, CLAIM_AGAIN, campaign_id, asked)


def open_batch(
    snapshot: Snapshot,
    campaign_id: str,
    channels: Sequence[str],
    *,
    abandoned: datetime,
    tried: datetime,
    now: datetime,
) -> str | None:
    """Of the batches that wait, or whose worker is gone, that which was claimed first.

    A worker is gone that claimed before `abandoned`. Where a batch waits that was claimed since `tried`, no other that
    waits is claimed again. What was claimed as long after now was so before the clock went back.
    """
    asked = {"campaign": campaign_id, "channels": list(channels), "abandoned": abandoned, "tried": tried, "now": now}
    found = driver_connection(snapshot).execute(OPEN_BATCH, asked).fetchone()
    return None if found is None else str(found[0])


def open_channels(snapshot: Snapshot, campaign_id: str) -> set[str]:
    """Those by which a message of the campaign is on its way."""
    found = driver_connection(snapshot).execute(OPEN_CHANNELS, {"campaign": campaign_id}).fetchall()
    return {str(channel) for (channel,) in found}


def settle(
    transaction: Transaction, campaign_id: str, settled: Sequence[Settled], now: datetime, *, claim_time: datetime
) -> None:
    """Note what became of messages that are being sent, claimed at that time.

    One that was settled meanwhile, or erased, stays so; and one that was claimed again is not said to wait.
    """
    asked = {
        "campaign": campaign_id, "now": now, "claim_time": claim_time,
        "customers": [each.customer_id for each in settled],
        "fates": [each.fate for each in settled], "notes": [each.note for each in settled],
    }  # fmt: skip
    found = driver_connection(transaction).execute(SETTLE, asked).fetchall()
    _count(transaction, campaign_id, ((str(channel), str(state)) for channel, state in found), now)


def tallies(snapshot: Snapshot, campaign_id: str) -> list[Tally]:
    """How many became what, in which hour; and how many are due, in the hour when they were counted."""
    columns = MessageCountRow.channel, MessageCountRow.state, MessageCountRow.hour, MessageCountRow.count
    query = select(*columns).where(MessageCountRow.campaign_id == campaign_id).order_by(*columns[:3])
    return [Tally(*row) for row in snapshot.execute(query)]


def page(snapshot: Snapshot, campaign_id: str, *, state: str | None, limit: int, after: str = "") -> list[MessageRow]:
    """By customer_id; the next page is `after` the last customer of this one."""
    query = select(MessageRow).where(MessageRow.campaign_id == campaign_id, MessageRow.customer_id > after)
    if state is not None:
        query = query.where(MessageRow.state == state)
    return list(snapshot.scalars(query.order_by(MessageRow.customer_id).limit(limit)))


def of_customer(snapshot: Snapshot, customer_id: str, *, limit: int) -> list[MessageRow]:
    """The latest of one customer, of any campaign."""
    query = select(MessageRow).where(MessageRow.customer_id == customer_id)
    return list(snapshot.scalars(query.order_by(MessageRow.claim_time.desc()).limit(limit)))


def _claimed(transaction: Transaction, statement: str, campaign_id: str, asked: dict[str, Any]) -> list[Claimed]:
    cursor = driver_connection(transaction).cursor(row_factory=namedtuple_row)
    found = [Claimed(*row) for row in cursor.execute(statement.encode(), asked).fetchall()]
    _count(transaction, campaign_id, ((each.channel, each.state) for each in found), asked["now"])
    return found


def _count(transaction: Transaction, campaign_id: str, found: Iterable[tuple[str, str]], now: datetime) -> None:
    connection = driver_connection(transaction)
    for (channel, state), count in sorted(Counter(found).items()):
        if state not in OPEN:
            asked = {"campaign": campaign_id, "channel": channel, "state": state, "now": now, "count": count}
            connection.execute(COUNT, asked)
