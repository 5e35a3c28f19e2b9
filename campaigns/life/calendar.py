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
        for day, entry in _entries(campaign, max(since - WIDEST, now), until + WIDEST, names):
            found[day].append(entry)
    days = [CalendarDay(day=each, entries=found[each]) for each in _days(monday, end)]
    return [days[place : place + 7] for place in range(0, len(days), 7)]


def _entries(
    campaign: Campaign, since: datetime, until: datetime, names: AbstractSet[CampaignId]
) -> Iterator[tuple[date, Entry]]:  # fmt: skip
    plan = campaign.plan
    if plan.recurrence is None:
        yield from _window(campaign, plan.start_time, plan.end_time, occurs=False)
    elif campaign.state in COMES:
        for each in takewhile(lambda one: one.start_time < until, upcoming(plan, since)):
            if occurrence_id(campaign, each) not in names:
                yield from _window(campaign, each.start_time, each.end_time, occurs=True)


def _window(campaign: Campaign, start: datetime, end: datetime, *, occurs: bool) -> Iterator[tuple[date, Entry]]:
    zone = ZoneInfo(campaign.plan.zone)
    first, last = start.astimezone(zone), (end - timedelta(microseconds=1)).astimezone(zone)
    for day in _days(first.date(), last.date() + timedelta(days=1)):
        begins, ends = start if day == first.date() else None, end if day == last.date() else None
        yield day, Entry(campaign=campaign, begins=begins, ends=ends, occurs=occurs)


def _days(first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first += timedelta(days=1)
