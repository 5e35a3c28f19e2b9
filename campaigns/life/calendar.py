"""A month of campaigns, day by day: each window on the days of its own zone, and what the clock will launch."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from campaigns.life.scheduling import occurrence_id
from campaigns.terms import stored
from campaigns.terms.campaign import Campaign, CampaignId, State
from campaigns.terms.schedule import upcoming
from database.life import lists
from database.session import Snapshot

MOST = 150
"""Campaigns in one month."""
WIDEST = timedelta(hours=14)
"""That a zone is away from UTC."""
COMES = frozenset({State.SUBMITTED, State.APPROVED, State.SCHEDULED})
"""Series whose occurrences are foreseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A campaign on a day."""

    campaign: Campaign
    begins: datetime | None
    """Where it does on this day."""
    ends: datetime | None
    """Likewise."""
    occurs: bool
    """Whether it is an occurrence to come of the series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """What runs, by when it began."""

    day: date
    entries: Sequence[Entry]


def weeks(snapshot: Snapshot, month: date, now: datetime) -> list[list[CalendarDay]]:
    """The weeks of a month, from Monday; its first and last may reach into the months beside it."""
    first = month.replace(day=1)
    monday = first - timedelta(days=first.weekday())
    last = (first + timedelta(days=31)).replace(day=1)
    end = last + timedelta(days=-last.weekday() % 7)
    since, until = (datetime.combine(each, time(), tzinfo=UTC) for each in (monday, end))
    rows = lists.between(snapshot, since - WIDEST, until + WIDEST, limit=MOST)
    found: dict[date, list[Entry]] = defaultdict(list)
    known = [stored.campaign(row) for row in rows]
    names = {each.campaign_id for each in known}
    for campaign in known:
        for window in _windows(campaign, max(since - WIDEST, now), until + WIDEST, names):
            for day, entry in _entries(campaign, window, monday, end):
                found[day].append(entry)
    days = [CalendarDay(day=each, entries=found[each]) for each in _days(monday, end)]
    return [days[place : place + 7] for place in range(0, len(days), 7)]


def _windows(
    campaign: Campaign, since: datetime, until: datetime, names: AbstractSet[CampaignId]
) -> Iterator[tuple[datetime, datetime]]:
    """Its own, or those of occurrences to come."""
    plan = campaign.plan
    if plan.recurrence is None:
        yield plan.start_time, plan.end_time
    elif campaign.state in COMES:
        for each in takewhile(lambda one: one.start_time < until, upcoming(plan, since)):
            if occurrence_id(campaign, each) not in names:
                yield each.start_time, each.end_time


def _entries(
    campaign: Campaign, window: tuple[datetime, datetime], since: date, until: date
) -> Iterator[tuple[date, Entry]]:
    """On the days of a window that are shown: it may last for centuries."""
    (start, end), zone = window, ZoneInfo(campaign.plan.zone)
    first, last = start.astimezone(zone).date(), (end - timedelta(microseconds=1)).astimezone(zone).date()
    occurs = campaign.plan.recurrence is not None
    for day in _days(max(first, since), min(last + timedelta(days=1), until)):
        begins, ends = start if day == first else None, end if day == last else None
        yield day, Entry(campaign=campaign, begins=begins, ends=ends, occurs=occurs)


def _days(first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first += timedelta(days=1)
