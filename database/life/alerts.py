"""What is not as it should be with live campaigns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from database.life.holds import QUIET
from database.session import Snapshot
from database.terms.counters import USED

TIGHT = text(f"""
SELECT campaign_id, display_name, budget_minor, currency, reserved_minor + spent_minor AS used_minor
FROM campaigns JOIN LATERAL ({USED}) AS used ON reserved_minor + spent_minor >= :share * budget_minor
WHERE state IN ('LAUNCHING', 'ACTIVE', 'PAUSED') ORDER BY end_time, campaign_id LIMIT :limit
""")  # noqa: S608 - made of constants
UNEVEN = text("""
SELECT campaign_id, display_name FROM campaigns JOIN LATERAL (
  SELECT mismatch FROM result_readings WHERE result_readings.campaign_id = campaigns.campaign_id
  ORDER BY day DESC LIMIT 1
) AS reading ON mismatch
WHERE state IN ('LAUNCHING', 'ACTIVE', 'PAUSED') ORDER BY end_time, campaign_id LIMIT :limit
""")
STUCK = text("""
SELECT campaign_id, display_name, operation_id, launch.state, error, why FROM campaigns JOIN LATERAL (
  SELECT operation_id, operations.state, error, why, update_time FROM operations
  WHERE kind = 'LAUNCH_CAMPAIGN' AND request @> jsonb_build_object('campaign_id', campaigns.campaign_id)
  ORDER BY create_time DESC LIMIT 1
) AS launch ON launch.state = 'FAILED' OR (launch.state = 'RUNNING' AND launch.update_time < :silent)
WHERE campaigns.state = 'LAUNCHING'
  AND (launch.state = 'FAILED' OR NOT EXISTS (SELECT FROM stops WHERE scope IN ('-', campaign_id, series)))
ORDER BY campaigns.create_time, campaign_id LIMIT :limit
""")
HELD_UP = text(f"""
SELECT campaign_id, display_name, error, why
FROM operations AS work JOIN campaigns ON campaign_id = request ->> 'campaign_id'
WHERE work.state = 'RUNNING' AND kind = 'HAND_OVER_COUPONS' AND error IS NOT NULL AND work.update_time < :silent
  AND (why ->> 'code' = 'QUIET_UNTIL_OVER' OR NOT {QUIET}) AND campaigns.state = 'ACTIVE' AND start_time <= :now
  AND NOT EXISTS (SELECT FROM stops WHERE scope IN ('-', campaign_id, series))
ORDER BY end_time, campaign_id LIMIT :limit
""")  # noqa: S608 - made of constants
REFUSING = """
campaigns JOIN LATERAL (
  SELECT channel, CAST(sum(count) FILTER (WHERE message_counts.state = 'REFUSED') AS bigint) AS refused_count,
    CAST(sum(count) AS bigint) AS answered_count
  FROM message_counts
  WHERE message_counts.campaign_id = campaigns.campaign_id AND message_counts.state IN ('HANDED_OVER', 'REFUSED')
  GROUP BY channel
) AS given ON campaigns.state IN ('ACTIVE', 'PAUSED') AND refused_count > greatest(:few, :share * answered_count)
"""
REFUSED = text(f"""
SELECT campaign_id, display_name, channel, refused_count, answered_count, (
  SELECT note FROM (
    SELECT note FROM messages WHERE messages.campaign_id = campaigns.campaign_id AND messages.state = 'REFUSED'
      AND messages.channel = given.channel LIMIT 100
  ) AS refused GROUP BY note ORDER BY count(*) DESC, note LIMIT 1
) AS note
FROM {REFUSING} ORDER BY end_time, campaign_id, channel LIMIT :limit
""")  # noqa: S608 - made of constants
REFUSED_COUNTS = text(f"""
SELECT channel, count(*) AS campaigns, CAST(max(refused_count) AS bigint) AS most FROM {REFUSING} GROUP BY channel
""")  # noqa: S608 - made of constants
MISSED = text("""
SELECT campaign_id, display_name, zone, missed.due_time FROM schedule_ticks AS missed
JOIN campaigns ON campaign_id = schedule
WHERE outcome = 'MISSED' AND tick_time >= :since AND NOT EXISTS (
  SELECT FROM schedule_ticks AS later WHERE later.schedule = missed.schedule AND later.due_time > missed.due_time
) AND CASE WHEN recurrence IS NULL THEN state = 'APPROVED' ELSE state IN ('SCHEDULED', 'ENDED') END
ORDER BY missed.due_time DESC, campaign_id LIMIT :limit
""")
UNDECIDED = text("""
SELECT campaigns.campaign_id, display_name, authors
FROM campaigns CROSS JOIN LATERAL (
  SELECT (after ->> 'undecided_version')::integer AS undecided FROM audit_log
  WHERE object_name = 'campaigns/' || campaign_id AND action = 'campaigns.end' AND outcome = 'OK'
  ORDER BY audit_id DESC LIMIT 1
) AS ended
JOIN campaign_versions AS asked ON asked.campaign_id = campaigns.campaign_id AND asked.version = undecided
WHERE state = 'ENDED' AND finish_time >= :since ORDER BY finish_time DESC, campaigns.campaign_id
""")


class Tight(NamedTuple):
    """A campaign whose budget is nearly used."""

    campaign_id: str
    display_name: str
    budget_minor: int
    currency: str
    used_minor: int


class Uneven(NamedTuple):
    """A campaign whose groups do not have the planned sizes."""

    campaign_id: str
    display_name: str


class Stuck(NamedTuple):
    """A launch that failed, or gave no sign of life."""

    campaign_id: str
    display_name: str
    operation_id: str
    state: str
    error: str | None
    why: Mapping[str, Any] | None


class HeldUp(NamedTuple):
    """A campaign whose messages wait for a channel."""

    campaign_id: str
    display_name: str
    error: str
    why: Mapping[str, Any] | None


class Refused(NamedTuple):
    """A channel that does not take the messages of a campaign."""

    campaign_id: str
    display_name: str
    channel: str
    refused_count: int
    answered_count: int
    """Of the messages that it took or refused."""
    note: str | None
    """The reason that it gives most."""


class RefusedCount(NamedTuple):
    """A channel that does not take the messages of some campaigns."""

    channel: str
    campaigns: int
    most: int
    """Messages of one campaign."""


class Missed(NamedTuple):
    """What the clock could not launch, and nobody has decided about since."""

    campaign_id: str
    display_name: str
    zone: str
    due_time: datetime


class Undecided(NamedTuple):
    """A campaign that ended before anybody decided about what was proposed for it."""

    campaign_id: str
    display_name: str
    authors: Sequence[str]
    """Of the proposal."""


def tight(snapshot: Snapshot, *, share: float, limit: int) -> list[Tight]:
    """Live campaigns that have used at least this share of their budget."""
    return [Tight(*row) for row in snapshot.execute(TIGHT, {"share": share, "limit": limit})]


def uneven(snapshot: Snapshot, *, limit: int) -> list[Uneven]:
    """Live campaigns whose last kept results say so."""
    return [Uneven(*row) for row in snapshot.execute(UNEVEN, {"limit": limit})]


def stuck(snapshot: Snapshot, *, silent_since: datetime, limit: int) -> list[Stuck]:
    """Campaigns that are launching and whose work does not go on."""
    return [Stuck(*row) for row in snapshot.execute(STUCK, {"silent": silent_since, "limit": limit})]


def held_up(snapshot: Snapshot, now: datetime, *, silent_since: datetime, limit: int) -> list[HeldUp]:
    """Campaigns that run, and whose hand-over has not gone on for so long because a channel does not take messages."""
    return [HeldUp(*row) for row in snapshot.execute(HELD_UP, {"now": now, "silent": silent_since, "limit": limit})]


def refused(snapshot: Snapshot, *, share: float, few: int, limit: int) -> list[Refused]:
    """Campaigns that are not over, and of whose messages a channel refused more than this share, and than these few."""
    return [Refused(*row) for row in snapshot.execute(REFUSED, {"share": share, "few": few, "limit": limit})]


def refused_counts(snapshot: Snapshot, *, share: float, few: int) -> list[RefusedCount]:
    """The channels that have such campaigns."""
    found = snapshot.execute(REFUSED_COUNTS, {"share": share, "few": few})
    return [RefusedCount(*row) for row in found]


def missed(snapshot: Snapshot, *, since: datetime, limit: int) -> list[Missed]:
    """Campaigns that should have been launched and wait, and series whose last time was left out; the latest first."""
    return [Missed(*row) for row in snapshot.execute(MISSED, {"since": since, "limit": limit})]


def undecided(snapshot: Snapshot, *, since: datetime) -> list[Undecided]:
    """Campaigns that ended so, the latest first."""
    return [Undecided(*row) for row in snapshot.execute(UNDECIDED, {"since": since})]
